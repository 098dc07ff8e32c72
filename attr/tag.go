package attr

import "strings"

// tagKey is the struct tag that the AWS SDK's attributevalue package reads.
const tagKey = "dynamodbav"

// options are what the tag of a field asks for, besides its name.
type options uint16

const (
	omitEmpty options = 1 << iota
	omitEmptyElem
	nullEmpty
	nullEmptyElem
	asString
	asBinarySet
	asNumberSet
	asStringSet
	asUnixTime
)

func (o options) has(any options) bool { return o&any != 0 }

// elem returns the options of the elements of a list, set or map whose field
// has the options o.
func (o options) elem() options {
	e := o & omitEmptyElem
	if e != 0 {
		e |= omitEmpty
	}
	if o.has(nullEmptyElem) {
		e |= nullEmpty
	}
	return e
}

// parseTag reads the value of a dynamodbav tag: a name, then options. skip is
// true for "-". Options that are not known are ignored, as the SDK does.
func parseTag(tag string) (name string, o options, skip bool) {
	name, rest, _ := strings.Cut(tag, ",")
	if name == "-" {
		return "", 0, true
	}
	for rest != "" {
		var option string
		option, rest, _ = strings.Cut(rest, ",")
		switch option {
		case "omitempty":
			o |= omitEmpty
		case "omitemptyelem":
			o |= omitEmptyElem
		case "nullempty":
			o |= nullEmpty
		case "nullemptyelem":
			o |= nullEmptyElem
		case "string":
			o |= asString
		case "binaryset":
			o |= asBinarySet
		case "numberset":
			o |= asNumberSet
		case "stringset":
			o |= asStringSet
		case "unixtime":
			o |= asUnixTime
		}
	}
	return name, o, false
}
