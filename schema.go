package stator

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// schema is the key, the indexes and the time to live of a table, from the
// `stator` tags of a struct, from options, or from both.
type schema struct {
	key     keySchema
	indexes []indexSchema
	ttl     *string // the attribute
}

// keySchema has the attributes of a key, in order. All but global indexes have
// one of each at most.
type keySchema struct {
	hash, sort []keyAttribute
}

type keyAttribute struct {
	name     string
	typ      api.ScalarAttributeType
	position int          // 1 to 4 when a tag says so; 0 is the order of declaration
	alone    reflect.Type // a struct of the field alone; nil when no tag named the attribute
}

type indexSchema struct {
	name     string
	local    bool
	key      keySchema
	keysOnly bool
	include  []string // attributes besides the keys; with neither, all
	capacity *api.ProvisionedThroughput
}

// index returns the index of this name, which it adds if need be.
func (s *schema) index(name string, local bool) *indexSchema {
	for i := range s.indexes {
		if s.indexes[i].name == name && s.indexes[i].local == local {
			return &s.indexes[i]
		}
	}
	s.indexes = append(s.indexes, indexSchema{name: name, local: local})
	return &s.indexes[len(s.indexes)-1]
}

// schemaOf reads the `stator` tags of a struct type, or of what it points to; see CreateTableFor.
// A type without them has an empty schema. All faults are reported at once.
func schemaOf(t reflect.Type) (*schema, error) {
	s := &schema{}
	var faults []error
	for _, f := range attr.Fields(t) {
		tag, ok := f.Tag.Lookup("stator")
		if !ok {
			continue
		}
		for role := range strings.SplitSeq(tag, ";") {
			if err := s.addRole(f, strings.TrimSpace(role)); err != nil {
				faults = append(faults, fmt.Errorf("stator: %s, attribute %s: tag %q: %w", t, f.Name, tag, err))
			}
		}
	}
	if len(faults) > 0 {
		return nil, faultf(errors.Join(faults...), "The stator tags of %s are faulty", t)
	}
	s.key.arrange()
	for i := range s.indexes {
		s.indexes[i].key.arrange()
	}
	return s, nil
}

// addRole reads one role: a list of words of which the first names what it is about.
func (s *schema) addRole(f attr.Field, role string) error {
	about, words, _ := strings.Cut(role, ",")
	key, index := &s.key, (*indexSchema)(nil)
	kind, name, isIndex := strings.Cut(about, ":")
	switch {
	case !isIndex && strings.TrimSpace(about) == "ttl":
		return s.addTTL(f, role)
	case !isIndex:
		words = role // hash and range are words themselves
	case kind != "index" && kind != "local":
		return fmt.Errorf("found %q, allowed are hash, range, ttl, index:NAME and local:NAME", about)
	case name == "" || words == "":
		return fmt.Errorf("found %q, allowed are %s:NAME and after it hash, range, include or keysonly", role, kind)
	default:
		index = s.index(name, kind == "local")
		key = &index.key
	}
	a := keyAttribute{name: f.Name, alone: reflect.StructOf([]reflect.StructField{{Name: "Field", Type: f.Type, Tag: f.Tag}})}
	var err error
	if a.typ, words, err = keyType(f, words); err != nil {
		return err
	}
	for word := range strings.SplitSeq(words, ",") {
		if err := a.addWord(strings.TrimSpace(word), key, index); err != nil {
			return err
		}
	}
	return nil
}

// addTTL makes the field the one that tells when an item expires.
func (s *schema) addTTL(f attr.Field, role string) error {
	typ, words, err := keyType(f, role)
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(words) != "ttl":
		return fmt.Errorf("found %q, allowed are ttl, and ttl,N where the Go type does not tell the type", role)
	case typ != api.ScalarAttributeTypeN:
		return errors.New("its Go type is not marshalled to N: a ttl is an integer, or a time.Time with unixtime in its dynamodbav tag")
	case s.ttl != nil:
		return fmt.Errorf("found a second ttl, the first is %s", *s.ttl)
	}
	s.ttl = new(f.Name)
	return nil
}

// addWord gives the attribute the place in a key, or in an index, that a word names.
func (a keyAttribute) addWord(word string, key *keySchema, index *indexSchema) error {
	base := strings.TrimRight(word, "1234")
	if digits := word[len(base):]; len(digits) == 1 {
		a.position = int(digits[0] - '0')
	} else if len(digits) > 1 {
		base = word
	}
	switch {
	case base == "hash" && index != nil && index.local:
		return errors.New("found hash, a local index has the table's partition key")
	case base == "hash" && a.typ != "":
		key.hash = append(key.hash, a)
	case base == "range" && a.typ != "":
		key.sort = append(key.sort, a)
	case base == "hash" || base == "range":
		return errors.New("its Go type does not tell the type of the key: a string, a number or a []byte does, or one of S, N and B in the tag")
	case word == "include" && index != nil:
		index.include = append(index.include, a.name)
	case word == "keysonly" && index != nil:
		index.keysOnly = true
	default:
		return fmt.Errorf("found %q, allowed are hash, range, S, N and B, and for indexes hash1 to hash4, range1 to range4, include and keysonly", word)
	}
	return nil
}

// keyType returns the type that the field has as a key, "" when it cannot be one,
// and the words without that which says so.
func keyType(f attr.Field, words string) (api.ScalarAttributeType, string, error) {
	var typ api.ScalarAttributeType
	if f.Kind.IsScalar() {
		typ = api.ScalarAttributeType(f.Kind.String())
	}
	for _, t := range []api.ScalarAttributeType{api.ScalarAttributeTypeS, api.ScalarAttributeTypeN, api.ScalarAttributeTypeB} {
		rest, ok := strings.CutSuffix(words, ","+string(t))
		if !ok {
			continue
		}
		if f.Kind != attr.Invalid && typ != t {
			return "", "", fmt.Errorf("found %s, but the Go type %s is marshalled to %s", t, f.Type, f.Kind)
		}
		return t, rest, nil
	}
	return typ, words, nil
}

// arrange puts numbered attributes in the order of their numbers.
func (k *keySchema) arrange() {
	byPosition := func(a, b keyAttribute) int { return cmp.Compare(a.position, b.position) }
	slices.SortStableFunc(k.hash, byPosition)
	slices.SortStableFunc(k.sort, byPosition)
}

// elements returns the key as requests have it.
func (k keySchema) elements() []api.KeySchemaElement {
	var out []api.KeySchemaElement
	for _, a := range k.hash {
		out = append(out, api.KeySchemaElement{AttributeName: new(a.name), KeyType: new(api.KeyTypeHash)})
	}
	for _, a := range k.sort {
		out = append(out, api.KeySchemaElement{AttributeName: new(a.name), KeyType: new(api.KeyTypeRange)})
	}
	return out
}

func (x indexSchema) projection() *api.Projection {
	switch {
	case len(x.include) > 0:
		return &api.Projection{ProjectionType: new(api.ProjectionTypeInclude), NonKeyAttributes: x.include}
	case x.keysOnly:
		return &api.Projection{ProjectionType: new(api.ProjectionTypeKeysOnly)}
	}
	return &api.Projection{ProjectionType: new(api.ProjectionTypeAll)}
}

// definitions returns the attributes of keys, each once. One that is given two
// types is defined twice, which the request's own check reports.
func definitions(keys ...keySchema) []api.AttributeDefinition {
	var out []api.AttributeDefinition
	for _, k := range keys {
		for _, a := range slices.Concat(k.hash, k.sort) {
			known := slices.ContainsFunc(out, func(d api.AttributeDefinition) bool {
				return *d.AttributeName == a.name && *d.AttributeType == a.typ
			})
			if !known {
				out = append(out, api.AttributeDefinition{AttributeName: new(a.name), AttributeType: new(a.typ)})
			}
		}
	}
	return out
}
