package parity_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/statordb/stator/attr"
)

// The types of the tests. Those with methods have them for both packages.

type (
	myString string
	myInt    int
	myBool   bool
	myFloat  float32
	myBytes  []byte
	myTime   time.Time
	myMap    map[string]int
	myList   []string
	hash     [4]byte
)

// level prints itself in words, as map keys do.
type level int

func (l level) String() string { return fmt.Sprintf("level-%d", int(l)) }

// temp is marshalled by value methods.
type temp struct{ Degrees int }

func (t temp) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	if t.Degrees < -273 {
		return nil, errors.New("too cold")
	}
	return &types.AttributeValueMemberS{Value: strconv.Itoa(t.Degrees) + "C"}, nil
}

func (t temp) MarshalAttr() (attr.Value, error) {
	if t.Degrees < -273 {
		return attr.Value{}, errors.New("too cold")
	}
	return attr.S(strconv.Itoa(t.Degrees) + "C"), nil
}

func (t *temp) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	if s, ok := av.(*types.AttributeValueMemberS); ok {
		return t.parse(s.Value)
	}
	return errors.New("no string")
}

func (t *temp) UnmarshalAttr(v attr.Value) error {
	if v.Kind() == attr.String {
		return t.parse(v.Str())
	}
	return errors.New("no string")
}

func (t *temp) parse(s string) error {
	text, ok := strings.CutSuffix(s, "C")
	if !ok {
		return errors.New("no temperature")
	}
	var err error
	t.Degrees, err = strconv.Atoi(text)
	return err
}

// secret is marshalled by methods of the pointer, only where there is one, and accepts anything.
type secret string

func (s *secret) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	if *s == "plain" {
		return nil, nil // leaves it to the standard rules
	}
	return &types.AttributeValueMemberB{Value: []byte(*s)}, nil
}

func (s *secret) MarshalAttr() (attr.Value, error) {
	if *s == "plain" {
		return attr.Value{}, nil
	}
	return attr.B([]byte(*s)), nil
}

func (s *secret) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	*s = secret("read " + dumpSDK(av))
	return nil
}

func (s *secret) UnmarshalAttr(v attr.Value) error {
	*s = secret("read " + dump(v))
	return nil
}

// point has a text.
type point struct{ X, Y int }

func (p point) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d:%d", p.X, p.Y), nil }
func (p *point) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "%d:%d", &p.X, &p.Y)
	return err
}

// Embedding.

type (
	Base struct {
		ID   string
		Note string `dynamodbav:"note,omitempty"`
	}
	Middle struct {
		Base
		ID    int
		Inner string `dynamodbav:"inner"`
	}
	Twin struct {
		Note string `dynamodbav:"note"`
		Only int
	}
	hidden struct {
		Seen   string
		unseen string
	}
	Labels map[string]string
	Code   string

	embedsOne      struct{ Base }
	embedsPointer  struct{ *Base }
	embedsDeep     struct{ Middle }
	embedsConflict struct {
		Base
		Twin
	}
	embedsNamed struct {
		Base `dynamodbav:"base"`
		Twin
	}
	embedsHidden      struct{ hidden }
	embedsHiddenNamed struct {
		hidden `dynamodbav:"h"`
	}
	embedsOther struct {
		Labels
		Code
		fmt.Stringer
	}
	embedsTime struct {
		time.Time
		ID string
	}
	embedsNamedTime struct {
		time.Time `dynamodbav:"at"`
	}
	embedsTemp struct {
		temp
		Other int
	}
	TwinA       struct{ Base }
	TwinB       struct{ Base }
	embedsTwice struct {
		TwinA
		TwinB
	}
	overrides struct {
		Base
		Other string `dynamodbav:"ID"`
	}
	tagWins struct {
		Plain string
		Named string `dynamodbav:"Plain"`
	}
	tagsClash struct {
		A string `dynamodbav:"x"`
		B string `dynamodbav:"x"`
	}
	recursive struct {
		Name string
		Next *recursive            `dynamodbav:",omitempty"`
		Kids []recursive           `dynamodbav:",omitempty"`
		More map[string]*recursive `dynamodbav:",omitempty"`
	}
	embedsItself struct {
		*embedsItself
		Name string
	}
)

type scalars struct {
	S   string
	MS  myString
	B   bool
	MB  myBool
	I   int
	I8  int8
	I64 int64 `dynamodbav:"i64"`
	U   uint
	U8  uint8
	U64 uint64
	F32 float32
	F64 float64
	MF  myFloat
	N   json.Number
	T   time.Time
	MT  myTime
	P   *int
	PP  **string
	E   any
	By  []byte
	MBy myBytes
	H   hash
	C   chan int
	F   func()
	X   complex128
	UP  uintptr
	D   time.Duration
}

type tagged struct {
	Skip    string `dynamodbav:"-"`
	Dash    string `dynamodbav:"-,omitempty"`
	Renamed string `dynamodbav:"re.named"`
	json    int

	OmitS   string            `dynamodbav:",omitempty"`
	OmitI   int               `dynamodbav:",omitempty"`
	OmitP   *int              `dynamodbav:",omitempty"`
	OmitPP  **int             `dynamodbav:",omitempty"`
	OmitPE  **int             `dynamodbav:",omitempty,omitemptyelem"`
	OmitL   []int             `dynamodbav:",omitempty"`
	OmitM   map[string]string `dynamodbav:",omitempty"`
	OmitT   time.Time         `dynamodbav:",omitempty"`
	OmitA   [0]int            `dynamodbav:",omitempty"`
	OmitE   any               `dynamodbav:",omitempty"`
	OmitSt  Base              `dynamodbav:",omitempty"`
	OmitTmp *temp             `dynamodbav:",omitempty"`

	NullS string          `dynamodbav:",nullempty"`
	NullI int             `dynamodbav:",nullempty"`
	NullB bool            `dynamodbav:",nullempty"`
	NullA [0]int          `dynamodbav:",nullempty"`
	NullE []string        `dynamodbav:",nullemptyelem"`
	NullM map[string]int  `dynamodbav:",nullemptyelem"`
	ElemL []string        `dynamodbav:",omitemptyelem"`
	ElemM map[string]*int `dynamodbav:",omitemptyelem"`
	ElemN [][]string      `dynamodbav:",omitemptyelem"`

	StrI int         `dynamodbav:",string"`
	StrF float64     `dynamodbav:",string"`
	StrN json.Number `dynamodbav:",string"`
	StrS string      `dynamodbav:",string"`
	StrB bool        `dynamodbav:",string"`
	StrP *int64      `dynamodbav:",string"`

	SS   []string      `dynamodbav:",stringset"`
	SSO  []string      `dynamodbav:",stringset,omitempty"`
	SSE  []string      `dynamodbav:",stringset,omitemptyelem"`
	SSM  []myString    `dynamodbav:",stringset"`
	SST  []time.Time   `dynamodbav:",stringset"`
	SSP  []*string     `dynamodbav:",stringset"`
	SSTm []temp        `dynamodbav:",stringset"`
	SSA  [2]string     `dynamodbav:",stringset"`
	NS   []int         `dynamodbav:",numberset"`
	NSF  []float64     `dynamodbav:",numberset"`
	NSN  []json.Number `dynamodbav:",numberset"`
	BS   [][]byte      `dynamodbav:",binaryset"`
	BSD  [][]byte
	BSH  []hash              `dynamodbav:",binaryset"`
	MSS  map[string]bool     `dynamodbav:",stringset"`
	MSt  map[string]struct{} `dynamodbav:",stringset"`
	NotS string              `dynamodbav:",stringset"`
	BNot []byte              `dynamodbav:",binaryset"`

	UT  time.Time  `dynamodbav:",unixtime"`
	UTP *time.Time `dynamodbav:",unixtime"`
	UTM myTime     `dynamodbav:",unixtime"`
	UTO *time.Time `dynamodbav:",unixtime,omitempty"`
}

type maps struct {
	S   map[string]string
	MS  map[myString]int
	I   map[int]string
	U8  map[uint8]string
	F   map[float64]string
	B   map[bool]string
	P   map[point]string
	L   map[level]string
	D   map[time.Duration]int
	A   map[string]any
	L2  map[string][]string
	M2  map[string]map[string]int
	T   map[string]temp
	Sec map[string]secret
	PS  map[string]*secret
	My  myMap
	St  map[string]struct{}
	Ti  map[string]time.Time
}

type custom struct {
	T   temp
	PT  *temp
	LT  []temp
	OT  temp `dynamodbav:",omitempty"`
	S   secret
	PS  *secret
	LS  []secret
	AS  [2]secret
	PPS **secret
	OS  secret `dynamodbav:",omitempty"`
	A   any
	P   point
}
