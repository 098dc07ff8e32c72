package oracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// generator makes scripts. It knows which tables there should be, never what is in them.
type generator struct {
	r      *rand.Rand
	tables map[string]*plan
	tokens int
	now    time.Time
	last   *api.TransactWriteItemsInput // with a token
}

// plan is what the generator knows of a table.
type plan struct {
	name      string
	kinds     map[string]attr.Kind
	keys      []string
	indexes   []*planIndex
	onDemand  bool
	protected bool
	expiry    string // the attribute of its time to live
}

type planIndex struct {
	name       string
	local      bool
	hash, sort []string
	projection api.ProjectionType
	nonKey     []string
}

// Script returns a script of n steps made from a seed: the same for the same seed.
func Script(seed uint64, n int) []Step {
	g := &generator{r: rand.New(rand.NewPCG(seed, 7)), tables: map[string]*plan{}, now: NewClock().Now()}
	steps := make([]Step, 0, n)
	for len(steps) < n {
		s := g.step()
		g.now = g.now.Add(s.Advance)
		steps = append(steps, s)
	}
	return steps
}

// one reports true once in n times.
func (g *generator) one(n int) bool { return g.r.IntN(n) == 0 }

func choose[E any](g *generator, from ...E) E { return from[g.r.IntN(len(from))] }

// few returns the elements in another order, at most n of them.
func few[E any](g *generator, n int, from ...E) []E {
	out := slices.Clone(from)
	g.r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:min(n, len(out))]
}

var tableNames = [...]string{"alpha", "beta", "gamma", "delta"}

func (g *generator) step() Step {
	var s Step
	if g.one(50) {
		s.Advance = time.Duration(g.r.IntN(7)) * time.Minute
	} else if g.one(300) {
		s.Advance = choose(g, time.Hour, 5*time.Hour, 25*time.Hour)
	} else if g.one(4) {
		s.Advance = time.Duration(g.r.IntN(1000)) * time.Millisecond
	}
	t := g.pickTable()
	if t == nil || g.one(400) {
		s.Request = g.createTable()
		s.Advance += time.Second // no two streams of one time
		return s
	}
	if g.keep(t, &s) {
		return s
	}
	switch n := g.r.IntN(1000); {
	case n < 3:
		s.Request = g.deleteTable(t)
	case n < 6:
		s.Request = g.updateTable(t)
	case n < 12:
		s.Request = g.describe(t)
	case n < 16:
		s.Request = g.tags(t)
	case n < 200:
		s.Request = g.put(t)
	case n < 400:
		s.Request = g.update(t)
	case n < 470:
		s.Request = g.delete(t)
	case n < 550:
		s.Request = g.get(t)
	case n < 720:
		g.query(t, &s)
	case n < 790:
		g.scan(t, &s)
	case n < 830:
		s.Request = g.batchGet()
	case n < 880:
		s.Request = g.batchWrite()
	case n < 920:
		s.Request = g.transactGet()
	default:
		s.Request = g.transactWrite()
	}
	return s
}

// pickTable returns a table that there should be, nil when there is none.
func (g *generator) pickTable() *plan {
	var all []*plan
	for _, name := range tableNames {
		if t := g.tables[name]; t != nil {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return choose(g, all...)
}

// tableName returns how a request names a table: now and then one that is not there.
func (g *generator) tableName(t *plan) *string {
	if g.one(300) {
		return new(choose(g, "nothing", "al", "no!"))
	}
	if g.one(60) {
		return new("arn:aws:dynamodb:local:000000000000:table/" + t.name)
	}
	return new(t.name)
}

// keyAttributes are the names that keys of tables and indexes take; the others are
// left to documents.
var keyAttributes = [...]string{"pk", "sk", "a", "b", "c", "d"}

func (g *generator) createTable() *api.CreateTableInput {
	t := &plan{name: choose(g, tableNames[:]...), kinds: map[string]attr.Kind{}, keys: []string{"pk"}, onDemand: !g.one(4)}
	t.expiry = choose(g, "exp", "exp", "exp", "n", "a")
	for _, n := range keyAttributes {
		t.kinds[n] = choose(g, attr.String, attr.String, attr.Number, attr.Binary)
	}
	if !g.one(4) {
		t.keys = append(t.keys, "sk")
	}
	in := &api.CreateTableInput{TableName: new(t.name), KeySchema: schema(t.keys[:1], t.keys[1:])}
	if t.onDemand {
		in.BillingMode = new(api.BillingModePayPerRequest)
	} else {
		in.ProvisionedThroughput = units()
	}
	if g.one(4) {
		in.TableClass = new(choose(g, api.TableClassStandard, api.TableClassStandardInfrequentAccess))
	}
	if g.one(8) {
		t.protected = true
		in.DeletionProtectionEnabled = new(true)
	}
	if g.one(3) {
		in.Tags = g.tagList()
	}
	if len(t.keys) == 2 && !g.one(3) {
		for i, n := range few(g, 1+g.r.IntN(3), "a", "b", "c", "d") {
			x := &planIndex{name: fmt.Sprintf("local%d", i), local: true, hash: t.keys[:1], sort: []string{n}}
			p := g.projection(x)
			t.indexes = append(t.indexes, x)
			in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, api.LocalSecondaryIndex{IndexName: new(x.name),
				KeySchema: schema(x.hash, x.sort), Projection: p})
		}
	}
	for i := range g.r.IntN(4) {
		x := g.globalIndex(t, fmt.Sprintf("global%d", i))
		p := g.projection(x)
		t.indexes = append(t.indexes, x)
		gsi := api.GlobalSecondaryIndex{IndexName: new(x.name), KeySchema: schema(x.hash, x.sort), Projection: p}
		if !t.onDemand {
			gsi.ProvisionedThroughput = units()
		}
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, gsi)
	}
	if g.one(2) {
		in.StreamSpecification = g.stream()
	}
	in.AttributeDefinitions = t.definitions()
	if g.tables[t.name] == nil {
		g.tables[t.name] = t
	}
	return in
}

func units() *api.ProvisionedThroughput {
	return &api.ProvisionedThroughput{ReadCapacityUnits: new(int64(5)), WriteCapacityUnits: new(int64(6))}
}

func schema(hash, sort []string) []api.KeySchemaElement {
	var out []api.KeySchemaElement
	for _, n := range hash {
		out = append(out, api.KeySchemaElement{AttributeName: new(n), KeyType: new(api.KeyTypeHash)})
	}
	for _, n := range sort {
		out = append(out, api.KeySchemaElement{AttributeName: new(n), KeyType: new(api.KeyTypeRange)})
	}
	return out
}

// globalIndex makes an index on one to three hash and up to two sort attributes.
func (g *generator) globalIndex(t *plan, name string) *planIndex {
	names := few(g, 4, keyAttributes[:]...)
	if len(t.keys) == 1 {
		names = slices.DeleteFunc(names, func(n string) bool { return n == "sk" })
	}
	x := &planIndex{name: name}
	hash := 1
	if g.one(4) {
		hash = 1 + g.r.IntN(3)
	}
	hash = min(hash, len(names))
	x.hash = names[:hash:hash]
	x.sort = names[hash:min(len(names), hash+choose(g, 0, 1, 1, 1, 2))]
	return x
}

func (g *generator) projection(x *planIndex) *api.Projection {
	x.projection = choose(g, api.ProjectionTypeAll, api.ProjectionTypeAll, api.ProjectionTypeKeysOnly, api.ProjectionTypeInclude)
	p := &api.Projection{ProjectionType: new(x.projection)}
	if x.projection == api.ProjectionTypeInclude {
		x.nonKey = few(g, 1+g.r.IntN(3), "m", "l", "n", "s", "big")
		p.NonKeyAttributes = x.nonKey
	}
	return p
}

func (t *plan) definitions() []api.AttributeDefinition {
	var out []api.AttributeDefinition
	for _, n := range keyAttributes {
		used := slices.Contains(t.keys, n)
		for _, x := range t.indexes {
			used = used || slices.Contains(x.hash, n) || slices.Contains(x.sort, n)
		}
		if used {
			out = append(out, t.definition(n))
		}
	}
	return out
}

func (t *plan) definition(n string) api.AttributeDefinition {
	return api.AttributeDefinition{AttributeName: new(n), AttributeType: new(api.ScalarAttributeType(t.kinds[n].String()))}
}

func (g *generator) deleteTable(t *plan) *api.DeleteTableInput {
	if !t.protected {
		delete(g.tables, t.name)
	}
	return &api.DeleteTableInput{TableName: new(t.name)}
}

func (g *generator) updateTable(t *plan) *api.UpdateTableInput {
	in := &api.UpdateTableInput{TableName: new(t.name)}
	switch g.r.IntN(7) {
	case 5, 6:
		g.updateThroughput(t, in)
	case 0:
		t.protected = g.one(4)
		in.DeletionProtectionEnabled = new(t.protected)
	case 1:
		in.TableClass = new(choose(g, api.TableClassStandard, api.TableClassStandardInfrequentAccess))
	case 2:
		name := fmt.Sprintf("global%d", g.r.IntN(4))
		in.GlobalSecondaryIndexUpdates = []api.GlobalSecondaryIndexUpdate{{Delete: &api.DeleteGlobalSecondaryIndexAction{IndexName: new(name)}}}
		t.indexes = slices.DeleteFunc(slices.Clone(t.indexes), func(x *planIndex) bool { return x.name == name })
	default:
		x := g.globalIndex(t, fmt.Sprintf("global%d", g.r.IntN(4)))
		c := &api.CreateGlobalSecondaryIndexAction{IndexName: new(x.name), KeySchema: schema(x.hash, x.sort), Projection: g.projection(x)}
		if !t.onDemand {
			c.ProvisionedThroughput = units()
		}
		in.GlobalSecondaryIndexUpdates = []api.GlobalSecondaryIndexUpdate{{Create: c}}
		for _, n := range slices.Concat(x.hash, x.sort) {
			in.AttributeDefinitions = append(in.AttributeDefinitions, t.definition(n))
		}
		if !slices.ContainsFunc(t.indexes, func(y *planIndex) bool { return y.name == x.name }) {
			t.indexes = append(slices.Clone(t.indexes), x)
		}
	}
	return in
}

// updateThroughput changes units or the billing mode.
func (g *generator) updateThroughput(t *plan, in *api.UpdateTableInput) {
	some := func() *api.ProvisionedThroughput {
		return &api.ProvisionedThroughput{ReadCapacityUnits: new(int64(4 + g.r.IntN(3))), WriteCapacityUnits: new(int64(6))}
	}
	if g.one(2) {
		in.BillingMode = new(choose(g, api.BillingModeProvisioned, api.BillingModePayPerRequest))
	}
	if in.BillingMode == nil && !t.onDemand || in.BillingMode != nil && *in.BillingMode == api.BillingModeProvisioned || g.one(10) {
		in.ProvisionedThroughput = some()
		for _, x := range t.indexes {
			if !x.local && !g.one(4) {
				in.GlobalSecondaryIndexUpdates = append(in.GlobalSecondaryIndexUpdates, api.GlobalSecondaryIndexUpdate{
					Update: &api.UpdateGlobalSecondaryIndexAction{IndexName: new(x.name), ProvisionedThroughput: some()}})
			}
		}
	}
}

func (g *generator) describe(t *plan) api.Request {
	if g.one(2) {
		return &api.ListTablesInput{Limit: choose(g, nil, new(int32(1)), new(int32(3))), ExclusiveStartTableName: choose(g, nil, new("beta"), new("bet"))}
	}
	return &api.DescribeTableInput{TableName: g.tableName(t)}
}

func (g *generator) tags(t *plan) api.Request {
	arn := new("arn:aws:dynamodb:local:000000000000:table/" + t.name)
	switch g.r.IntN(4) {
	case 0:
		return &api.TagResourceInput{ResourceArn: arn, Tags: g.tagList()}
	case 1:
		return &api.UntagResourceInput{ResourceArn: arn, TagKeys: []string{choose(g, "k0", "k1", "k2", "k9")}}
	}
	return &api.ListTagsOfResourceInput{ResourceArn: arn, NextToken: choose(g, nil, nil, new("k3"))}
}

func (g *generator) tagList() []api.Tag {
	var out []api.Tag
	for _, i := range few(g, 1+g.r.IntN(12), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13) {
		out = append(out, api.Tag{Key: new(fmt.Sprintf("k%d", i)), Value: new(choose(g, "", "x", "y"))})
	}
	return out
}
