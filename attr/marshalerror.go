package attr

import (
	"reflect"
	"strings"
)

// maxDepth is how deep Go values and Values may be nested. It is far beyond the
// 32 levels that DynamoDB stores, and ends the walk through a value that
// contains itself before the stack does.
const maxDepth = 1000

// MarshalError says which part of a Go value Marshal could not turn into a Value.
type MarshalError struct {
	// Path leads from the value that was passed in to the faulty part, by the
	// names of the attributes: home.rooms[2].size. It is empty when the value
	// itself is at fault.
	Path string

	// Type is the Go type of the faulty part.
	Type reflect.Type

	// Reason says what was found and what is allowed.
	Reason string

	// Err is the error of a custom marshaler, or nil.
	Err error
}

func (e *MarshalError) Error() string { return describe("marshal", e.Path, e.Type, e.Reason, e.Err) }

// Unwrap returns Err.
func (e *MarshalError) Unwrap() error { return e.Err }

// UnmarshalError says which part of a Value Unmarshal could not store.
type UnmarshalError struct {
	// Path leads from the Value that was passed in to the faulty part, by the
	// names of the attributes: home.rooms[2].size. It is empty when the Value
	// itself is at fault.
	Path string

	// Kind is the type of the faulty part.
	Kind Kind

	// Type is the Go type that it was to be stored in. It is nil when nil was
	// passed to Unmarshal.
	Type reflect.Type

	// Reason says what was found and what is allowed.
	Reason string

	// Err is the error of a custom unmarshaler or of strconv or time, or nil.
	Err error
}

func (e *UnmarshalError) Error() string {
	return describe("unmarshal", e.Path, e.Type, e.Reason, e.Err)
}

// Unwrap returns Err.
func (e *UnmarshalError) Unwrap() error { return e.Err }

func describe(act, path string, t reflect.Type, reason string, err error) string {
	var b strings.Builder
	b.WriteString("attr: ")
	b.WriteString(act)
	if path != "" {
		b.WriteString(" ")
		b.WriteString(path)
	}
	if t != nil {
		b.WriteString(" (Go type ")
		b.WriteString(t.String())
		b.WriteString(")")
	}
	for _, part := range []string{reason, text(err)} {
		if part != "" {
			b.WriteString(": ")
			b.WriteString(part)
		}
	}
	return b.String()
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// under adds the name of the struct field or map entry that the fault of err
// was found in to its path.
func under(err error, name string) error {
	switch e := err.(type) {
	case *MarshalError:
		e.Path = joinPath(name, e.Path)
	case *UnmarshalError:
		e.Path = joinPath(name, e.Path)
	}
	return err
}

// joinPath returns the path of rest inside name. What is deepest is cut off
// when the path gets long, as that of a value which contains itself does.
func joinPath(name, rest string) string {
	const longest = 200
	if rest != "" && rest[0] != '[' {
		name += "."
	}
	path := name + rest
	if len(path) > longest+len("…") {
		path = strings.ToValidUTF8(path[:longest], "") + "…"
	}
	return path
}
