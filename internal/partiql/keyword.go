package partiql

import "strings"

// keywords are the words that are no names unless they are quoted, which is
// more than DynamoDB's own reserved words in one way and less in another: year and name
// are names here, and inner is none. It is never written to.
var keywords = setOf(`
absolute action add all allocate alter and any are as asc assertion at authorization avg bag begin between bit
bit_length blob bool boolean by cascade cascaded case cast catalog char char_length character character_length check
clob close coalesce collate collation column commit conflict connect connection constraint constraints continue
convert corresponding count create cross current current_date current_time current_timestamp current_user cursor date
date_add date_diff deallocate dec decimal declare default deferrable deferred delete desc describe descriptor
diagnostics disconnect distinct do domain double drop else end escape except exception exec execute exists external
extract false fetch first float for foreign found from full get global go goto grant group having identity immediate
in index indicator initially inner input insensitive insert int integer intersect interval into is isolation join key
language last left let level like limit list local lower match max min missing modified module names national natural
nchar new next no not nothing null nullif numeric octet_length of old on only open option or order outer output
overlaps pad partial pivot position precision prepare preserve primary prior privileges procedure public read real
references relative remove restrict returning revoke right rollback rows schema scroll section select session
session_user set sexp size smallint some space sql sqlcode sqlerror sqlstate string struct substring sum symbol
system_user table temporary then time timestamp to transaction translate translation trim true tuple union unique
unknown unpivot update upper usage user using value values varchar varying view when whenever where with work write
zone`)

// operatorWords are the keywords that are operators.
var operatorWords = setOf("and or is in like between union intersect except")

// typeNames are what IS can be followed by, and the kinds of values that the names stand
// for; "" is a type that PartiQL has and DynamoDB has not.
var typeNames = map[string]string{
	"missing": "MISSING", "null": "NULL", "bool": "BOOL", "boolean": "BOOL", "blob": "B", "string": "S", "numeric": "N",
	"struct": "M", "tuple": "M", "list": "L",
	"bag": "", "sexp": "", "symbol": "", "clob": "", "int": "", "int2": "", "int4": "", "int8": "", "integer": "", "integer2": "",
	"integer4": "", "integer8": "", "smallint": "", "bigint": "", "float": "", "real": "", "double": "", "decimal": "", "dec": "",
	"date": "", "time": "", "timestamp": "", "char": "", "character": "", "varchar": "", "any": "",
}

func setOf(words string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
