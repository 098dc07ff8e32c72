package api

import "strings"

// ARN is the Amazon Resource Name of a table:
// arn:aws:dynamodb:us-east-1:123456789012:table/users.
type ARN struct {
	Partition string // "aws"
	Region    string
	Account   string // twelve digits
	Table     string // the table's name
}

// ParseARN reads the ARN of a table. ok is false for anything else, also for
// the ARN of an index or a stream. The parts are not judged further.
func ParseARN(s string) (arn ARN, ok bool) {
	prefix, rest, ok := cut6(s)
	if !ok || prefix[0] != "arn" || prefix[2] != "dynamodb" {
		return ARN{}, false
	}
	table, ok := strings.CutPrefix(rest, "table/")
	if !ok || !isTableName(table) {
		return ARN{}, false
	}
	return ARN{Partition: prefix[1], Region: prefix[3], Account: prefix[4], Table: table}, true
}

// String returns the text that ParseARN reads.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":dynamodb:" + a.Region + ":" + a.Account + ":table/" + a.Table
}

// ParseStreamARN reads the ARN of a table's stream, which is the table's and then
// /stream/<label>. ok is false for anything else. The label is not judged
// further, but that there is one without a slash.
func ParseStreamARN(s string) (table ARN, label string, ok bool) {
	i := strings.LastIndex(s, streamInfix)
	if i < 0 {
		return ARN{}, "", false
	}
	table, ok = ParseARN(s[:i])
	label = s[i+len(streamInfix):]
	if !ok || label == "" || strings.Contains(label, "/") {
		return ARN{}, "", false
	}
	return table, label, true
}

const streamInfix = "/stream/"

// cut6 splits an ARN at its first five colons.
func cut6(s string) (parts [5]string, rest string, ok bool) {
	for i := range parts {
		if parts[i], s, ok = strings.Cut(s, ":"); !ok || parts[i] == "" {
			return parts, "", false
		}
	}
	return parts, s, s != ""
}

// IsARN reports whether a TableName is meant to be an ARN: no name can hold a colon.
func IsARN(tableName string) bool { return strings.HasPrefix(tableName, "arn:") }

const (
	minTableName = 3
	maxTableName = 255
)

// faultARN is AWS's text, its missing space included.
const faultARN = "Valid ARN format is 'arn:<awsPartition>:<vendor>:<region>:<subscriber>:resourceType/resourceName', " +
	"where Resource name must have length less than or equal to 255, " +
	"Resource name must have length greater than or equal to 3, " +
	"Resource name must satisfyregular expression pattern: [a-zA-Z0-9_.-]+"

func isTableName(s string) bool {
	return minTableName <= len(s) && len(s) <= maxTableName && isName(s)
}

// isName reports whether s has one character or more and each is one that the names
// of tables and indexes can have.
func isName(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '_', b == '-', b == '.':
		default:
			return false
		}
	}
	return s != ""
}

// tableName checks a required TableName, which is a name or, since 2024, an ARN.
// An empty one breaks the first of two sets of constraints, so that nothing more is
// said about it.
func (c *constraints) tableName(p *path, v *string) {
	switch {
	case v != nil && isTableName(*v):
	case !c.notNull(p, "tableName", v != nil):
	case *v == "":
		c.fault("''", p, "tableName", minLength(1))
	case IsARN(*v):
		if _, ok := ParseARN(*v); !ok {
			c.add(faultARN)
		}
	default:
		c.text(p, "tableName", v, textRule{min: minTableName, max: maxTableName, name: true})
	}
}

// controlTableName judges the TableName of an operation on a table itself. It
// comes before everything else there.
func controlTableName(v *string) error {
	if v == nil {
		return Validation("The parameter 'TableName' is required but was not present in the request")
	}
	var c constraints
	c.tableName(nil, v)
	return c.err()
}
