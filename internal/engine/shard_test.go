package engine_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/engine"
)

const (
	trimHorizon = api.ShardIteratorTypeTrimHorizon
	latest      = api.ShardIteratorTypeLatest
	atTimestamp = api.ShardIteratorTypeAtTimestamp
	atNumber    = api.ShardIteratorTypeAtSequenceNumber
	afterNumber = api.ShardIteratorTypeAfterSequenceNumber
)

// maintain does what the clock makes due.
func maintain(t testing.TB, c api.Client) *api.MaintainOutput {
	t.Helper()
	return do(t, c, &api.MaintainInput{})
}

// oneShard returns an engine with a table "tab", its stream and the shard that the item "a" is in. write puts it, with
// another number each time.
type oneShard struct {
	t     testing.TB
	e     *engine.Engine
	clock *clock
	arn   string
	shard string
	n     int
}

func newOneShard(t testing.TB) *oneShard {
	s := &oneShard{t: t, clock: newClock()}
	s.e = openPaused(t, openMemory(t), engine.Options{Now: s.clock.Now})
	s.arn = createStreamed(t, s.e, "tab pk:S", newAndOld)
	s.write()
	for _, d := range describeStream(t, s.e, s.arn).Shards {
		if records, _ := readShard(t, s.e, iterator(t, s.e, s.arn, *d.ShardId, trimHorizon)); len(records) > 0 {
			s.shard = *d.ShardId
		}
	}
	require.NotEmpty(t, s.shard)
	return s
}

func (s *oneShard) write() {
	s.t.Helper()
	s.n++
	put(s.t, s.e, "tab", text(`{pk: "a", n: %d}`, s.n))
}

// at is GetShardIterator with a sequence number.
func (s *oneShard) at(kind api.ShardIteratorType, number string) *api.GetShardIteratorInput {
	return &api.GetShardIteratorInput{StreamArn: &s.arn, ShardId: &s.shard, ShardIteratorType: &kind, SequenceNumber: &number}
}

func (s *oneShard) since(at time.Time) *api.GetShardIteratorInput {
	return &api.GetShardIteratorInput{StreamArn: &s.arn, ShardId: &s.shard, ShardIteratorType: new(atTimestamp), Timestamp: &at}
}

// numbers returns the numbers n that the records of an iterator wrote.
func (s *oneShard) numbers(it string) []string {
	s.t.Helper()
	records, _ := readShard(s.t, s.e, it)
	list := []string{}
	for _, r := range records {
		list = append(list, r.Dynamodb.NewImage.Value("n").String())
	}
	return list
}

func (s *oneShard) numbersOf(in *api.GetShardIteratorInput) []string {
	s.t.Helper()
	return s.numbers(*do(s.t, s.e, in).ShardIterator)
}

func TestIterators(t *testing.T) {
	s := newOneShard(t)
	var numbers []string
	for range 4 {
		s.clock.Advance(time.Minute)
		s.write()
	}
	records, next := readShard(t, s.e, iterator(t, s.e, s.arn, s.shard, trimHorizon))
	require.NotNil(t, next, "the shard is open")
	for _, r := range records {
		numbers = append(numbers, *r.Dynamodb.SequenceNumber)
	}
	require.True(t, slices.IsSorted(numbers))
	require.Len(t, slices.Compact(slices.Clone(numbers)), 5)
	begin := newClock().Now()

	require.Equal(t, []string{"1", "2", "3", "4", "5"}, s.numbersOf(s.at(atNumber, numbers[0])))
	require.Equal(t, []string{"3", "4", "5"}, s.numbersOf(s.at(atNumber, numbers[2])))
	require.Equal(t, []string{"4", "5"}, s.numbersOf(s.at(afterNumber, numbers[2])))
	require.Empty(t, s.numbersOf(s.at(afterNumber, numbers[4])))
	require.Equal(t, []string{"1", "2", "3", "4", "5"}, s.numbersOf(s.since(begin.Add(-time.Hour*48))))
	require.Equal(t, []string{"1", "2", "3", "4", "5"}, s.numbersOf(s.since(begin)))
	require.Equal(t, []string{"2", "3", "4", "5"}, s.numbersOf(s.since(begin.Add(time.Microsecond))))
	require.Equal(t, []string{"3", "4", "5"}, s.numbersOf(s.since(begin.Add(2*time.Minute))))
	require.Equal(t, []string{"5"}, s.numbersOf(s.since(begin.Add(4*time.Minute))))
	err := fails(t, s.e, s.since(begin.Add(4*time.Minute+time.Microsecond)))
	require.Equal(t, "One or more parameter values were invalid: Timestamp cannot be in the future", err.Message)

	// LATEST and what has been read to the end see what comes later, and only that.
	at := iterator(t, s.e, s.arn, s.shard, latest)
	require.Empty(t, s.numbers(at))
	s.write()
	require.Equal(t, []string{"6"}, s.numbers(at))
	require.Equal(t, []string{"6"}, s.numbers(*next))
	s.clock.Advance(time.Minute)
	require.Empty(t, s.numbersOf(s.since(s.clock.Now())))

	// Numbers that the shard does not have.
	start := *describeShard(t, s).SequenceNumberRange.StartingSequenceNumber
	require.Equal(t, numbers[0], start)
	future := *nextNumber(t, s, 7)
	for _, wrong := range []string{future, text("1%020d", 0), text("1%020d", 255), text("2%020d", 256), long0(40), text("1%020d", 1<<9|3-int(numbers[0][20]-'0')%4)} {
		for _, kind := range []api.ShardIteratorType{atNumber, afterNumber} {
			err := fails(t, s.e, s.at(kind, wrong))
			require.Equal(t, api.CodeValidation, err.Code, wrong)
			require.Equal(t, "Invalid SequenceNumber for the shard", err.Message, wrong)
		}
	}
	err = fails(t, s.e, &api.GetShardIteratorInput{StreamArn: &s.arn, ShardId: new("shardId-00000000000000000000-00000000"), ShardIteratorType: new(latest)})
	require.Equal(t, api.CodeResourceNotFound, err.Code)
	require.Equal(t, "Requested resource not found: Shard does not exist", err.Message)
}

func long0(n int) string { return strings.Repeat("0", n) }

func describeShard(t testing.TB, s *oneShard) api.Shard {
	shards := describeStream(t, s.e, s.arn).Shards
	return shards[slices.IndexFunc(shards, func(d api.Shard) bool { return *d.ShardId == s.shard })]
}

// nextNumber returns the sequence number that the n-th record of the shard will have.
func nextNumber(t testing.TB, s *oneShard, n uint64) *string {
	slot, first, ok := engine.ParseSequenceNumber(*describeShard(t, s).SequenceNumberRange.StartingSequenceNumber)
	require.True(t, ok)
	return new(engine.SequenceNumber(slot, first+n-1))
}

// TestEmptyShard reads a shard that has no record yet, by all kinds of iterators.
func TestEmptyShard(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	arn := createStreamed(t, e, "tab pk:S", newAndOld)
	for _, d := range describeStream(t, e, arn).Shards {
		first := d.SequenceNumberRange.StartingSequenceNumber
		for _, in := range []*api.GetShardIteratorInput{
			{ShardIteratorType: new(trimHorizon)}, {ShardIteratorType: new(latest)}, {ShardIteratorType: new(atNumber), SequenceNumber: first},
			{ShardIteratorType: new(atTimestamp), Timestamp: new(clock.Now())},
		} {
			in.StreamArn, in.ShardId = &arn, d.ShardId
			it := do(t, e, in).ShardIterator
			for range 3 {
				out := do(t, e, &api.GetRecordsInput{ShardIterator: it})
				require.Empty(t, out.Records)
				require.NotNil(t, out.Records)
				require.NotNil(t, out.NextShardIterator)
				it = out.NextShardIterator
				clock.Advance(14 * time.Minute) // no iterator of them is too old
			}
		}
	}
}

func TestIteratorsThatFail(t *testing.T) {
	s := newOneShard(t)
	it := iterator(t, s.e, s.arn, s.shard, trimHorizon)
	other := createStreamed(t, s.e, "other pk:S", newAndOld)
	require.LessOrEqual(t, len(it), 2048)

	s.clock.Advance(15 * time.Minute)
	do(t, s.e, &api.GetRecordsInput{ShardIterator: &it})
	s.clock.Advance(time.Microsecond)
	err := fails(t, s.e, &api.GetRecordsInput{ShardIterator: &it})
	require.Equal(t, api.CodeExpiredIterator, err.Code)
	require.Equal(t, "Shard iterator has expired", err.Message)

	it = iterator(t, s.e, s.arn, s.shard, trimHorizon)
	invalid := []string{
		"x", s.arn, s.arn + "|001|", s.arn + "|001|AAAA", s.arn + "|002|" + it[len(s.arn)+5:], it + "A", it[:len(it)-4], strings.Replace(it, s.arn, other, 1),
		strings.Replace(it, ":local:", ":eu-west-1:", 1),
		engine.ForgeIterator(it, 100), // of the future
	}
	at := len(s.arn) + len("|001|")
	raw, e := base64.StdEncoding.DecodeString(it[at:])
	require.NoError(t, e)
	for i := range raw {
		damaged := slices.Clone(raw)
		damaged[i] ^= 1
		invalid = append(invalid, it[:at]+base64.StdEncoding.EncodeToString(damaged))
	}
	for _, wrong := range invalid {
		err := fails(t, s.e, &api.GetRecordsInput{ShardIterator: &wrong})
		require.Equal(t, api.CodeValidation, err.Code, wrong)
		require.Equal(t, "Invalid ShardIterator", err.Message, wrong)
	}
	require.Equal(t, []string{"1"}, s.numbers(it), "control")
	require.Equal(t, []string{"1"}, s.numbers(engine.ForgeIterator(it, 0)), "control: a forged one is well made")
}

// TestGetRecordsLimits reads many records and big ones.
func TestGetRecordsLimits(t *testing.T) {
	s := newOneShard(t)
	for range 2499 {
		s.write()
	}
	var sizes []int
	at := iterator(t, s.e, s.arn, s.shard, trimHorizon)
	for len(sizes) < 4 {
		out := do(t, s.e, &api.GetRecordsInput{ShardIterator: &at})
		sizes = append(sizes, len(out.Records))
		at = *out.NextShardIterator
	}
	require.Equal(t, []int{1000, 1000, 500, 0}, sizes)
	for _, limit := range []int32{1, 7, 1000} {
		at := iterator(t, s.e, s.arn, s.shard, trimHorizon)
		require.Len(t, do(t, s.e, &api.GetRecordsInput{ShardIterator: &at, Limit: &limit}).Records, int(limit))
	}

	at = iterator(t, s.e, s.arn, s.shard, latest)
	for i := range 10 {
		put(t, s.e, "tab", text(`{pk: "a", n: %d, big: "%s"}`, i, long(300<<10)))
	}
	var all []api.Record
	sizes = nil
	for len(all) < 10 {
		out := do(t, s.e, &api.GetRecordsInput{ShardIterator: &at})
		total := int64(0)
		for _, r := range out.Records {
			total += *r.Dynamodb.SizeBytes
		}
		require.LessOrEqual(t, total, int64(1<<20))
		require.NotEmpty(t, out.Records)
		sizes = append(sizes, len(out.Records))
		all = append(all, out.Records...)
		at = *out.NextShardIterator
	}
	require.Len(t, all, 10)
	require.Equal(t, 2, sizes[0], "300 KB, and then 600 KB each: %v", sizes)
	require.NoError(t, checkHistory(append(readN(t, s, 2500), all...)))

	// The largest items that there are.
	at = iterator(t, s.e, s.arn, s.shard, latest)
	for _, c := range "xyz" {
		big := attr.Item{"pk": attr.S("a"), "v": attr.S(strings.Repeat(string(c), 400<<10-4))}
		do(t, s.e, &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(big)})
	}
	records, _ := readShard(t, s.e, at)
	require.Len(t, records, 3)
	require.Equal(t, int64(2*400<<10+3), *records[2].Dynamodb.SizeBytes)
}

func readN(t testing.TB, s *oneShard, n int) []api.Record {
	records, _ := readShard(t, s.e, iterator(t, s.e, s.arn, s.shard, trimHorizon))
	return records[:n]
}

// TestShardsRollOver writes for two days, every hour, and follows the lineage of the shards.
func TestShardsRollOver(t *testing.T) {
	s := newOneShard(t)
	shard, last := s.shard, ""
	var got []string
	// read goes on as clients do, from the last number that it saw or from shard to child.
	read := func() {
		for {
			in := &api.GetShardIteratorInput{StreamArn: &s.arn, ShardId: &shard, ShardIteratorType: new(trimHorizon)}
			if last != "" {
				in.ShardIteratorType, in.SequenceNumber = new(afterNumber), &last
			}
			records, next := readShard(t, s.e, *do(t, s.e, in).ShardIterator)
			for _, r := range records {
				require.Less(t, last, *r.Dynamodb.SequenceNumber)
				got, last = append(got, r.Dynamodb.NewImage.Value("n").String()), *r.Dynamodb.SequenceNumber
			}
			if next != nil {
				return
			}
			children := do(t, s.e, &api.DescribeStreamInput{StreamArn: &s.arn,
				ShardFilter: &api.ShardFilter{Type: new(api.ShardFilterType("CHILD_SHARDS")), ShardId: &shard}}).StreamDescription.Shards
			require.Len(t, children, 1)
			require.Equal(t, shard, *children[0].ParentShardId)
			shard, last = *children[0].ShardId, ""
		}
	}
	s.clock.Advance(4*time.Hour - time.Microsecond)
	maintain(t, s.e)
	require.Len(t, describeStream(t, s.e, s.arn).Shards, 4, "too early")
	for hour := 4; hour <= 48; hour++ {
		s.clock.Advance(newClock().Now().Add(time.Duration(hour) * time.Hour).Sub(s.clock.Now()))
		s.write()
		if hour%3 == 0 {
			read()
		}
		maintain(t, s.e)
		maintain(t, s.e)

		shards := describeStream(t, s.e, s.arn).Shards
		require.LessOrEqual(t, len(shards), 4*8)
		open := 0
		seen := map[string]api.Shard{}
		for i, d := range shards {
			if i > 0 {
				require.Less(t, *shards[i-1].ShardId, *d.ShardId)
			}
			if d.SequenceNumberRange.EndingSequenceNumber == nil {
				open++
			}
			if p, ok := seen[value(d.ParentShardId)]; ok {
				require.NotNil(t, p.SequenceNumberRange.EndingSequenceNumber)
				require.LessOrEqual(t, *p.SequenceNumberRange.EndingSequenceNumber, *d.SequenceNumberRange.StartingSequenceNumber)
			}
			seen[*d.ShardId] = d
		}
		require.Equal(t, 4, open)
	}
	read()
	require.Len(t, got, s.n)
	for i, n := range got {
		require.Equal(t, text("%d", i+1), n)
	}
	require.Greater(t, len(describeStream(t, s.e, s.arn).Shards), 4*5)

	// Pages of shards.
	var ids []string
	in := &api.DescribeStreamInput{StreamArn: &s.arn, Limit: new(int32(5))}
	for {
		d := do(t, s.e, in).StreamDescription
		require.LessOrEqual(t, len(d.Shards), 5)
		for _, shard := range d.Shards {
			ids = append(ids, *shard.ShardId)
		}
		if in.ExclusiveStartShardId = d.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			break
		}
	}
	var all []string
	for _, d := range describeStream(t, s.e, s.arn).Shards {
		all = append(all, *d.ShardId)
	}
	require.Equal(t, all, ids)
	d := do(t, s.e, &api.DescribeStreamInput{StreamArn: &s.arn, ExclusiveStartShardId: new("shardId-" + long0(20) + "-99999999")}).StreamDescription
	require.Len(t, d.Shards, len(all))
	d = do(t, s.e, &api.DescribeStreamInput{StreamArn: &s.arn, ExclusiveStartShardId: new("unknown, and after them all, by name")}).StreamDescription
	require.Empty(t, d.Shards)
	require.NotNil(t, d.Shards)

	// A stream to which nothing is written keeps its shards.
	require.Equal(t, all[len(all)-4:], quiet(t, s, 12*time.Hour))
}

// quiet lets time pass without writes and returns the ids of the shards that are open.
func quiet(t testing.TB, s *oneShard, d time.Duration) (open []string) {
	maintain(t, s.e)
	s.clock.Advance(d)
	maintain(t, s.e)
	for _, shard := range describeStream(t, s.e, s.arn).Shards {
		if shard.SequenceNumberRange.EndingSequenceNumber == nil {
			open = append(open, *shard.ShardId)
		}
	}
	return open
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestClosedStream reads a stream after it was disabled, and after its table was deleted, to its end.
func TestClosedStream(t *testing.T) {
	for _, how := range []string{"disabled", "table deleted"} {
		t.Run(how, func(t *testing.T) {
			s := newOneShard(t)
			before := iterator(t, s.e, s.arn, s.shard, latest)
			s.clock.Advance(time.Hour)
			s.write()
			if how == "disabled" {
				do(t, s.e, disableStream("tab"))
				s.write() // which nobody records
				s.clock.Advance(time.Minute)
				second := *do(t, s.e, enableStream("tab", api.StreamViewTypeKeysOnly)).TableDescription.LatestStreamArn
				s.write()
				require.Equal(t, []string{`MODIFY {pk: "a"}`}, briefs(readStream(t, s.e, second)))
				s.clock.Advance(-time.Minute)
			} else {
				do(t, s.e, &api.DeleteTableInput{TableName: new("tab")})
				require.NoError(t, s.e.FinishJobs(t.Context()))
				second := createStreamed(t, s.e, "tab pk:S sk:S", newAndOld)
				put(t, s.e, "tab", `{pk: "a", sk: "other"}`)
				require.Equal(t, []string{`INSERT {pk: "a", sk: "other"} new {pk: "a", sk: "other"}`}, briefs(readStream(t, s.e, second)))
				require.Len(t, describeStream(t, s.e, s.arn).KeySchema, 1)
			}
			ended := s.clock.Now()
			d := describeStream(t, s.e, s.arn)
			require.Equal(t, api.StreamStatusDisabled, *d.StreamStatus)
			for _, shard := range d.Shards {
				require.NotNil(t, shard.SequenceNumberRange.EndingSequenceNumber)
			}
			require.Equal(t, *nextNumber(t, s, 2), *describeShard(t, s).SequenceNumberRange.EndingSequenceNumber)
			want := []string{`INSERT {pk: "a"} new {n: 1, pk: "a"}`, `MODIFY {pk: "a"} old {n: 1, pk: "a"} new {n: 2, pk: "a"}`}
			require.Equal(t, want, briefs(readStream(t, s.e, s.arn)))
			for at, rest := range map[string]int{before: 1, iterator(t, s.e, s.arn, s.shard, trimHorizon): 2, iterator(t, s.e, s.arn, s.shard, latest): 0,
				*do(t, s.e, s.at(afterNumber, *nextNumber(t, s, 2))).ShardIterator: 0, *do(t, s.e, s.at(atNumber, *nextNumber(t, s, 2))).ShardIterator: 1} {
				if at == before {
					continue // an hour old
				}
				records, next := readShard(t, s.e, at)
				require.Len(t, records, rest)
				require.Nil(t, next)
			}

			// The first record is gone after 24 h, the stream 24 h after its end.
			s.clock.Advance(23 * time.Hour)
			require.Equal(t, want[1:], briefs(readStream(t, s.e, s.arn)))
			s.clock.Advance(ended.Add(24*time.Hour - time.Microsecond).Sub(s.clock.Now()))
			require.Equal(t, want[1:], briefs(readStream(t, s.e, s.arn)))
			at := iterator(t, s.e, s.arn, s.shard, trimHorizon)
			s.clock.Advance(time.Microsecond)
			for range 2 { // before and after it is trimmed
				require.Equal(t, api.CodeResourceNotFound, fails(t, s.e, &api.DescribeStreamInput{StreamArn: &s.arn}).Code)
				err := fails(t, s.e, &api.GetRecordsInput{ShardIterator: &at})
				require.Equal(t, api.CodeResourceNotFound, err.Code)
				require.Equal(t, "Requested resource not found: Shard does not exist", err.Message)
				require.Len(t, do(t, s.e, &api.ListStreamsInput{}).Streams, 1)
				maintain(t, s.e)
			}
		})
	}
}

// TestShardOfTheTime follows one stream over the end of its first shard, by an iterator of each kind.
func TestIteratorOverRollOver(t *testing.T) {
	s := newOneShard(t)
	s.clock.Advance(4 * time.Hour)
	end := iterator(t, s.e, s.arn, s.shard, latest)
	out := do(t, s.e, &api.GetRecordsInput{ShardIterator: &end})
	maintain(t, s.e)
	s.write() // in the child
	require.Nil(t, do(t, s.e, &api.GetRecordsInput{ShardIterator: out.NextShardIterator}).NextShardIterator)
	require.Nil(t, do(t, s.e, &api.GetRecordsInput{ShardIterator: &end}).NextShardIterator)
	require.Equal(t, []string{"1"}, s.numbersOf(s.at(atNumber, *nextNumber(t, s, 1))))
	require.Equal(t, "Invalid SequenceNumber for the shard", fails(t, s.e, s.at(atNumber, *nextNumber(t, s, 2))).Message)
	parent := describeShard(t, s)
	children := do(t, s.e, &api.DescribeStreamInput{StreamArn: &s.arn,
		ShardFilter: &api.ShardFilter{Type: new(api.ShardFilterType("CHILD_SHARDS")), ShardId: parent.ShardId}}).StreamDescription.Shards
	require.Len(t, children, 1)
	s.shard = *children[0].ShardId
	require.Equal(t, []string{"2"}, s.numbers(iterator(t, s.e, s.arn, s.shard, trimHorizon)))
	before := engine.ForgeIterator(iterator(t, s.e, s.arn, s.shard, latest), ^uint64(1)) // two back, in the parent
	require.Equal(t, "Invalid ShardIterator", fails(t, s.e, &api.GetRecordsInput{ShardIterator: &before}).Message)
	require.Equal(t, *nextNumber(t, s, 1), *children[0].SequenceNumberRange.StartingSequenceNumber)
	require.Equal(t, "Invalid SequenceNumber for the shard", fails(t, s.e, s.at(atNumber, *parent.SequenceNumberRange.EndingSequenceNumber)).Message)
}

func FuzzDecodeIterator(f *testing.F) {
	f.Add("arn:aws:dynamodb:local:000000000000:table/tab/stream/2026-11-01T12:00:00.000|001|AAAAAQAAAAEAAAAAAQAAAAAAAAABAAAAAAAAAAAAAAAA")
	f.Add(engine.ForgeIterator("arn", 1))
	f.Add(engine.ForgeIterator("arn", 1) + "\n")
	f.Fuzz(func(t *testing.T, s string) {
		bound.Input(t, func() {
			again, err := engine.DecodeIterator(s)
			if err != nil {
				require.Equal(t, "ValidationException: Invalid ShardIterator", err.Error())
				return
			}
			require.Equal(t, s, again, "there is one text of an iterator")
		})
	})
}

func FuzzSequenceNumber(f *testing.F) {
	f.Add("100000000000000000513")
	f.Add("1")
	f.Add("100000000000000000+13")
	f.Fuzz(func(t *testing.T, s string) {
		bound.Input(t, func() {
			slot, sequence, ok := engine.ParseSequenceNumber(s)
			if ok {
				require.Equal(t, s, engine.SequenceNumber(slot, sequence), "there is one text of a sequence number")
			}
		})
	})
}
