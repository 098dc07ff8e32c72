package engine

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/statordb/stator/kv"
)

// The kinds of the store's own rows of journals.
const (
	SystemJournals    = systemJournals
	SystemSubscribers = systemSubscribers
)

// SequenceNumber returns the text of a sequence of a slot.
func SequenceNumber(slot int, sequence uint64) string { return sequenceNumber(slot, sequence) }

// ParseSequenceNumber is its inverse.
func ParseSequenceNumber(s string) (slot int, sequence uint64, ok bool) {
	return parseSequenceNumber(s)
}

// ForgeIterator returns an iterator, its checksum made right, that is further on by so many records. What is no
// iterator becomes one of an ARN of that name.
func ForgeIterator(s string, forward uint64) string {
	it, arn, err := decodeIterator(s)
	if err != nil {
		arn, _, _ = strings.Cut(s, iteratorInfix)
	}
	it.next += forward
	return it.encode(arn)
}

// DecodeIterator reads an iterator and writes it again.
func DecodeIterator(s string) (string, error) {
	it, arn, err := decodeIterator(s)
	if err != nil {
		return "", err
	}
	return it.encode(arn), nil
}

// ReadRecord reads a journal's row, and everything of it that anybody looks at.
func ReadRecord(p kv.Pair, attributes int) (event string, err error) {
	n, err := readRecord(p)
	if err != nil {
		return "", err
	}
	n.keys(attributes)
	n.old.Size()
	n.new.Size()
	return string(n.event()), nil
}

// SealRecord makes the checksum of a journal's row right.
func SealRecord(p kv.Pair) kv.Pair {
	if len(p.Value) >= recordHeaderSize {
		sum := record(p.Value).checksum(p.Key)
		p.Value[recordChecksumAt], p.Value[recordChecksumAt+1], p.Value[recordChecksumAt+2], p.Value[recordChecksumAt+3] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
	}
	return p
}

// OpenLongWindow opens the window of a data stream with a name on a table.
func (e *Engine) OpenLongWindow(ctx context.Context, table, name string, retention time.Duration) error {
	_, err := e.changeTable(ctx, table, func(w kv.Writer, rec *tableRecord) error {
		win := window{Kind: windowDataStream, Retention: retention.Microseconds(), DataStream: &dataStream{StreamArn: name}}
		return openWindow(w, rec, win, e.micros())
	})
	return err
}

// CloseLongWindow closes it.
func (e *Engine) CloseLongWindow(ctx context.Context, table, name string) error {
	_, err := e.changeTable(ctx, table, func(w kv.Writer, rec *tableRecord) error {
		return closeWindow(w, rec, e.micros(), func(w *window) bool { return w.DataStream != nil && w.DataStream.StreamArn == name })
	})
	return err
}

// JournalState is what a store knows of a journal.
type JournalState struct {
	Table           string
	Dropped         bool
	Windows, Epochs int
}

// Journals tells of all journals that a store has.
func Journals(ctx context.Context, store kv.Store) (list []JournalState, err error) {
	err = store.View(ctx, func(r kv.Reader) error {
		list = nil
		all, err := readJournals(r)
		for _, j := range all {
			s := JournalState{Table: j.Table, Dropped: j.Dropped != 0, Windows: len(j.Windows)}
			for _, w := range j.Windows {
				s.Epochs += len(w.Epochs)
			}
			list = append(list, s)
		}
		return err
	})
	return list, err
}

// Trim trims all journals.
func (e *Engine) Trim(ctx context.Context) (int64, error) { return e.trim(ctx) }

// JournalPlace returns the place in the key of a journal's row.
func JournalPlace(key []byte) (slot byte, sequence uint64) { return journalPlace(key) }

// ChangeNumber returns the attribute "number" of the new item of a journal's row.
func ChangeNumber(p kv.Pair) int {
	n, err := readRecord(p)
	if err != nil {
		return -1
	}
	number, err := strconv.Atoi(n.new.Lookup("number").Text())
	if err != nil {
		return -1
	}
	return number
}

// Waiting returns how many tables somebody waits for.
func (e *Engine) Waiting() int { return int(e.readers.waiting.Load()) }
