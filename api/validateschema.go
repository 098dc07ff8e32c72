package api

import (
	"fmt"
	"slices"
	"strings"
)

const (
	maxTableKey           = 2 // elements in the key of a table or local index
	maxGlobalKeyPart      = 4 // HASH elements, and RANGE elements, in that of a global index
	maxNonKeyAttributes   = 20
	maxAllNonKey          = 100 // NonKeyAttributes of all indexes of a table
	maxLocalIndexes       = 5
	maxGlobalIndexes      = 20
	maxProvisionedUnits   = 1_000_000_000_000
	faultFirstNotHash     = "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
	faultSecondNotRange   = "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
	faultSameHashAndRange = "Both the Hash Key and the Range Key element in the KeySchema have the same name"
)

// The shapes of a table's definition.

func (c *constraints) attributeDefinitions(defs []AttributeDefinition) {
	list := path{name: "attributeDefinitions"}
	for i, d := range defs {
		p := list.element(i)
		c.requiredText(&p, "attributeName", d.AttributeName, attributeNameRule)
		scalarTypes.require(c, &p, "attributeType", d.AttributeType)
	}
}

// keySchema checks a key schema, of at most so many elements; most 0 leaves
// the number to rules that come later.
func (c *constraints) keySchema(p *path, schema []KeySchemaElement, most int) {
	if !c.notNull(p, "keySchema", schema != nil) {
		return
	}
	if most == 0 {
		most = len(schema)
	}
	c.length(p, "keySchema", len(schema), 1, max(most, 1), func() (string, int) {
		return echoKeySchema(schema), len(schema)
	})
	list := p.in("keySchema")
	for i, k := range schema {
		p := list.element(i)
		c.requiredText(&p, "attributeName", k.AttributeName, attributeNameRule)
		keyTypes.require(c, &p, "keyType", k.KeyType)
	}
}

func (c *constraints) projection(p *path, v *Projection) {
	if !c.notNull(p, "projection", v != nil) {
		return
	}
	in := p.in("projection")
	projectionTypes.check(c, &in, "projectionType", v.ProjectionType)
	c.names(&in, "nonKeyAttributes", v.NonKeyAttributes, maxNonKeyAttributes)
	c.members(&in, "nonKeyAttributes", v.NonKeyAttributes, attributeNameRule)
}

func (c *constraints) provisionedThroughput(p *path, v *ProvisionedThroughput) {
	if v == nil {
		return
	}
	in := p.in("provisionedThroughput")
	c.units(&in, "writeCapacityUnits", v.WriteCapacityUnits)
	c.units(&in, "readCapacityUnits", v.ReadCapacityUnits)
}

func (c *constraints) units(p *path, name string, v *int64) {
	if c.notNull(p, name, v != nil) {
		atLeast(c, p, name, v, 1)
	}
}

func (c *constraints) warmThroughput(p *path, v *WarmThroughput) {
	if v == nil {
		return
	}
	in := p.in("warmThroughput")
	atLeast(c, &in, "readUnitsPerSecond", v.ReadUnitsPerSecond, 1)
	atLeast(c, &in, "writeUnitsPerSecond", v.WriteUnitsPerSecond, 1)
}

func (c *constraints) streamSpecification(v *StreamSpecification) {
	if v == nil {
		return
	}
	p := path{name: "streamSpecification"}
	c.notNull(&p, "streamEnabled", v.StreamEnabled != nil)
	streamViewTypes.check(c, &p, "streamViewType", v.StreamViewType)
}

func (c *constraints) sseSpecification(v *SSESpecification) {
	if v != nil {
		p := path{name: "sSESpecification"}
		sseTypes.check(c, &p, "sSEType", v.SSEType)
	}
}

// The rules between the parts of a definition whose shapes are good.

func keyNames(schema []KeySchemaElement) []string {
	names := make([]string, len(schema))
	for i, k := range schema {
		names[i] = *k.AttributeName
	}
	return names
}

func definedNames(defs []AttributeDefinition) []string {
	names := make([]string, len(defs))
	for i, d := range defs {
		names[i] = *d.AttributeName
	}
	return names
}

// checkDefined reports a key attribute without a definition.
func checkDefined(keys, defined []string) error {
	for _, key := range keys {
		if !slices.Contains(defined, key) {
			return Validation(invalidParameter + "Some index key attributes are not defined in AttributeDefinitions. " +
				"Keys: [" + strings.Join(keys, ", ") + "], AttributeDefinitions: [" + strings.Join(defined, ", ") + "]")
		}
	}
	return nil
}

// checkSimpleKey judges the key of a table or a local index: a HASH element
// and perhaps a RANGE element.
func checkSimpleKey(schema []KeySchemaElement) error {
	switch {
	case len(schema) > 1 && *schema[0].AttributeName == *schema[1].AttributeName:
		return Validation(faultSameHashAndRange)
	case *schema[0].KeyType != KeyTypeHash:
		return Validation(faultFirstNotHash)
	case len(schema) > 1 && *schema[1].KeyType != KeyTypeRange:
		return Validation(faultSecondNotRange)
	}
	return nil
}

// checkGlobalKey judges the key of a global index: one to four HASH elements
// and then up to four RANGE elements.
//
// Source: Amazon DynamoDB Developer Guide, "Multi-attribute keys pattern"; the
// messages were reported from the service.
func checkGlobalKey(schema []KeySchemaElement) error {
	if *schema[0].KeyType != KeyTypeHash {
		return Validation(faultFirstNotHash)
	}
	hash, ranges := 0, 0
	for _, k := range schema {
		switch {
		case *k.KeyType == KeyTypeRange:
			ranges++
		case ranges > 0:
			return Validation(invalidParameter + "All HASH key attributes must precede RANGE key attributes in the KeySchema")
		default:
			hash++
		}
	}
	for _, part := range [...]struct {
		keyType KeyType
		n       int
	}{{KeyTypeHash, hash}, {KeyTypeRange, ranges}} {
		if part.n > maxGlobalKeyPart {
			return Validation(invalidParameter + "The KeySchema exceeds the maximum allowed number of " + string(part.keyType) + " key attributes")
		}
	}
	if _, ok := duplicateName(keyNames(schema)); ok {
		return Validation("The KeySchema contains multiple key attributes with the same name")
	}
	return nil
}

// checkIndexProjection judges the projection of an index.
func checkIndexProjection(p *Projection) error {
	if p.ProjectionType == nil {
		return Validation(invalidParameter + "Unknown ProjectionType: null")
	}
	t := *p.ProjectionType
	switch {
	case p.NonKeyAttributes != nil && t != ProjectionTypeInclude:
		return Validation(invalidParameter + "ProjectionType is " + string(t) + ", but NonKeyAttributes is specified")
	case p.NonKeyAttributes == nil && t == ProjectionTypeInclude:
		return Validation(invalidParameter + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	}
	if name, ok := duplicateName(p.NonKeyAttributes); ok {
		return Validation(invalidParameter + "Duplicate element in NonKeyAttributes: " + name)
	}
	return nil
}

// checkUnits judges the upper bound of provisioned capacity, nil when absent.
func checkUnits(v *ProvisionedThroughput) error {
	if v == nil {
		return nil
	}
	if n := *v.ReadCapacityUnits; n > maxProvisionedUnits {
		return Validation(fmt.Sprintf("Given value %d for ReadCapacityUnits is out of bounds", n))
	}
	if n := *v.WriteCapacityUnits; n > maxProvisionedUnits {
		return Validation(fmt.Sprintf("Given value %d for WriteCapacityUnits is out of bounds", n))
	}
	return nil
}

// checkOnDemand judges the bounds of on-demand capacity, nil when absent. of
// says whose they are: "table", "index : byName". Only an update can take a bound away, with -1.
func checkOnDemand(v *OnDemandThroughput, of string, update bool) error {
	if v == nil {
		return nil
	}
	for _, bound := range [...]struct {
		name string
		n    *int64
	}{{"MaxReadRequestUnits", v.MaxReadRequestUnits}, {"MaxWriteRequestUnits", v.MaxWriteRequestUnits}} {
		if bound.n == nil || *bound.n >= 1 || update && *bound.n == -1 {
			continue
		}
		return Validation(invalidParameter + "Requested " + bound.name + " for OnDemandThroughput for " + of + " is outside of valid range")
	}
	return nil
}

// checkTableClass judges a storage class, nil when absent.
func checkTableClass(v *TableClass) error {
	if v != nil && !slices.Contains(tableClasses, *v) {
		return Validation("Invalid table-class parameter provided. Please try again with a valid table-class value: " + tableClasses.String() + ".")
	}
	return nil
}

// checkEncryption judges server-side encryption, nil when absent.
func checkEncryption(v *SSESpecification) error {
	if v == nil {
		return nil
	}
	disabled := v.Enabled == nil || !*v.Enabled
	fault := ""
	switch {
	case disabled && v.SSEType != nil:
		fault = "SSEType can not be specified if Enabled is false"
	case disabled && v.KMSMasterKeyId != nil:
		fault = "KMSMasterKeyId can not be specified if Enabled is false"
	case v.SSEType != nil && *v.SSEType == SSETypeAes256:
		fault = "SSEType AES256 is not supported"
	case v.SSEType == nil && v.KMSMasterKeyId != nil:
		fault = "SSEType KMS is required if KMSMasterKeyId is specified"
	default:
		return nil
	}
	return Validation(invalidParameter + fault)
}
