package api

const (
	maxVectorIndexes = 5
	maxDimensions    = 4096
)

func (c *constraints) vectorIndexes(indexes []VectorIndex) {
	list := path{name: "vectorIndexes"}
	for i := range indexes {
		p := list.element(i)
		c.vectorIndex(&p, &indexes[i])
	}
}

func (c *constraints) vectorIndex(p *path, v *VectorIndex) {
	c.requiredText(p, "indexName", v.IndexName, indexNameRule)
	if c.notNull(p, "vectorAttribute", v.VectorAttribute != nil) {
		p := p.in("vectorAttribute")
		c.requiredText(&p, "attributeName", v.VectorAttribute.AttributeName, attributeNameRule)
	}
	c.notNull(p, "dimensions", v.Dimensions != nil)
	distanceFunctions.require(c, p, "distanceFunction", v.DistanceFunction)
	c.projection(p, v.Projection)
	list := p.in("searchSchema")
	for i, e := range v.SearchSchema {
		p := list.element(i)
		c.requiredText(&p, "attributeName", e.AttributeName, attributeNameRule)
		searchElementTypes.require(c, &p, "searchSchemaElementType", e.SearchSchemaElementType)
	}
}

func (in *CreateTableInput) checkVectorIndexes() error {
	indexes := in.VectorIndexes
	switch {
	case len(indexes) == 0:
		return nil
	case !in.onDemand():
		return Validation(invalidParameter + "Vector indexes are only supported for PAY_PER_REQUEST tables")
	case len(indexes) > maxVectorIndexes:
		return Validation(invalidParameter + "VectorIndex count exceeds the per-table limit of 5")
	}
	dimensions := make(map[string]int64, len(indexes))
	for i := range indexes {
		v := &indexes[i]
		if err := checkVectorIndex(v, in.AttributeDefinitions); err != nil {
			return err
		}
		name := *v.VectorAttribute.AttributeName
		if d, ok := dimensions[name]; ok && d != *v.Dimensions {
			return Validation(invalidParameter + "Conflicting attribute definition for '" + name +
				"'. All VectorIndexes on the same vector attribute must use the same dimensions.")
		}
		dimensions[name] = *v.Dimensions
		if err := in.checkIndexName(*v.IndexName, len(in.LocalSecondaryIndexes), len(in.GlobalSecondaryIndexes), i); err != nil {
			return err
		}
	}
	return nil
}

func checkVectorIndex(v *VectorIndex, defs []AttributeDefinition) error {
	defined := definedNames(defs)
	for _, e := range v.SearchSchema {
		if checkDefined([]string{*e.AttributeName}, defined) != nil {
			return Validation(invalidParameter + "One element in SearchSchema is not defined in attribute definitions")
		}
	}
	if d := *v.Dimensions; d < 1 || d > maxDimensions {
		return Validation(invalidParameter + "Number of dimensions must be between 1 and 4096 inclusive.")
	}
	return checkIndexProjection(v.Projection)
}
