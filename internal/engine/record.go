package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// tableRecord is what the catalog holds of a table, as JSON. Members that this
// version does not know are kept when it writes the record again, so that a
// file can go back to a newer version unharmed.
type tableRecord struct {
	Name       string
	ID         uint32 // of the table's rows; never reused
	Generation uint64 // grows with every change of the record
	UUID       string // TableId
	Created    int64  // µs since 1970
	Slots      int    // a power of two

	AttributeDefinitions []api.AttributeDefinition
	KeySchema            []api.KeySchemaElement
	Indexes              []indexRecord
	NextIndexID          uint16

	BillingMode        api.BillingMode
	LastOnDemand       int64 `json:",omitempty"` // µs since 1970, when it last became PAY_PER_REQUEST
	Throughput         throughputRecord
	OnDemandThroughput *api.OnDemandThroughput `json:",omitempty"`
	WarmThroughput     *api.WarmThroughput     `json:",omitempty"` // as asked for; nil: the least
	Switches           []int64                 `json:",omitempty"` // µs since 1970, when UpdateTable made it PAY_PER_REQUEST in the last 24 hours
	DeletionProtection bool                    `json:",omitempty"`
	TableClass         api.TableClass          `json:",omitempty"`
	LastTableClass     int64                   `json:",omitempty"` // µs since 1970
	Tags               []api.Tag               `json:",omitempty"`
	TTL                *ttlRecord              `json:",omitempty"`
	Stream             *streamRecord           `json:",omitempty"`
	Journal            bool                    `json:",omitempty"` // a window is open: changes are recorded

	unknown map[string]json.RawMessage
}

// indexRecord is a secondary index of a tableRecord.
type indexRecord struct {
	ID                 uint16 // of the index's rows; never reused within the table
	Name               string
	Local              bool
	KeySchema          []api.KeySchemaElement
	Projection         api.Projection
	Status             api.IndexStatus
	Backfilling        bool `json:",omitempty"`
	Throughput         throughputRecord
	OnDemandThroughput *api.OnDemandThroughput `json:",omitempty"`
	WarmThroughput     *api.WarmThroughput     `json:",omitempty"` // as asked for; nil: the least
}

// streamRecord is the last stream of a table.
type streamRecord struct {
	Label    string // its creation time, which its ARN ends with
	ViewType api.StreamViewType
	Enabled  bool
}

// throughputRecord is the provisioned throughput of a table or GSI; zero units when on demand.
type throughputRecord struct {
	Read, Write    int64
	LastIncrease   int64 `json:",omitempty"` // µs since 1970
	LastDecrease   int64 `json:",omitempty"`
	DecreasesToday int64 `json:",omitempty"` // on the day of LastDecrease

	WarmRead, WarmWrite int64 `json:",omitempty"` // warm throughput that was reached before
}

// encode returns the record's JSON, the unknown members with it.
func (r *tableRecord) encode() ([]byte, error) {
	if len(r.unknown) == 0 {
		return sealJSON(r)
	}
	known, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(known, &all); err != nil {
		return nil, err
	}
	for name, v := range r.unknown {
		all[name] = v
	}
	return sealJSON(all)
}

func decodeRecord(b []byte) (*tableRecord, error) {
	r := &tableRecord{}
	if err := openJSON(b, r); err != nil {
		return nil, fmt.Errorf("%w: catalog record: %w", kv.ErrCorrupt, err)
	}
	if err := json.Unmarshal(b, &r.unknown); err != nil {
		return nil, fmt.Errorf("%w: catalog record: %w", kv.ErrCorrupt, err)
	}
	for f := range reflect.TypeFor[tableRecord]().Fields() {
		delete(r.unknown, f.Name)
	}
	delete(r.unknown, "Checksum")
	return r, nil
}

// clone returns a copy whose slices and maps can be changed.
func (r *tableRecord) clone() *tableRecord {
	c := *r
	c.AttributeDefinitions = append([]api.AttributeDefinition(nil), r.AttributeDefinitions...)
	c.Indexes = append([]indexRecord(nil), r.Indexes...)
	c.Tags = append([]api.Tag(nil), r.Tags...)
	c.Switches = append([]int64(nil), r.Switches...)
	c.TTL = copyOf(r.TTL)
	c.Stream = copyOf(r.Stream)
	c.unknown = maps.Clone(r.unknown)
	return &c
}

func (r *tableRecord) index(name string) *indexRecord {
	for i := range r.Indexes {
		if r.Indexes[i].Name == name {
			return &r.Indexes[i]
		}
	}
	return nil
}
