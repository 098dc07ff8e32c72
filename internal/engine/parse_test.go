package engine_test

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// parseItem reads an item in the form that attr.Item.String writes, with these comforts: "x"*100 repeats a
// string, <…> is a set of what stands in it, and a name is all before a colon and a blank.
func parseItem(s string) (attr.Item, error) {
	p := &itemParser{rest: s}
	it, err := p.item()
	if err == nil && strings.TrimSpace(p.rest) != "" {
		err = fmt.Errorf("%q follows the item", p.rest)
	}
	return it, err
}

type itemParser struct{ rest string }

// take reports whether token comes next, and takes it then.
func (p *itemParser) take(token string) bool {
	p.rest = strings.TrimLeft(p.rest, " ")
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *itemParser) item() (attr.Item, error) {
	if !p.take("{") {
		return nil, fmt.Errorf("no { at %q", p.rest)
	}
	it := attr.Item{}
	for !p.take("}") {
		name, rest, ok := strings.Cut(strings.TrimLeft(p.rest, " "), ": ")
		if !ok {
			return nil, fmt.Errorf("no name at %q", p.rest)
		}
		p.rest = rest
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		it[name] = v
		p.take(",")
	}
	return it, nil
}

func (p *itemParser) list(end string) (list []attr.Value, err error) {
	for !p.take(end) {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		p.take(",")
	}
	return list, nil
}

func (p *itemParser) value() (attr.Value, error) {
	switch {
	case p.take("["):
		list, err := p.list("]")
		return attr.L(list...), err
	case p.take("<"):
		list, err := p.list(">")
		return setOf(list), err
	}
	if p.rest != "" && p.rest[0] == '{' {
		m, err := p.item()
		return attr.M(m), err
	}
	if p.rest != "" && p.rest[0] == '"' {
		quoted, err := strconv.QuotedPrefix(p.rest)
		if err != nil {
			return attr.Value{}, err
		}
		p.rest = p.rest[len(quoted):]
		s, err := strconv.Unquote(quoted)
		if err != nil || !strings.HasPrefix(p.rest, "*") {
			return attr.S(s), err
		}
		p.rest = p.rest[1:]
		n, err := strconv.Atoi(p.word())
		return attr.S(strings.Repeat(s, n)), err
	}
	switch w := p.word(); {
	case w == "true", w == "false":
		return attr.BOOL(w == "true"), nil
	case w == "null":
		return attr.NULL(), nil
	case strings.HasPrefix(w, "b64:"):
		b, err := base64.StdEncoding.DecodeString(w[4:])
		return attr.B(b), err
	case w != "":
		return attr.N(w), nil
	}
	return attr.Value{}, fmt.Errorf("no value at %q", p.rest)
}

func (p *itemParser) word() string {
	n := strings.IndexAny(p.rest, " ,]}>")
	if n < 0 {
		n = len(p.rest)
	}
	w := p.rest[:n]
	p.rest = p.rest[n:]
	return w
}

func setOf(list []attr.Value) attr.Value {
	var texts []string
	var blobs [][]byte
	for _, v := range list {
		switch v.Kind() {
		case attr.Binary:
			blobs = append(blobs, v.Bytes())
		case attr.Number:
			texts = append(texts, v.Num())
		default:
			texts = append(texts, v.Str())
		}
	}
	switch {
	case blobs != nil:
		return attr.BS(blobs...)
	case len(list) > 0 && list[0].Kind() == attr.Number:
		return attr.NS(texts...)
	}
	return attr.SS(texts...)
}

// parseCreate reads a table's schema, one line for the table and one for each index. Attributes are name:type;
// several of one role are joined by +.
//
//	users pk:S sk:N
//	lsi byAge age:N KEYS_ONLY
//	gsi byOrg org:S+unit:S name:S INCLUDE:mail,phone
func parseCreate(text string) (*api.CreateTableInput, error) {
	in := &api.CreateTableInput{BillingMode: new(api.BillingModePayPerRequest)}
	var hash []api.KeySchemaElement
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		words := strings.Fields(line)
		if i == 0 {
			if len(words) < 2 {
				return nil, fmt.Errorf("no table at %q", line)
			}
			in.TableName = &words[0]
			in.KeySchema = parseSchema(in, words[1:])
			hash = in.KeySchema[:1]
			continue
		}
		if len(words) < 4 {
			return nil, fmt.Errorf("no index at %q", line)
		}
		projection, include, _ := strings.Cut(words[len(words)-1], ":")
		p := &api.Projection{ProjectionType: new(api.ProjectionType(projection))}
		if include != "" {
			p.NonKeyAttributes = strings.Split(include, ",")
		}
		schema := parseSchema(in, words[2:len(words)-1])
		switch words[0] {
		case "gsi":
			in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, api.GlobalSecondaryIndex{IndexName: &words[1], KeySchema: schema, Projection: p})
		case "lsi":
			schema[0].KeyType = new(api.KeyTypeRange)
			in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes,
				api.LocalSecondaryIndex{IndexName: &words[1], KeySchema: append(append([]api.KeySchemaElement{}, hash...), schema...), Projection: p})
		default:
			return nil, fmt.Errorf("no index at %q", line)
		}
	}
	return in, nil
}

func parseSchema(in *api.CreateTableInput, roles []string) (schema []api.KeySchemaElement) {
	for i, role := range roles {
		kind := api.KeyTypeHash
		if i > 0 {
			kind = api.KeyTypeRange
		}
		for _, a := range strings.Split(role, "+") {
			name, typ, _ := strings.Cut(a, ":")
			schema = append(schema, api.KeySchemaElement{AttributeName: &name, KeyType: &kind})
			defined := false
			for _, d := range in.AttributeDefinitions {
				defined = defined || *d.AttributeName == name
			}
			if !defined {
				in.AttributeDefinitions = append(in.AttributeDefinitions,
					api.AttributeDefinition{AttributeName: &name, AttributeType: new(api.ScalarAttributeType(typ))})
			}
		}
	}
	return schema
}
