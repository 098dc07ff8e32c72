package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/statordb/stator/api"
	"github.com/stretchr/testify/require"
)

// schema builds a key schema from attribute names: those before "|" are HASH.
func schema(text string) []api.KeySchemaElement {
	var out []api.KeySchemaElement
	keyType := api.KeyTypeHash
	for _, name := range strings.Fields(text) {
		if name == "|" {
			keyType = api.KeyTypeRange
			continue
		}
		out = append(out, api.KeySchemaElement{AttributeName: new(name), KeyType: new(keyType)})
	}
	return out
}

func defs(names string) []api.AttributeDefinition {
	out := []api.AttributeDefinition{}
	for _, name := range strings.Fields(names) {
		out = append(out, api.AttributeDefinition{AttributeName: new(name), AttributeType: new(api.ScalarAttributeTypeS)})
	}
	return out
}

func all() *api.Projection { return &api.Projection{ProjectionType: new(api.ProjectionTypeAll)} }

func include(names ...string) *api.Projection {
	return &api.Projection{ProjectionType: new(api.ProjectionTypeInclude), NonKeyAttributes: names}
}

func units(read, write int64) *api.ProvisionedThroughput {
	return &api.ProvisionedThroughput{ReadCapacityUnits: &read, WriteCapacityUnits: &write}
}

func create(definitions, key string, change func(*api.CreateTableInput)) *api.CreateTableInput {
	in := &api.CreateTableInput{
		TableName: table(), AttributeDefinitions: defs(definitions), KeySchema: schema(key), BillingMode: new(api.BillingModePayPerRequest),
	}
	if change != nil {
		change(in)
	}
	return in
}

func local(name, key string, p *api.Projection) api.LocalSecondaryIndex {
	return api.LocalSecondaryIndex{IndexName: &name, KeySchema: schema(key), Projection: p}
}

func global(name, key string, p *api.Projection) api.GlobalSecondaryIndex {
	return api.GlobalSecondaryIndex{IndexName: &name, KeySchema: schema(key), Projection: p}
}

func withLocal(definitions, key string, indexes ...api.LocalSecondaryIndex) *api.CreateTableInput {
	return create(definitions, key, func(in *api.CreateTableInput) {
		in.LocalSecondaryIndexes = append([]api.LocalSecondaryIndex{}, indexes...)
	})
}

func withGlobal(definitions, key string, indexes ...api.GlobalSecondaryIndex) *api.CreateTableInput {
	return create(definitions, key, func(in *api.CreateTableInput) {
		in.GlobalSecondaryIndexes = append([]api.GlobalSecondaryIndex{}, indexes...)
	})
}

// TestCreateTable: dynalite, conformance; settings: quirks.
func TestCreateTable(t *testing.T) {
	low := create("a", "a", func(in *api.CreateTableInput) { in.BillingMode, in.ProvisionedThroughput = nil, units(-1, -1) })
	runValidations(t, []validation{
		{"good", create("a b", "a | b", nil), ""},
		{"provisioned", create("a", "a", func(in *api.CreateTableInput) { in.BillingMode, in.ProvisionedThroughput = nil, units(1, 1) }), ""},
		{"nothing", &api.CreateTableInput{TableName: table()}, "2 validation errors detected: " + null("attributeDefinitions") + "; " + null("keySchema")},
		{"units", low, "2 validation errors detected: " +
			"Value '-1' at 'provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1; " +
			"Value '-1' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"empty members", &api.CreateTableInput{TableName: table(), AttributeDefinitions: []api.AttributeDefinition{{}}, KeySchema: []api.KeySchemaElement{}, BillingMode: new(api.BillingMode("x"))},
			"4 validation errors detected: " + strings.Join([]string{
				null("attributeDefinitions.1.member.attributeName"), null("attributeDefinitions.1.member.attributeType"),
				enumFault("x", "billingMode", "PROVISIONED, PAY_PER_REQUEST"), lengthFault("[]", "keySchema", "greater than or equal to 1"),
			}, "; ")},
		{"types", create("a", "a", func(in *api.CreateTableInput) {
			in.AttributeDefinitions[0].AttributeType, in.KeySchema[0].KeyType = new(api.ScalarAttributeType("SS")), new(api.KeyType("INVALID"))
		}), "2 validation errors detected: " + enumFault("SS", "attributeDefinitions.1.member.attributeType", "B, N, S") + "; " +
			enumFault("INVALID", "keySchema.1.member.keyType", "HASH, RANGE")},
		{"three keys", create("pk sk extra", "pk | sk extra", nil), oneError +
			lengthFault("[KeySchemaElement(attributeName=pk, keyType=HASH), KeySchemaElement(attributeName=sk, keyType=RANGE), KeySchemaElement(attributeName=extra, keyType=RANGE)]",
				"keySchema", "less than or equal to 2")},
		{"long attribute name", create(strings.Repeat("a", 256), "b", nil),
			oneError + lengthFault(strings.Repeat("a", 256), "attributeDefinitions.1.member.attributeName", "less than or equal to 255")},
		{"units on demand", create("a", "a", func(in *api.CreateTableInput) { in.ProvisionedThroughput = units(1, 1) }),
			invalid + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"},
		{"no units", create("", "a", func(in *api.CreateTableInput) { in.BillingMode = nil }),
			invalid + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"},
		{"many units", create("", "a", func(in *api.CreateTableInput) {
			in.BillingMode, in.ProvisionedThroughput = nil, units(1_000_000_000_001, 1_000_000_000_001)
		}), "Given value 1000000000001 for ReadCapacityUnits is out of bounds"},
		{"key without definition, more keys", create("", "a a", nil), "Invalid KeySchema: Some index key attribute have no definition"},
		{"same key twice", create("pk", "pk | pk", nil), "Invalid KeySchema: Some index key attribute have no definition"},
		{"key without definition", create("b", "a", nil),
			invalid + "Some index key attributes are not defined in AttributeDefinitions. Keys: [a], AttributeDefinitions: [b]"},
		{"same name", create("a b", "a a", nil), "Both the Hash Key and the Range Key element in the KeySchema have the same name"},
		{"two hashes", create("a b", "a b", nil), "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"},
		{"two ranges", create("a b", "| a b", nil), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{"extra definition", create("a c b", "a | b", nil),
			invalid + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"},
		{"definition twice", create("pk pk", "pk", nil), "Attribute Name is duplicated: pk"},
		{"stream without view", create("a", "a", func(in *api.CreateTableInput) {
			in.StreamSpecification = &api.StreamSpecification{StreamEnabled: new(true)}
		}), invalid + "Table is being created with a stream enabled, UpdateViewType is required"},
		{"view without stream", create("a", "a", func(in *api.CreateTableInput) {
			in.StreamSpecification = &api.StreamSpecification{StreamEnabled: new(false), StreamViewType: new(api.StreamViewTypeKeysOnly)}
		}), invalid + "Table is being created with a stream disabled, UpdateViewType should not be specified"},
		{"stream of nothing", create("a", "a", func(in *api.CreateTableInput) { in.StreamSpecification = &api.StreamSpecification{} }),
			oneError + null("streamSpecification.streamEnabled")},
		{"encryption", create("a", "a", func(in *api.CreateTableInput) {
			in.SSESpecification = &api.SSESpecification{Enabled: new(false), SSEType: new(api.SSETypeKms)}
		}), invalid + "SSEType can not be specified if Enabled is false"},
		{"table class", create("a", "a", func(in *api.CreateTableInput) { in.TableClass = new(api.TableClass("X")) }),
			"Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS]."},
		{"on-demand bound", create("a", "a", func(in *api.CreateTableInput) {
			in.OnDemandThroughput = &api.OnDemandThroughput{MaxReadRequestUnits: new(int64(0))}
		}), invalid + "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"},
		{"on-demand bound of a provisioned table", create("a", "a", func(in *api.CreateTableInput) {
			in.BillingMode, in.ProvisionedThroughput = nil, units(1, 1)
			in.OnDemandThroughput = &api.OnDemandThroughput{MaxWriteRequestUnits: new(int64(1))}
		}), invalid + "MaxWriteRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"},
		{"no tags", create("a", "a", func(in *api.CreateTableInput) { in.Tags = []api.Tag{} }), ""},
		{"tag", create("a", "a", func(in *api.CreateTableInput) { in.Tags = []api.Tag{{Key: new("aws:x"), Value: new("")}} }),
			"Tag Key cannot be prefixed with aws:, Key: aws:x"},
	})
}

// TestCreateTableIndexes: dynalite, conformance, quirks. The limit of 100 names has a text of our own.
func TestCreateTableIndexes(t *testing.T) {
	var six []api.LocalSecondaryIndex
	var many []api.GlobalSecondaryIndex
	for i := range 21 {
		if i < 6 {
			six = append(six, local(fmt.Sprintf("ab%d", i), "a | b", all()))
		}
		many = append(many, global(fmt.Sprintf("ab%d", i), "b", all()))
	}
	short := func(name, member string) string {
		return lengthFault(name, member+".1.member.indexName", "greater than or equal to 3")
	}
	both := withLocal("a b", "a | b", local("l1", "a | c", all()))
	both.GlobalSecondaryIndexes = []api.GlobalSecondaryIndex{global("g1", "d", all())}
	same := withLocal("a b", "a | b", local("abc", "a | b", all()))
	same.GlobalSecondaryIndexes = []api.GlobalSecondaryIndex{global("abc", "b", all())}
	provisioned := withGlobal("a b", "a", global("abc", "b", all()))
	provisioned.BillingMode, provisioned.ProvisionedThroughput = nil, units(1, 1)
	paid := withGlobal("a b", "a", global("abc", "b", all()))
	paid.GlobalSecondaryIndexes[0].ProvisionedThroughput = units(1, 1)
	order := global("abc", "a | b", all())
	order.KeySchema = append(order.KeySchema, schema("c")...)
	names := make([]string, 21)
	for i := range names {
		names[i] = fmt.Sprintf("n%d", i)
	}
	var projected []api.GlobalSecondaryIndex
	for i := range 6 {
		projected = append(projected, global(fmt.Sprintf("ab%d", i), "b", include(names[:17]...)))
	}
	runValidations(t, []validation{
		{"eight attributes", withGlobal("a b c d e f g h i", "a", global("abc", "b c d e | f g h i", all())), ""},
		{"global index of a hash", withGlobal("a b", "a", global("abc", "b", include("x", "y"))), ""},
		{"global before local", both, "2 validation errors detected: " + short("g1", "globalSecondaryIndexes") + "; " + short("l1", "localSecondaryIndexes")},
		{"empty local index", withLocal("a b", "a | b", api.LocalSecondaryIndex{}), "3 validation errors detected: " +
			null("localSecondaryIndexes.1.member.indexName") + "; " + null("localSecondaryIndexes.1.member.keySchema") + "; " + null("localSecondaryIndexes.1.member.projection")},
		{"three keys in a local index", withLocal("a b", "a | b", local("abc", "a | b c", all())), oneError +
			lengthFault("[KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=b, keyType=RANGE), KeySchemaElement(attributeName=c, keyType=RANGE)]",
				"localSecondaryIndexes.1.member.keySchema", "less than or equal to 2")},
		{"projection", withLocal("a b", "a | b", local("abc", "a | b", &api.Projection{ProjectionType: new(api.ProjectionType("abc")), NonKeyAttributes: []string{}})),
			"2 validation errors detected: " + enumFault("abc", "localSecondaryIndexes.1.member.projection.projectionType", "ALL, INCLUDE, KEYS_ONLY") + "; " +
				lengthFault("[]", "localSecondaryIndexes.1.member.projection.nonKeyAttributes", "greater than or equal to 1")},
		{"21 names", withGlobal("a b", "a", global("abc", "b", include(names...))), oneError +
			lengthFault("["+strings.Join(names, ", ")+"]", "globalSecondaryIndexes.1.member.projection.nonKeyAttributes", "less than or equal to 20")},
		{"102 names", withGlobal("a b", "a", projected...), invalid + "Number of NonKeyAttributes in all indexes of the table exceeds the limit of 100"},
		{"empty projected name", withGlobal("a b", "a", global("abc", "b", include("x", ""))), oneError +
			"Value '[x, ]' at 'globalSecondaryIndexes.1.member.projection.nonKeyAttributes' failed to satisfy constraint: " +
			"Member must satisfy constraint: [Member must have length less than or equal to 255, Member must have length greater than or equal to 1]"},
		{"no local indexes", withLocal("a b", "a"), invalid + "List of LocalSecondaryIndexes is empty"},
		{"no global indexes", withGlobal("a b", "a"), invalid + "List of GlobalSecondaryIndexes is empty"},
		{"shape before unused", withGlobal("sk a b pk c", "pk | sk", global("x", "", nil)), "3 validation errors detected: " +
			short("x", "globalSecondaryIndexes") + "; " + null("globalSecondaryIndexes.1.member.keySchema") + "; " + null("globalSecondaryIndexes.1.member.projection")},
		{"unused before the projection", withGlobal("sk a b pk c", "pk | sk", global("abc", "a", &api.Projection{})),
			invalid + "Some AttributeDefinitions are not used. AttributeDefinitions: [sk, a, b, pk, c], keys used: [a, pk, sk]"},
		{"local without range", withLocal("a b", "a", local("abc", "| c", &api.Projection{})),
			invalid + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"},
		{"undefined", withLocal("a b", "a | b", local("abc", "| c d", &api.Projection{})),
			invalid + "Some index key attributes are not defined in AttributeDefinitions. Keys: [c, d], AttributeDefinitions: [a, b]"},
		{"local, same names", withLocal("a b", "a | b", local("abc", "a | a", &api.Projection{})),
			"Both the Hash Key and the Range Key element in the KeySchema have the same name"},
		{"local, first range", withLocal("a b", "a | b", local("abc", "| a", &api.Projection{})), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{"local, no range", withLocal("a b", "a | b", local("abc", "b", &api.Projection{})), invalid + "Index KeySchema does not have a range key for index: abc"},
		{"local, other hash", withLocal("a b", "a | b", local("abc", "b | a", &api.Projection{})),
			invalid + "Index KeySchema does not have the same leading hash key as table KeySchema for index: abc. index hash key: b, table hash key: a"},
		{"no projection type", withLocal("a b", "a | b", local("abc", "a | b", &api.Projection{NonKeyAttributes: []string{"a"}})), invalid + "Unknown ProjectionType: null"},
		{"names with ALL", withLocal("a b", "a | b", local("abc", "a | b", &api.Projection{ProjectionType: new(api.ProjectionTypeAll), NonKeyAttributes: []string{"a"}})),
			invalid + "ProjectionType is ALL, but NonKeyAttributes is specified"},
		{"INCLUDE without names", withGlobal("a b", "a", global("abc", "b", include())), invalid + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"},
		{"names twice", withGlobal("a b", "a", global("abc", "b", include("x", "x"))), invalid + "Duplicate element in NonKeyAttributes: x"},
		{"local names twice", withLocal("a b", "a | b", six[0], six[0]), invalid + "Duplicate index name: ab0"},
		{"local and global of one name", same, invalid + "Duplicate index name: abc"},
		{"six local", withLocal("a b", "a | b", six...), invalid + "Number of LocalSecondaryIndexes exceeds per-table limit of 5"},
		{"21 global", withGlobal("a b", "a", many...), invalid + "GlobalSecondaryIndex count exceeds the per-table limit of 20"},
		{"global, first range", withGlobal("a b", "a", global("abc", "| b", all())), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{"global, hash after range", withGlobal("a b c", "a", order), invalid + "All HASH key attributes must precede RANGE key attributes in the KeySchema"},
		{"five hashes", withGlobal("a b c d e", "a", global("abc", "a b c d e", all())), invalid + "The KeySchema exceeds the maximum allowed number of HASH key attributes"},
		{"five ranges", withGlobal("a b c d e f", "a", global("abc", "a | b c d e f", all())), invalid + "The KeySchema exceeds the maximum allowed number of RANGE key attributes"},
		{"global, same names", withGlobal("a b", "a", global("abc", "b b", all())), "The KeySchema contains multiple key attributes with the same name"},
		{"no units", provisioned, invalid + "ProvisionedThroughput is not specified for index: abc"},
		{"units on demand", paid, invalid + "ProvisionedThroughput should not be specified for index: abc when BillingMode is PAY_PER_REQUEST"},
	})
}

// TestCreateTableVectorIndexes: conformance.
func TestCreateTableVectorIndexes(t *testing.T) {
	vector := func(name string, dimensions int64) api.VectorIndex {
		return api.VectorIndex{
			IndexName: &name, VectorAttribute: &api.VectorAttributeDefinition{AttributeName: new("embedding")}, Dimensions: &dimensions,
			DistanceFunction: new(api.VectorDistanceFunctionCosine), Projection: &api.Projection{ProjectionType: new(api.ProjectionTypeKeysOnly)},
		}
	}
	with := func(indexes ...api.VectorIndex) *api.CreateTableInput {
		return create("pk", "pk", func(in *api.CreateTableInput) { in.VectorIndexes = indexes })
	}
	provisioned := with(vector("vix", 3))
	provisioned.BillingMode, provisioned.ProvisionedThroughput = nil, units(5, 5)
	tenant := vector("vix", 3)
	tenant.SearchSchema = []api.SearchSchemaElement{{AttributeName: new("tenant"), SearchSchemaElementType: new(api.SearchSchemaElementTypeHash)}}
	six := make([]api.VectorIndex, 6)
	for i := range six {
		six[i] = vector(fmt.Sprintf("vix-%d", i), 3)
	}
	runValidations(t, []validation{
		{"good", with(vector("vix", 3)), ""},
		{"empty", with(api.VectorIndex{}), "5 validation errors detected: " + strings.Join([]string{
			null("vectorIndexes.1.member.indexName"), null("vectorIndexes.1.member.vectorAttribute"), null("vectorIndexes.1.member.dimensions"),
			null("vectorIndexes.1.member.distanceFunction"), null("vectorIndexes.1.member.projection")}, "; ")},
		{"provisioned", provisioned, invalid + "Vector indexes are only supported for PAY_PER_REQUEST tables"},
		{"undefined", with(tenant), invalid + "One element in SearchSchema is not defined in attribute definitions"},
		{"dimensions", with(vector("vix", 4097)), invalid + "Number of dimensions must be between 1 and 4096 inclusive."},
		{"six", with(six...), invalid + "VectorIndex count exceeds the per-table limit of 5"},
		{"conflict", with(vector("vix", 3), vector("vix2", 4)),
			invalid + "Conflicting attribute definition for 'embedding'. All VectorIndexes on the same vector attribute must use the same dimensions."},
	})
}

// TestListTables: dynalite.
func TestListTables(t *testing.T) {
	runValidations(t, []validation{
		{"good", &api.ListTablesInput{}, ""},
		{"all", &api.ListTablesInput{Limit: new(int32(101)), ExclusiveStartTableName: new("a;")}, "3 validation errors detected: " +
			"Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100; " +
			patternFault("a;", "exclusiveStartTableName") + "; " + lengthFault("a;", "exclusiveStartTableName", "greater than or equal to 3")},
		{"none", &api.ListTablesInput{Limit: new(int32(0))}, oneError + "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
	})
}

// TestUpdateTable: dynalite, quirks.
func TestUpdateTable(t *testing.T) {
	type updates = []api.GlobalSecondaryIndexUpdate
	remove := func(name string) api.GlobalSecondaryIndexUpdate {
		return api.GlobalSecondaryIndexUpdate{Delete: &api.DeleteGlobalSecondaryIndexAction{IndexName: &name}}
	}
	add := func(name, key string) api.GlobalSecondaryIndexUpdate {
		return api.GlobalSecondaryIndexUpdate{Create: &api.CreateGlobalSecondaryIndexAction{IndexName: &name, KeySchema: schema(key), Projection: all()}}
	}
	const nothing = "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, " +
		"MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"
	runValidations(t, []validation{
		{"units", &api.UpdateTableInput{TableName: table(), ProvisionedThroughput: units(1, 1)}, ""},
		{"protection", &api.UpdateTableInput{TableName: table(), DeletionProtectionEnabled: new(false)}, ""},
		{"index", &api.UpdateTableInput{TableName: table(), AttributeDefinitions: defs("a z"), GlobalSecondaryIndexUpdates: updates{add("abc", "z")}}, ""},
		{"nothing", &api.UpdateTableInput{TableName: table()}, nothing},
		{"empty list", &api.UpdateTableInput{TableName: table(), GlobalSecondaryIndexUpdates: updates{}}, nothing},
		{"consistency only", &api.UpdateTableInput{TableName: table(), MultiRegionConsistency: new(api.MultiRegionConsistencyStrong)},
			strings.Replace(nothing, "MultiRegionConsistency, ", "", 1)},
		{"members", &api.UpdateTableInput{TableName: table(), GlobalSecondaryIndexUpdates: updates{
			{Update: &api.UpdateGlobalSecondaryIndexAction{IndexName: new("a"), ProvisionedThroughput: &api.ProvisionedThroughput{}}},
			{Update: &api.UpdateGlobalSecondaryIndexAction{IndexName: new("abc;"), ProvisionedThroughput: units(1_000_000_000_001, 0)}},
		}}, "5 validation errors detected: " + strings.Join([]string{
			lengthFault("a", "globalSecondaryIndexUpdates.1.member.update.indexName", "greater than or equal to 3"),
			null("globalSecondaryIndexUpdates.1.member.update.provisionedThroughput.writeCapacityUnits"),
			null("globalSecondaryIndexUpdates.1.member.update.provisionedThroughput.readCapacityUnits"),
			patternFault("abc;", "globalSecondaryIndexUpdates.2.member.update.indexName"),
			"Value '0' at 'globalSecondaryIndexUpdates.2.member.update.provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1",
		}, "; ")},
		{"many units", &api.UpdateTableInput{TableName: table(), ProvisionedThroughput: units(1, 1_000_000_000_001)},
			"Given value 1000000000001 for WriteCapacityUnits is out of bounds"},
		{"no units", &api.UpdateTableInput{TableName: table(), BillingMode: new(api.BillingModeProvisioned)},
			invalid + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"},
		{"units on demand", &api.UpdateTableInput{TableName: table(), BillingMode: new(api.BillingModePayPerRequest), ProvisionedThroughput: units(1, 1)},
			invalid + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"},
		{"encryption and protection", &api.UpdateTableInput{TableName: table(), SSESpecification: &api.SSESpecification{}, DeletionProtectionEnabled: new(true)},
			invalid + "Server-Side Encryption modification must be the only operation in the request"},
		{"class and units", &api.UpdateTableInput{TableName: table(), TableClass: new(api.TableClassStandard), ProvisionedThroughput: units(1, 1)},
			invalid + "TableClass modification must be the only operation in the request"},
		{"stream and units", &api.UpdateTableInput{TableName: table(), StreamSpecification: &api.StreamSpecification{StreamEnabled: new(false)}, ProvisionedThroughput: units(1, 1)},
			invalid + "You cannot modify stream status while updating table IOPS"},
		{"stream without view", &api.UpdateTableInput{TableName: table(), StreamSpecification: &api.StreamSpecification{StreamEnabled: new(true)}},
			invalid + "If stream is being enabled then UpdateViewType is required"},
		{"empty update", &api.UpdateTableInput{TableName: table(), GlobalSecondaryIndexUpdates: updates{{}}},
			invalid + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null"},
		{"two actions", &api.UpdateTableInput{TableName: table(), GlobalSecondaryIndexUpdates: updates{{Create: add("abc", "z").Create, Delete: remove("abd").Delete}}},
			invalid + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"},
		{"same index twice", &api.UpdateTableInput{TableName: table(), GlobalSecondaryIndexUpdates: updates{remove("abc"), remove("abc")}},
			invalid + "Only one global secondary index update per index is allowed simultaneously. Index: abc"},
		{"two indexes", &api.UpdateTableInput{TableName: table(), GlobalSecondaryIndexUpdates: updates{remove("abc"), add("abd", "z")}},
			"Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"},
		{"no definitions", &api.UpdateTableInput{TableName: table(), GlobalSecondaryIndexUpdates: updates{add("abc", "z")}},
			invalid + "AttributeDefinitions is not specified for index: abc"},
		{"five hashes", &api.UpdateTableInput{TableName: table(), AttributeDefinitions: defs("a b c d e"), GlobalSecondaryIndexUpdates: updates{add("abc", "a b c d e")}},
			invalid + "The KeySchema exceeds the maximum allowed number of HASH key attributes"},
		{"no replicas", &api.UpdateTableInput{TableName: table(), ReplicaUpdates: []api.ReplicationGroupUpdate{}},
			oneError + lengthFault("[]", "replicaUpdates", "greater than or equal to 1")},
		{"replica of nothing", &api.UpdateTableInput{TableName: table(), ReplicaUpdates: []api.ReplicationGroupUpdate{{}}},
			"There are no actions specified in the Replica Update Action of the request."},
	})
}

const tableARN = "arn:aws:dynamodb:us-east-1:123456789012:table/abc"

// TestTags: quirks, dynalite.
func TestTags(t *testing.T) {
	tag := func(tags ...api.Tag) api.Request {
		return &api.TagResourceInput{ResourceArn: new(tableARN), Tags: append([]api.Tag{}, tags...)}
	}
	pair := func(key, value string) api.Tag { return api.Tag{Key: &key, Value: &value} }
	list := func(arn string) api.Request { return &api.ListTagsOfResourceInput{ResourceArn: &arn} }
	var many []api.Tag
	for i := range 51 {
		many = append(many, pair(fmt.Sprintf("k%d", i), ""))
	}
	runValidations(t, []validation{
		{"good", tag(many[:50]...), ""},
		{"letters of all languages", tag(pair("größe Ω", "x+y=z@1")), ""},
		{"no ARN", &api.TagResourceInput{}, "Invalid TableArn"},
		{"no ARN at all", list("x"), invalid + "ARNs must start with 'arn:': x"},
		{"other service", list("arn:aws:s3:eu:1:b"), invalid + "Provided Arn is not a DynamoDB resource arn: arn:aws:s3:eu:1:b"},
		{"index", list(tableARN + "/index/x"), invalid + "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: " + tableARN + "/index/x"},
		{"short name", list("arn:aws:dynamodb:us-east-1:123456789012:table/ab"),
			"Invalid TableArn: Invalid ResourceArn provided as input arn:aws:dynamodb:us-east-1:123456789012:table/ab"},
		{"absent", &api.TagResourceInput{ResourceArn: new(tableARN)}, oneError + null("tags")},
		{"none", tag(), "Atleast one Tag needs to be provided as Input."},
		{"no key", tag(api.Tag{}), "The Tag Key provided is invalid, Key: null"},
		{"empty key", tag(pair("", "")), "The Tag Key provided is invalid, Key: "},
		{"character", tag(pair("a$%", "b")), "The Tag Key provided is invalid, Key: a$%"},
		{"no value", tag(api.Tag{Key: new("a")}), "The Tag Value provided is invalid, Value: null"},
		{"long value", tag(pair("a", strings.Repeat("v", 257))), "The Tag Value provided is invalid, Value: " + strings.Repeat("v", 257)},
		{"twice", tag(pair("a", "1"), pair("a", "2")), "Duplicate Tag Keys provided as input: Duplicate Tag Key found a"},
		{"51", tag(many...), "Number of Tags exceed the current limit for the provided ResourceArn"},
		{"untag", &api.UntagResourceInput{ResourceArn: new(tableARN), TagKeys: []string{"a"}}, ""},
		{"untag absent", &api.UntagResourceInput{ResourceArn: new(tableARN)}, oneError + null("tagKeys")},
		{"untag none", &api.UntagResourceInput{ResourceArn: new(tableARN), TagKeys: []string{}}, "Atleast one Tag Key needs to be provided as Input."},
		{"limits", &api.DescribeLimitsInput{}, ""},
		{"endpoints", &api.DescribeEndpointsInput{}, ""},
	})
}

func TestParseARN(t *testing.T) {
	arn, ok := api.ParseARN(tableARN)
	require.True(t, ok)
	require.Equal(t, api.ARN{Partition: "aws", Region: "us-east-1", Account: "123456789012", Table: "abc"}, arn)
	require.Equal(t, tableARN, arn.String())
	for _, bad := range []string{"", "arn:", "abc", "arn:aws:dynamodb::1:table/abc", tableARN + "/index/x", "arn:aws:s3:eu:1:table/abc", "arn:aws:dynamodb:eu:1:global-table/abc"} {
		_, ok := api.ParseARN(bad)
		require.False(t, ok, bad)
	}
	require.True(t, api.IsARN("arn:x"))
	require.False(t, api.IsARN("arnold"))
}
