package stator

import (
	"encoding/base64"
	"encoding/json"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// A filter sees a record as the JSON that a function would get, without that
// JSON being made: an object is something with fields, a list is []any, a string string,
// a number json.Number, and nil is null. The text of an N attribute is a string in
// that JSON; here it is a numeral, which is also compared as the number that it is.
type object interface {
	field(name string) (v any, ok bool)
}

// numeral is the text of a number in an attribute.
type numeral string

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case numeral:
		return string(v), true
	}
	return "", false
}

// compareNumber compares a value with a number of a pattern, exactly.
func compareNumber(v any, n json.Number) (order int, ok bool) {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case numeral:
		text = string(v)
	default:
		return 0, false
	}
	return attr.Compare(attr.N(text), attr.N(n.String()))
}

// match reports whether a record passes.
func (fs filters) match(r *TriggerRecord) bool {
	for _, p := range fs {
		if p.match(recordObject{r}) {
			return true
		}
	}
	return len(fs) == 0
}

func (p *pattern) match(o object) bool {
	for i := range p.fields {
		if !p.fields[i].match(o) {
			return false
		}
	}
	for _, list := range p.alternatives {
		found := false
		for _, q := range list {
			found = found || q.match(o)
		}
		if !found {
			return false
		}
	}
	return true
}

func (f *fieldPattern) match(o object) bool {
	v, ok := o.field(f.name)
	if !ok {
		return f.absent()
	}
	return f.matchValue(v)
}

// absent reports whether a field that is not there is what the pattern wants:
// then every list in it has {"exists": false}.
func (f *fieldPattern) absent() bool {
	if f.object == nil {
		for _, r := range f.rules {
			if r.absent {
				return true
			}
		}
		return false
	}
	return f.object.match(noObject{})
}

// matchValue matches a value that is there. Of a list, one element must match. An object has no
// value of its own: "exists" sees leaves alone.
//
// Source: AWS Lambda Developer Guide, "Using event filtering with a DynamoDB
// event source", the Exists operator.
func (f *fieldPattern) matchValue(v any) bool {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if f.matchValue(e) {
				return true
			}
		}
		return false
	case object:
		return f.object != nil && f.object.match(v)
	}
	if f.object != nil {
		return false
	}
	for _, r := range f.rules {
		if r.matches(v) {
			return true
		}
	}
	return false
}

// noObject is an object without fields.
type noObject struct{}

func (noObject) field(string) (any, bool) { return nil, false }

type recordObject struct{ r *TriggerRecord }

func (o recordObject) field(name string) (any, bool) {
	r := o.r
	switch name {
	case "eventID":
		return r.EventID, true
	case "eventName":
		return string(r.EventName), true
	case "eventVersion":
		return r.EventVersion, true
	case "eventSource":
		return r.EventSource, true
	case "awsRegion":
		return r.AwsRegion, true
	case "eventSourceARN":
		return r.EventSourceARN, true
	case "dynamodb":
		return changeObject(o), true
	case "userIdentity":
		if r.UserIdentity != nil {
			return identityObject{r.UserIdentity}, true
		}
	}
	return nil, false
}

type identityObject struct{ identity *api.Identity }

func (o identityObject) field(name string) (any, bool) {
	var text *string
	switch name {
	case "type":
		text = o.identity.Type
	case "principalId":
		text = o.identity.PrincipalId
	}
	if text == nil {
		return nil, false
	}
	return *text, true
}

type changeObject struct{ r *TriggerRecord }

func (o changeObject) field(name string) (any, bool) {
	r := o.r
	switch name {
	case "ApproximateCreationDateTime":
		return jsonInt(r.ApproximateCreationDateTime.Unix()), true
	case "SequenceNumber":
		return r.SequenceNumber, true
	case "SizeBytes":
		return jsonInt(r.SizeBytes), true
	case "StreamViewType":
		return string(r.StreamViewType), true
	case "Keys":
		return imageObject(r.Keys), !r.Keys.IsZero()
	case "NewImage":
		return imageObject(r.NewImage), !r.NewImage.IsZero()
	case "OldImage":
		return imageObject(r.OldImage), !r.OldImage.IsZero()
	}
	return nil, false
}

func jsonInt(i int64) json.Number { return json.Number(attr.Int(i).Num()) }

// imageObject is an image, of which what the pattern names is decoded.
type imageObject api.Attributes

func (o imageObject) field(name string) (any, bool) {
	v := api.Attributes(o).Value(name)
	return valueObject{v}, !v.IsZero()
}

type itemObject Item

func (o itemObject) field(name string) (any, bool) {
	v, ok := o[name]
	return valueObject{v}, ok
}

// valueObject is {"S": "text"}.
type valueObject struct{ v Value }

func (o valueObject) field(name string) (any, bool) {
	v := o.v
	if v.Kind().String() != name {
		return nil, false
	}
	switch v.Kind() {
	case attr.String:
		return v.Str(), true
	case attr.Number:
		return numeral(v.Num()), true
	case attr.Binary:
		return base64.StdEncoding.EncodeToString(v.Bytes()), true
	case attr.Bool:
		return v.Bool(), true
	case attr.Null:
		return true, true
	case attr.Map:
		return itemObject(v.Map()), true
	}
	list := make([]any, 0, v.Len())
	switch v.Kind() {
	case attr.List:
		for _, e := range v.List() {
			list = append(list, valueObject{e})
		}
	case attr.NumberSet:
		for _, s := range v.Strings() {
			list = append(list, numeral(s))
		}
	case attr.BinarySet:
		for _, b := range v.Binaries() {
			list = append(list, base64.StdEncoding.EncodeToString(b))
		}
	default:
		for _, s := range v.Strings() {
			list = append(list, s)
		}
	}
	return list, true
}
