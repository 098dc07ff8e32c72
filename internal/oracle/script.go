package oracle

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/wire"
)

// A script in a file is a Setup and the steps, each a line of JSON:
//
//	{"Engines":[{"Store":"memory"},{"Store":"disk","MaxBatchBytes":1}]}
//	{"operation":"CreateTable","request":{"TableName":"alpha",…}}
//	{"advance":"1h0m0s","operation":"Scan","request":{"TableName":"alpha"},"pages":true,"ties":[]}
//	{"act":"reopen"}
//
// A request is what a client would send; those that are native, which have no such form, have one of their own.

// stepLine is one step in a file.
type stepLine struct {
	Advance   string          `json:"advance,omitempty"`
	Act       Act             `json:"act,omitempty"`
	Operation string          `json:"operation,omitempty"`
	Request   json.RawMessage `json:"request,omitempty"`
	Pages     bool            `json:"pages,omitempty"`
	Segments  int             `json:"segments,omitempty"`
	Ties      *[]string       `json:"ties,omitempty"`
}

// importLine is an ImportItemsInput in a file.
type importLine struct {
	TableName *string
	Capacity  *api.ReturnConsumedCapacity `json:",omitempty"`
	Puts      []json.RawMessage           // each a PutItem's body with the item alone
}

// WriteScript writes a script that ReadScript reads.
func WriteScript(w io.Writer, setup Setup, script []Step) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(setup); err != nil {
		return err
	}
	for i, s := range script {
		l := stepLine{Act: s.Act, Pages: s.Pages, Segments: s.Segments}
		if s.Advance != 0 {
			l.Advance = s.Advance.String()
		}
		if s.Ties != nil {
			l.Ties = &s.Ties
		}
		if s.Request != nil {
			l.Operation = s.Request.Operation()
			var err error
			if l.Request, err = requestJSON(s.Request); err != nil {
				return fmt.Errorf("step %d: %s: %w", i, s.describe(), err)
			}
		}
		if err := e.Encode(l); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}

// ReadScript reads what WriteScript wrote. Lines that are empty or begin with # are left out.
func ReadScript(r io.Reader) (setup Setup, script []Step, err error) {
	lines := bufio.NewReader(r)
	first := true
	for n := 1; ; n++ {
		line, readErr := lines.ReadBytes('\n')
		if len(line) > 1 && line[0] != '#' {
			if first {
				err = json.Unmarshal(line, &setup)
			} else {
				var s Step
				s, err = readStep(line)
				script = append(script, s)
			}
			if err != nil {
				return setup, nil, fmt.Errorf("line %d: %w", n, err)
			}
			first = false
		}
		if errors.Is(readErr, io.EOF) {
			return setup, script, nil
		}
		if readErr != nil {
			return setup, nil, readErr
		}
	}
}

func readStep(line []byte) (s Step, err error) {
	var l stepLine
	if err := json.Unmarshal(line, &l); err != nil {
		return s, err
	}
	s = Step{Act: l.Act, Pages: l.Pages, Segments: l.Segments}
	if l.Ties != nil {
		s.Ties = *l.Ties
	}
	if l.Advance != "" {
		if s.Advance, err = time.ParseDuration(l.Advance); err != nil {
			return s, err
		}
	}
	if l.Operation != "" {
		s.Request, err = readRequest(l.Operation, l.Request)
	}
	return s, err
}

func requestJSON(in api.Request) ([]byte, error) {
	switch in := in.(type) {
	case *api.MaintainInput, *api.ReadChangesInput:
		return json.Marshal(in)
	case *api.ImportItemsInput:
		l := importLine{TableName: in.TableName, Capacity: in.ReturnConsumedCapacity}
		for _, item := range in.Items {
			put, err := wire.AppendRequest(nil, &api.PutItemInput{Item: api.ItemOf(item)})
			if err != nil {
				return nil, err
			}
			l.Puts = append(l.Puts, put)
		}
		return json.Marshal(l)
	}
	return wire.AppendRequest(nil, in)
}

func readRequest(operation string, body []byte) (api.Request, error) {
	for _, op := range api.Registry() {
		if op.Name != operation {
			continue
		}
		in := op.New()
		switch in := in.(type) {
		case *api.MaintainInput, *api.ReadChangesInput:
			return in, json.Unmarshal(body, in)
		case *api.ImportItemsInput:
			return in, readImport(in, body)
		}
		return wire.DecodeValues(op, body)
	}
	return nil, fmt.Errorf("there is no operation %q", operation)
}

func readImport(in *api.ImportItemsInput, body []byte) error {
	var l importLine
	if err := json.Unmarshal(body, &l); err != nil {
		return err
	}
	in.TableName, in.ReturnConsumedCapacity = l.TableName, l.Capacity
	for _, b := range l.Puts {
		put, err := readRequest("PutItem", b)
		if err != nil {
			return err
		}
		item, err := put.(*api.PutItemInput).Item.Item()
		if err != nil {
			return err
		}
		if item == nil {
			item = attr.Item{}
		}
		in.Items = append(in.Items, item)
	}
	return nil
}
