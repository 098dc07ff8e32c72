package engine

import (
	"strings"

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

// ForgeIterator returns an iterator, its checksum made right, that is further on by so many records, or before the
// first one when by is negative. What is no iterator becomes one of an ARN of that name.
func ForgeIterator(s string, forward uint64, by int) string {
	it, arn, err := decodeIterator(s)
	if err != nil {
		arn, _, _ = strings.Cut(s, iteratorInfix)
	}
	it.next += forward
	if by < 0 {
		it.next = 0
	}
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
