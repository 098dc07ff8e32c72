package oracle

import (
	"strconv"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// keep makes, now and then, a step of what goes on around the items: their time
// to live, the journal, imports, and the store itself. It reports whether it did.
func (g *generator) keep(t *plan, s *Step) bool {
	switch n := g.r.IntN(1000); {
	case n < 6:
		s.Act = ActReopen
	case n < 10:
		s.Act = ActCheck
	case n < 18:
		s.Request = &api.MaintainInput{}
	case n < 24:
		s.Request = &api.ReadChangesInput{TableName: g.tableName(t), Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}}
	case n < 29:
		s.Request = g.timeToLive(t, s)
	case n < 31:
		s.Request = &api.DescribeTimeToLiveInput{TableName: g.tableName(t)}
	case n < 34:
		s.Advance += time.Second // no two streams of one time
		s.Request = &api.UpdateTableInput{TableName: new(t.name), StreamSpecification: choose(g, g.stream(), g.stream(), &api.StreamSpecification{StreamEnabled: new(false)})}
	case n < 40:
		s.Request = g.importItems(t)
	default:
		return false
	}
	return true
}

func (g *generator) stream() *api.StreamSpecification {
	return &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: new(choose(g, api.StreamViewTypeNewAndOldImages,
		api.StreamViewTypeNewAndOldImages, api.StreamViewTypeKeysOnly, api.StreamViewTypeNewImage, api.StreamViewTypeOldImage))}
}

func (g *generator) timeToLive(t *plan, s *Step) api.Request {
	if g.one(2) {
		s.Advance += time.Hour // it cannot be changed more often
	}
	attribute := t.expiry
	if g.one(20) {
		attribute = "other"
	}
	return &api.UpdateTimeToLiveInput{TableName: g.tableName(t),
		TimeToLiveSpecification: &api.TimeToLiveSpecification{AttributeName: &attribute, Enabled: new(!g.one(3))}}
}

// expiry returns a time to live: soon over, or hardly one.
func (g *generator) expiry() attr.Value {
	at := g.now.Add(time.Duration(g.r.IntN(400)-100) * time.Second).Unix()
	switch g.r.IntN(12) {
	case 0:
		return choose(g, attr.S("1"), attr.N("-1"), attr.N("0"), attr.N("1e125"), attr.N("999999999999999999"), attr.N("1000000000000000000"), attr.NULL())
	case 1:
		return attr.N(strconv.FormatInt(at, 10) + choose(g, ".5", ".0", "e0"))
	case 2:
		return attr.N(strconv.FormatInt(g.now.AddDate(-5, 0, 0).Unix()+int64(g.r.IntN(600))-300, 10))
	}
	return attr.N(strconv.FormatInt(at, 10))
}

func (g *generator) importItems(t *plan) api.Request {
	in := &api.ImportItemsInput{TableName: g.tableName(t), ReturnConsumedCapacity: g.capacity()}
	for range g.r.IntN(12) {
		in.Items = append(in.Items, g.item(t))
	}
	return in
}
