package api

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
)

// Position is a place in the journal of a table, between two changes of each slot.
// It is immutable: nobody changes one that is passed on.
type Position struct {
	// TableID is the TableId of the table's description. A table that is made
	// anew has another, so that no position leads into it.
	TableID string

	// Next is the sequence of the next change of each slot.
	Next []uint64
}

// The text form is "p1." and, in base64 for URLs, the bytes
//
//	table id [16] | number of slots [1] | next [uvarint] for each slot | CRC-32C of all before [4]
//
// where p1 is the version. The first slot is written whole, each other as its
// difference from the one before.
const (
	positionVersion = "p1."
	maxSlots        = 255
)

// castagnoli makes the table of CRC-32C, which hash/crc32 keeps.
func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// String returns the text form, for keeping it somewhere; ParsePosition reads
// it. It is printable ASCII without spaces, quotes or slashes, of about 32
// characters and 2 to 13 more for each slot. A nil Position is "". A Position
// that the database did not make may have none, and is then "invalid position: …".
func (p *Position) String() string {
	if p == nil {
		return ""
	}
	id, err := parseTableID(p.TableID)
	if err == nil && len(p.Next) > maxSlots {
		err = fmt.Errorf("%d slots, at most %d are allowed", len(p.Next), maxSlots)
	}
	if err != nil {
		return "invalid position: " + err.Error()
	}
	b := make([]byte, 0, len(id)+1+len(p.Next)*3+4)
	b = append(append(b, id[:]...), byte(len(p.Next)))
	last := uint64(0)
	for _, next := range p.Next {
		b = binary.AppendUvarint(b, zigzag(next-last))
		last = next
	}
	b = binary.BigEndian.AppendUint32(b, castagnoli(b))
	return positionVersion + base64.RawURLEncoding.EncodeToString(b)
}

// zigzag makes small differences, up or down, small numbers.
func zigzag(d uint64) uint64 { return d<<1 ^ uint64(int64(d)>>63) }

func unzigzag(z uint64) uint64 { return z>>1 ^ -(z & 1) }

// ParsePosition reads what String returned. Anything else, a damaged text too,
// is an error with CodeValidation that says what is wrong.
func ParsePosition(s string) (*Position, error) {
	p, err := parsePosition(s)
	if err != nil {
		return nil, Validation("Invalid position: " + err.Error())
	}
	return p, nil
}

func parsePosition(s string) (*Position, error) {
	text, ok := strings.CutPrefix(s, positionVersion)
	switch {
	case s == "":
		return nil, errors.New("it is empty")
	case !ok:
		return nil, fmt.Errorf("it must begin with %q, the only version known", positionVersion)
	case len(text) > base64.RawURLEncoding.EncodedLen(16+1+maxSlots*binary.MaxVarintLen64+4):
		return nil, fmt.Errorf("it has %d characters", len(s))
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("it is damaged: not base64")
	}
	if len(b) < 16+1+4 {
		return nil, errors.New("it is damaged: too short")
	}
	b, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if castagnoli(b) != sum {
		return nil, errors.New("it is damaged: the checksum differs")
	}
	p := &Position{TableID: formatTableID([16]byte(b)), Next: make([]uint64, b[16])}
	b = b[17:]
	last := uint64(0)
	for i := range p.Next {
		z, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errors.New("it is damaged: too short")
		}
		b = b[n:]
		last += unzigzag(z)
		p.Next[i] = last
	}
	if len(b) > 0 {
		return nil, errors.New("it is damaged: too long")
	}
	return p, nil
}

// After returns a Position that has c behind it, and is p otherwise: the place to go on
// from when c was dealt with, and all that came before it. A change that p has
// behind it already leaves it as it is. p is not changed. A nil Position stays nil.
func (p *Position) After(c *Change) *Position {
	if p == nil || c == nil {
		return p
	}
	after := &Position{TableID: p.TableID, Next: slices.Clone(p.Next)}
	if 0 <= c.Slot && c.Slot < len(after.Next) && c.Sequence < math.MaxUint64 {
		after.Next[c.Slot] = max(after.Next[c.Slot], c.Sequence+1)
	}
	return after
}

// parseTableID reads a UUID in its usual form, in lower case.
func parseTableID(s string) (id [16]byte, err error) {
	const form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	bad := len(s) != len(form)
	n := 0
	for i := 0; i < len(form) && !bad; i++ {
		c := s[i]
		switch {
		case form[i] == '-':
			bad = c != '-'
			continue
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		default:
			bad = true
		}
		id[n/2] = id[n/2]<<4 | c
		n++
	}
	if bad {
		return [16]byte{}, fmt.Errorf("%.64q is no table id", s)
	}
	return id, nil
}

func formatTableID(id [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
