package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AWS judges a request twice. First come the constraints of its shape:
// members that must not be null, lengths, ranges, enums. All that is found is reported in one
// message, at most ten faults. Only when the shape is good come the rules
// between members, and the first one that is broken is the error.
//
// During 2026 AWS has been replacing this layer Region by Region; the newer one
// puts "1 validation error detected: " before more faults, quotes the members of sets and
// leaves most values out. Until that is the same everywhere the
// wording here is that of the layer which all SDKs and tools have known for
// years, with the newer one only where all Regions have it.
//
// constraints collects the first kind. A request that is good costs no
// allocation: paths and texts are made when a fault is found.
type constraints struct {
	faults []string
}

const maxFaults = 10

// err returns the collected faults as one error, nil when there are none.
func (c *constraints) err() error {
	switch n := len(c.faults); n {
	case 0:
		return nil
	case 1:
		return Validation("1 validation error detected: " + c.faults[0])
	default:
		return Validation(strconv.Itoa(n) + " validation errors detected: " + strings.Join(c.faults, "; "))
	}
}

// add records a fault in AWS's words.
func (c *constraints) add(fault string) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, fault)
	}
}

// fault records that a member's value breaks a constraint. value is null or quoted.
func (c *constraints) fault(value string, p *path, name, constraint string) {
	c.add("Value " + value + " at '" + p.member(name) + "' failed to satisfy constraint: " + constraint)
}

// unechoed records a fault in the form that AWS uses where it does not repeat
// the value; names are in the case of the request there.
func (c *constraints) unechoed(at, constraint string) {
	c.add("Value at '" + at + "' failed to satisfy constraint: " + constraint)
}

func (c *constraints) notNull(p *path, name string, present bool) bool {
	if !present {
		c.fault("null", p, name, "Member must not be null")
	}
	return present
}

// textRule bounds a string: its length in characters and, for names of tables
// and indexes, its alphabet.
type textRule struct {
	min, max int
	name     bool
}

var (
	indexNameRule     = textRule{min: 3, max: 255, name: true}
	attributeNameRule = textRule{min: 1, max: 255}
	tokenRule         = textRule{min: 1, max: 36}
)

const namePattern = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"

// text checks a string that may be absent.
func (c *constraints) text(p *path, name string, v *string, rule textRule) {
	if v == nil {
		return
	}
	if rule.name && !isName(*v) {
		c.fault(quote(*v), p, name, namePattern)
	}
	c.length(p, name, len(*v), rule.min, rule.max, func() (string, int) {
		return quote(*v), utf8.RuneCountInString(*v)
	})
}

// requiredText checks a string that must be there.
func (c *constraints) requiredText(p *path, name string, v *string, rule textRule) {
	if c.notNull(p, name, v != nil) {
		c.text(p, name, v, rule)
	}
}

// names checks the length of a list of strings that may be absent.
func (c *constraints) names(p *path, name string, list []string, most int) {
	if list == nil {
		return
	}
	c.length(p, name, len(list), 1, most, func() (string, int) { return echoList(list), len(list) })
}

// members checks each string of a list: all faulty ones make one fault.
func (c *constraints) members(p *path, name string, list []string, rule textRule) {
	for _, s := range list {
		if n := utf8.RuneCountInString(s); n < rule.min || n > rule.max {
			c.fault(echoList(list), p, name, "Member must satisfy constraint: ["+maxLength(rule.max)+", "+minLength(rule.min)+"]")
			return
		}
	}
}

// length checks a length. n is an upper bound of it that costs nothing; exact
// gives the value as AWS repeats it and its true length, and is called only
// when n is out of bounds.
func (c *constraints) length(p *path, name string, n, least, most int, exact func() (string, int)) {
	if least <= n && n <= most {
		return
	}
	echo, n := exact()
	if n < least {
		c.fault(echo, p, name, minLength(least))
	}
	if n > most {
		c.fault(echo, p, name, maxLength(most))
	}
}

func minLength(n int) string {
	return "Member must have length greater than or equal to " + strconv.Itoa(n)
}

func maxLength(n int) string {
	return "Member must have length less than or equal to " + strconv.Itoa(n)
}

// atLeast checks the lower bound of a number that may be absent.
func atLeast[I int32 | int64](c *constraints, p *path, name string, v *I, least I) {
	if v != nil && *v < least {
		c.fault(fmt.Sprintf("'%d'", *v), p, name, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	}
}

// atMost checks the upper bound of a number that may be absent.
func atMost[I int32 | int64](c *constraints, p *path, name string, v *I, most I) {
	if v != nil && *v > most {
		c.fault(fmt.Sprintf("'%d'", *v), p, name, fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
}

// enum is the values that a member can have, in the order in which AWS lists them.
type enum[E ~string] []E

// check checks a member that may be absent.
func (e enum[E]) check(c *constraints, p *path, name string, v *E) {
	if v == nil || slices.Contains(e, *v) {
		return
	}
	c.fault(quote(string(*v)), p, name, "Member must satisfy enum value set: "+e.String())
}

// require checks a member that must be there.
func (e enum[E]) require(c *constraints, p *path, name string, v *E) {
	if c.notNull(p, name, v != nil) {
		e.check(c, p, name, v)
	}
}

func (e enum[E]) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, v := range e {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(v))
	}
	b.WriteByte(']')
	return b.String()
}

// The enums of requests. They are never written to. The order is that of AWS's
// messages (as dynalite's tests recorded them), not that of its documentation.
var (
	returnConsumedCapacities = enum[ReturnConsumedCapacity]{"INDEXES", "TOTAL", "NONE"}
	returnCollectionMetrics  = enum[ReturnItemCollectionMetrics]{"SIZE", "NONE"}
	returnValues             = enum[ReturnValue]{"ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"}
	returnValuesOnFailure    = enum[ReturnValuesOnConditionCheckFailure]{"ALL_OLD", "NONE"}
	conditionalOperators     = enum[ConditionalOperator]{"OR", "AND"}
	attributeActions         = enum[AttributeAction]{"ADD", "DELETE", "PUT"}
	selects                  = enum[Select]{"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"}
	comparisonOperators      = enum[ComparisonOperator]{"IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE", "CONTAINS"}
	billingModes             = enum[BillingMode]{"PROVISIONED", "PAY_PER_REQUEST"}
	scalarTypes              = enum[ScalarAttributeType]{"B", "N", "S"}
	keyTypes                 = enum[KeyType]{"HASH", "RANGE"}
	projectionTypes          = enum[ProjectionType]{"ALL", "INCLUDE", "KEYS_ONLY"}
	streamViewTypes          = enum[StreamViewType]{"OLD_IMAGE", "KEYS_ONLY", "NEW_AND_OLD_IMAGES", "NEW_IMAGE"}
	sseTypes                 = enum[SSEType]{"AES256", "KMS"}
	tableClasses             = enum[TableClass]{"STANDARD", "STANDARD_INFREQUENT_ACCESS"}
	distanceFunctions        = enum[VectorDistanceFunction]{"COSINE", "DOT_PRODUCT", "EUCLIDEAN"}
	searchElementTypes       = enum[SearchSchemaElementType]{"HASH", "INLINE_FILTER"}
	consistencies            = enum[MultiRegionConsistency]{"EVENTUAL", "STRONG"}
	replicationModes         = enum[GlobalTableSettingsReplicationMode]{"ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES"}
	shardIteratorTypes       = enum[ShardIteratorType]{"AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"}
	shardFilterTypes         = enum[ShardFilterType]{"CHILD_SHARDS"}
	precisions               = enum[ApproximateCreationDateTimePrecision]{"MILLISECOND", "MICROSECOND"}
	disassociationModes      = enum[DisassociationMode]{"WAIT_FOR_REPLICATION"}
)

// path is where a member stands, as AWS writes it: transactItems.1.member.put.
// nil is the request itself. Paths are links on the stack; nothing keeps one.
type path struct {
	up    *path
	name  string
	index int // counted from 1: an element of a list; 0: name is a member
	entry bool
}

// in is the structure that the member name of p is.
func (p *path) in(name string) path { return path{up: p, name: name} }

// element is the element i, counted from 0, of the list that p is.
func (p *path) element(i int) path { return path{up: p, index: i + 1} }

// key is the entry for name of the map that p is.
func (p *path) key(name string) path { return path{up: p, name: name, entry: true} }

// member returns the text for the member name of p.
func (p *path) member(name string) string {
	if p == nil {
		return name
	}
	return p.String() + "." + name
}

func (p *path) String() string {
	s := p.name
	switch {
	case p.index > 0:
		s = strconv.Itoa(p.index) + ".member"
	case p.entry:
		s += ".member"
	}
	return p.up.member(s)
}
