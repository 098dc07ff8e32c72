package engine

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// epoch is a time in which a stream has the same shards, one for each slot.
// It ends where the next one begins.
type epoch struct {
	Number uint32
	Time   int64    // µs since 1970, when it began
	Start  []uint64 // per slot: the sequence after which it begins
}

// shard is a slot of a stream in an epoch.
type shard struct {
	slot   int
	number uint32 // of the epoch
	time   int64  // of the epoch
	before int64  // the time of the epoch before, 0 when there was none or it is forgotten

	after  uint64 // the sequence after which it begins
	last   uint64 // the last sequence in it, or so far
	closed bool
}

// shards returns the shards of a stream that still may have a record, parents
// before children.
func (w *window) shards(sequences []uint64, now int64) []shard {
	var list []shard
	for i, n := range w.Epochs {
		closed := w.Ended != 0
		if i+1 < len(w.Epochs) {
			closed = true
			if w.Epochs[i+1].Time <= now-w.Retention {
				continue
			}
		}
		for slot, after := range n.Start {
			s := shard{slot: slot, number: n.Number, time: n.Time, after: after, last: w.last(slot, sequences[slot]), closed: closed}
			if i > 0 {
				s.before = w.Epochs[i-1].Time
			}
			if i+1 < len(w.Epochs) {
				s.last = w.Epochs[i+1].Start[slot]
			}
			list = append(list, s)
		}
	}
	return list
}

// shardID returns an id like one of AWS, which sorts as its shard was made.
func shardID(time int64, number uint32, slot int) string {
	return fmt.Sprintf("shardId-%020d-%06x%02x", time/1000, number&0xffffff, slot)
}

func (s shard) id() string { return shardID(s.time, s.number, s.slot) }

// parent returns the id of the shard before, "" when there is none.
func (s shard) parent() string {
	if s.before == 0 {
		return ""
	}
	return shardID(s.before, s.number-1, s.slot)
}

func (s shard) describe() api.Shard {
	d := api.Shard{ShardId: new(s.id()), SequenceNumberRange: &api.SequenceNumberRange{StartingSequenceNumber: new(sequenceNumber(s.slot, s.after+1))}}
	if s.closed {
		d.SequenceNumberRange.EndingSequenceNumber = new(sequenceNumber(s.slot, max(s.last, s.after+1)))
	}
	if parent := s.parent(); parent != "" {
		d.ParentShardId = &parent
	}
	return d
}

// sequenceNumber returns the text of a sequence: 21 digits, which no other change of the table has.
func sequenceNumber(slot int, sequence uint64) string {
	return string(appendSequenceNumber(make([]byte, 0, sequenceNumberSize), slot, sequence))
}

const sequenceNumberSize = 21

func appendSequenceNumber(dst []byte, slot int, sequence uint64) []byte {
	var digits [sequenceNumberSize]byte
	n := sequence<<8 | uint64(slot)
	for i := len(digits) - 1; i > 0; i-- {
		digits[i] = '0' + byte(n%10)
		n /= 10
	}
	digits[0] = '1'
	return append(dst, digits[:]...)
}

// parseSequenceNumber is the inverse of sequenceNumber.
func parseSequenceNumber(s string) (slot int, sequence uint64, ok bool) {
	digits, found := strings.CutPrefix(s, "1")
	if !found || len(digits) != 20 {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return int(n & 0xff), n >> 8, err == nil
}

func errShardNotFound() error {
	return &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found: Shard does not exist"}
}

func errTrimmed() error {
	return &api.Error{Code: api.CodeTrimmedDataAccess, Message: "The data you are trying to access has been trimmed"}
}

func (e *Engine) getShardIterator(ctx context.Context, in *api.GetShardIteratorInput) (*api.GetShardIteratorOutput, error) {
	now := e.micros()
	var it shardIterator
	err := e.store.View(ctx, func(r kv.Reader) error {
		j, w, shards, err := e.stream(r, *in.StreamArn, now)
		if err != nil {
			return err
		}
		for _, s := range shards {
			if s.id() != *in.ShardId {
				continue
			}
			it = shardIterator{tableID: j.TableID, windowID: w.ID, epoch: s.number, slot: byte(s.slot), issued: now}
			it.next, err = s.start(r, j.TableID, in, now, now-w.Retention)
			return err
		}
		return errShardNotFound()
	})
	if err != nil {
		return nil, err
	}
	return &api.GetShardIteratorOutput{ShardIterator: new(it.encode(*in.StreamArn))}, nil
}

// start returns the sequence at which an iterator begins. Records that were
// committed at or before horizon are gone.
func (s shard) start(r kv.Reader, tableID uint32, in *api.GetShardIteratorInput, now, horizon int64) (uint64, error) {
	switch *in.ShardIteratorType {
	case api.ShardIteratorTypeTrimHorizon:
		return fromHorizon, nil
	case api.ShardIteratorTypeLatest:
		return s.last + 1, nil
	}
	if *in.ShardIteratorType == api.ShardIteratorTypeAtTimestamp {
		at := in.Timestamp.UnixMicro()
		switch {
		case at > now:
			return 0, api.Validation("One or more parameter values were invalid: Timestamp cannot be in the future")
		case at <= horizon:
			return fromHorizon, nil
		}
		return sequenceSince(r, tableID, byte(s.slot), s.after+1, s.last, at)
	}
	slot, sequence, ok := parseSequenceNumber(*in.SequenceNumber)
	// A shard's first number may stand for it before it has a record.
	if !ok || slot != s.slot || sequence <= s.after || sequence > max(s.last, s.after+1) {
		return 0, api.Validation("Invalid SequenceNumber for the shard")
	}
	if sequence > s.last {
		return s.last + 1, nil
	}
	_, time, found, err := firstRecord(r, tableID, byte(slot), sequence, sequence)
	if err != nil {
		return 0, err
	}
	if !found || time <= horizon {
		return 0, errTrimmed()
	}
	if *in.ShardIteratorType == api.ShardIteratorTypeAfterSequenceNumber {
		sequence++
	}
	return sequence, nil
}

// shardIterator is a place in a shard, which a client holds as a text.
type shardIterator struct {
	tableID, windowID, epoch uint32
	slot                     byte
	next                     uint64
	issued                   int64 // µs since 1970
}

// fromHorizon is the place of an iterator that begins at the oldest record that there is when it
// is used. That of when it was made may be gone by then: in a stream that is always written to, it nearly always is.
const fromHorizon = 0

// iteratorLife is how long an iterator can be used.
const iteratorLife = 15 * time.Minute

const iteratorInfix = "|001|" // between the ARN and the place; 001 is the version

const iteratorBytes = 3*4 + 1 + 2*8 + 4

// encode returns the text of an iterator: the stream's ARN, a version, and
// the place with a checksum.
func (it shardIterator) encode(arn string) string {
	b := make([]byte, 0, iteratorBytes)
	b = binary.BigEndian.AppendUint32(b, it.tableID)
	b = binary.BigEndian.AppendUint32(b, it.windowID)
	b = binary.BigEndian.AppendUint32(b, it.epoch)
	b = append(b, it.slot)
	b = binary.BigEndian.AppendUint64(b, it.next)
	b = binary.BigEndian.AppendUint64(b, uint64(it.issued))
	b = binary.BigEndian.AppendUint32(b, crc32.Update(crc32.Checksum([]byte(arn), castagnoli), castagnoli, b))
	return arn + iteratorInfix + base64.StdEncoding.EncodeToString(b)
}

func errInvalidIterator() error { return api.Validation("Invalid ShardIterator") }

func decodeIterator(s string) (it shardIterator, arn string, err error) {
	arn, text, found := strings.Cut(s, iteratorInfix)
	b, err := base64.StdEncoding.DecodeString(text)
	if !found || err != nil || len(b) != iteratorBytes || len(text) != base64.StdEncoding.EncodedLen(iteratorBytes) {
		return it, "", errInvalidIterator()
	}
	body := b[:iteratorBytes-4]
	if binary.BigEndian.Uint32(b[len(body):]) != crc32.Update(crc32.Checksum([]byte(arn), castagnoli), castagnoli, body) {
		return it, "", errInvalidIterator()
	}
	return shardIterator{
		tableID: binary.BigEndian.Uint32(b), windowID: binary.BigEndian.Uint32(b[4:]), epoch: binary.BigEndian.Uint32(b[8:]),
		slot: b[12], next: binary.BigEndian.Uint64(b[13:]), issued: int64(binary.BigEndian.Uint64(b[21:])),
	}, arn, nil
}

// One GetRecords answers so much at most.
//
// Source: Amazon DynamoDB API Reference, "GetRecords".
const (
	maxGetRecords      = 1000
	maxGetRecordsBytes = 1 << 20
)

func (e *Engine) getRecords(ctx context.Context, in *api.GetRecordsInput) (*api.GetRecordsOutput, error) {
	it, arn, err := decodeIterator(*in.ShardIterator)
	if err != nil {
		return nil, err
	}
	now := e.micros()
	if age := time.Duration(now-it.issued) * time.Microsecond; age > iteratorLife {
		return nil, &api.Error{Code: api.CodeExpiredIterator, Message: "Shard iterator has expired"}
	}
	limit := maxGetRecords
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	out := &api.GetRecordsOutput{}
	err = e.store.View(ctx, func(r kv.Reader) error {
		out.Records, out.NextShardIterator = []api.Record{}, nil
		j, err := e.journals.read(r, it.tableID)
		if err != nil {
			return err
		}
		var w *window
		if j != nil {
			w = j.window(it.windowID)
		}
		if w == nil || w.over(now) || e.streamARN(j.Table, w.Label) != arn {
			return errShardNotFound()
		}
		sequences, err := j.sequences(r)
		if err != nil {
			return err
		}
		for _, s := range w.shards(sequences, now) {
			if s.number != it.epoch || s.slot != int(it.slot) {
				continue
			}
			next, horizon := it, now-w.Retention
			if next.next == fromHorizon {
				if next.next, err = sequenceSince(r, j.TableID, it.slot, s.after+1, s.last, horizon+1); err != nil {
					return err
				}
			}
			if next.next <= s.after || next.next > s.last+1 {
				return errInvalidIterator() // not one that this store gave out
			}
			if out.Records, err = e.shardRecords(r, j, w, s, next.next, limit, horizon); err != nil {
				return err
			}
			next.next += uint64(len(out.Records))
			next.issued = now
			if !s.closed || next.next <= s.last {
				out.NextShardIterator = new(next.encode(arn))
			}
			return nil
		}
		return errTrimmed()
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// shardRecords reads records of a shard from a sequence on.
func (e *Engine) shardRecords(r kv.Reader, j *journal, w *window, s shard, next uint64, limit int, horizon int64) ([]api.Record, error) {
	list := []api.Record{}
	if next > s.last {
		return list, nil
	}
	size := 0
	for p, err := range r.Scan(journalKey(j.TableID, byte(s.slot), next), journalKey(j.TableID, byte(s.slot), min(s.last, math.MaxUint64-1)+1), false) {
		if err != nil {
			return nil, err
		}
		n, err := readRecord(p)
		if err != nil {
			return nil, err
		}
		if size += len(n.old) + len(n.new); len(list) == limit || len(list) > 0 && size > maxGetRecordsBytes {
			return list, nil
		}
		if n.sequence != next+uint64(len(list)) || n.time <= horizon {
			return nil, errTrimmed()
		}
		list = append(list, e.streamRecord(j.TableID, n, len(j.KeySchema), w.ViewType))
	}
	if len(list) == 0 {
		return nil, errTrimmed()
	}
	return list, nil
}

// streamRecord returns what a stream tells of a change. It shares no memory with it.
func (e *Engine) streamRecord(tableID uint32, n recorded, keyAttributes int, view api.StreamViewType) api.Record {
	keys, size := n.keys(keyAttributes)
	d := &api.StreamRecord{
		ApproximateCreationDateTime: new(time.UnixMicro(n.time).UTC().Truncate(time.Second)),
		Keys:                        api.StoredItem(keys), SequenceNumber: new(sequenceNumber(int(n.slot), n.sequence)), StreamViewType: new(view),
	}
	if n.new != nil && (view == api.StreamViewTypeNewImage || view == api.StreamViewTypeNewAndOldImages) {
		d.NewImage = api.StoredItem(bytes.Clone(n.new))
		size += n.newSize
	}
	if n.old != nil && (view == api.StreamViewTypeOldImage || view == api.StreamViewTypeNewAndOldImages) {
		d.OldImage = api.StoredItem(bytes.Clone(n.old))
		size += n.oldSize
	}
	d.SizeBytes = new(int64(size))
	record := api.Record{
		AwsRegion: new(e.opt.Region), Dynamodb: d, EventID: new(string(e.appendEventID(nil, tableID, n.slot, n.sequence))), EventName: new(n.event()),
		EventSource: new("aws:dynamodb"), EventVersion: new("1.1"),
	}
	if n.service {
		record.UserIdentity = expiryIdentity()
	}
	return record
}

// appendEventID appends the id of a change: the beginning of the store's id, and
// the place in the journal, which no other change has.
func (e *Engine) appendEventID(dst []byte, tableID uint32, slot byte, sequence uint64) []byte {
	var place [13]byte
	binary.BigEndian.PutUint32(place[:], tableID)
	place[4] = slot
	binary.BigEndian.PutUint64(place[5:], sequence)
	return hex.AppendEncode(append(dst, e.id[:min(6, len(e.id))]...), place[:])
}

// expiryIdentity is who deletes expired items.
func expiryIdentity() *api.Identity {
	return &api.Identity{PrincipalId: new(api.ServicePrincipal), Type: new(api.ServiceIdentityType)}
}

// event returns the kind of a change.
func (n recorded) event() api.OperationType {
	switch {
	case n.old == nil:
		return api.OperationTypeInsert
	case n.new == nil:
		return api.OperationTypeRemove
	}
	return api.OperationTypeModify
}
