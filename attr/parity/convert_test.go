package parity_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/statordb/stator/attr"
)

// fromSDK returns the Value that an AttributeValue of the SDK is.
func fromSDK(av types.AttributeValue) attr.Value {
	switch av := av.(type) {
	case nil:
		return attr.Value{}
	case *types.AttributeValueMemberS:
		return attr.S(av.Value)
	case *types.AttributeValueMemberN:
		return attr.N(av.Value)
	case *types.AttributeValueMemberB:
		return attr.B(av.Value)
	case *types.AttributeValueMemberBOOL:
		return attr.BOOL(av.Value)
	case *types.AttributeValueMemberNULL:
		return attr.NULL()
	case *types.AttributeValueMemberL:
		list := make([]attr.Value, len(av.Value))
		for i, e := range av.Value {
			list[i] = fromSDK(e)
		}
		return attr.L(list...)
	case *types.AttributeValueMemberM:
		item := make(attr.Item, len(av.Value))
		for name, e := range av.Value {
			item[name] = fromSDK(e)
		}
		return attr.M(item)
	case *types.AttributeValueMemberSS:
		return attr.SS(av.Value...)
	case *types.AttributeValueMemberNS:
		return attr.NS(av.Value...)
	case *types.AttributeValueMemberBS:
		return attr.BS(av.Value...)
	}
	panic(fmt.Sprintf("unknown %T", av))
}

// dump writes a value letter by letter: types, number texts and the order of
// sets, which Equal does not look at.
func dump(v attr.Value) string {
	k := v.Kind()
	switch k {
	case attr.String:
		return "S" + strconv.Quote(v.Str())
	case attr.Number:
		return "N" + strconv.Quote(v.Num())
	case attr.Binary:
		return "B" + base64.StdEncoding.EncodeToString(v.Bytes())
	case attr.List:
		var parts []string
		for _, e := range v.List() {
			parts = append(parts, dump(e))
		}
		return "L[" + strings.Join(parts, " ") + "]"
	case attr.Map:
		var parts []string
		for name, e := range v.Map() {
			parts = append(parts, strconv.Quote(name)+":"+dump(e))
		}
		slices.Sort(parts)
		return "M{" + strings.Join(parts, " ") + "}"
	case attr.StringSet, attr.NumberSet:
		return k.String() + fmt.Sprintf("%q", v.Strings())
	case attr.BinarySet:
		return k.String() + fmt.Sprintf("%q", v.Binaries())
	}
	return k.String() + v.String()
}

func dumpSDK(av types.AttributeValue) string { return dump(fromSDK(av)) }
