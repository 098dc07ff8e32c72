package attr

// Kind is the type of a Value.
type Kind uint8

// The ten types of DynamoDB, and Invalid for the zero Value, which has none.
const (
	Invalid Kind = iota
	String
	Number
	Binary
	Bool
	Null
	List
	Map
	StringSet
	NumberSet
	BinarySet

	// Ambiguous is a value that names more than one type, as a faulty
	// document on the wire can. No request accepts it.
	Ambiguous
)

var kindNames = [...]string{"", "S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS", ""}

// String returns the type descriptor that AWS uses on the wire: "S", "N", "B",
// "BOOL", "NULL", "L", "M", "SS", "NS" or "BS"; "" for Invalid and Ambiguous.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// IsSet reports whether k is one of the three set types.
func (k Kind) IsSet() bool { return k == StringSet || k == NumberSet || k == BinarySet }

// IsScalar reports whether values of k can be a key: S, N or B.
func (k Kind) IsScalar() bool { return k == String || k == Number || k == Binary }
