package expr

import "github.com/statordb/stator/attr"

// Limits of ExpressionAttributeNames and ExpressionAttributeValues.
const (
	maxPlaceholder   = 255     // bytes of a key, with its sign
	maxName          = 65535   // bytes of a name
	maxSubstitutions = 2 << 20 // bytes of all keys and what they stand for
)

// CheckNames checks an ExpressionAttributeNames that a request has: that it is
// not empty, that its keys are placeholders, and its limits. The error is an
// *Error with the whole message; of several faulty keys it names the least.
func CheckNames(names map[string]string) error {
	const member = "ExpressionAttributeNames"
	if len(names) == 0 {
		return errorf("%s must not be empty", member)
	}
	size := 0
	var worst error
	worstKey := ""
	for key, name := range names {
		size += len(key) + len(name)
		if worst != nil && key > worstKey {
			continue
		}
		if err := checkName(member, key, name); err != nil {
			worst, worstKey = err, key
		}
	}
	if worst == nil && size > maxSubstitutions {
		return errorf("%s exceeds max size", member)
	}
	return worst
}

func checkName(member, key, name string) error {
	switch {
	case !isPlaceholder(key, '#'):
		return errorf("%s contains invalid key: Syntax error; key: \"%s\"", member, key)
	case len(key) > maxPlaceholder:
		return errorf("%s contains invalid key: The expression attribute map contains a key that is too long; size of key: %d", member, len(key))
	case name == "":
		return errorf("%s contains invalid value: Empty attribute name for key %s", member, key)
	case len(name) > maxName:
		return errorf("%s contains invalid value: Attribute name is too large, must be less than %d bytes for key %s", member, maxName+1, key)
	}
	return nil
}

// CheckValues checks the keys and the limits of an ExpressionAttributeValues
// that a request has, as CheckNames does. The values themselves are checked by
// whoever checks the values of items.
func CheckValues(values map[string]attr.Value) error {
	const member = "ExpressionAttributeValues"
	if len(values) == 0 {
		return errorf("%s must not be empty", member)
	}
	size := 0
	var worst error
	worstKey := ""
	for key, v := range values {
		size += len(key) + v.Size()
		if worst != nil && key > worstKey {
			continue
		}
		if !isPlaceholder(key, ':') {
			worst, worstKey = errorf("%s contains invalid key: Syntax error; key: \"%s\"", member, key), key
		} else if len(key) > maxPlaceholder {
			worst, worstKey = errorf("%s contains invalid key: The expression attribute map contains a key that is too long;", member), key
		}
	}
	if worst == nil && size > maxSubstitutions {
		return errorf("%s exceeds max size", member)
	}
	return worst
}

// isPlaceholder reports whether key is the sign and a word of at least one
// letter, digit or underscore.
func isPlaceholder(key string, sign byte) bool {
	l := lexer{text: key}
	return len(key) > 1 && key[0] == sign && l.word(1) == len(key)
}
