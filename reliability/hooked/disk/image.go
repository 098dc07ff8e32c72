package disk

import (
	"bytes"
	"cmp"
	"slices"
)

// Sector is what a disk writes as a whole, in bytes.
const Sector = 512

// Image is what is known of a disk at one moment: what has been synced, and the
// operations since then, each of which may have arrived or not.
type Image struct {
	Synced  []byte
	Pending []Op
}

// Apply lets one operation happen. A sync makes all that is pending durable; one that
// fails loses it: the system may have dropped the pages that it could not
// write, and takes them for written.
func (im *Image) Apply(op Op) {
	switch {
	case op.Kind == Sync && op.Failed:
		im.Pending = nil
	case op.Kind == Sync:
		for _, p := range im.Pending {
			im.Synced = applied(im.Synced, p)
		}
		im.Pending = nil
	case op.Kind == Mark, op.Failed && op.Kind == Truncate, op.Failed && len(op.Data) == 0:
	default:
		im.Pending = append(im.Pending, op)
	}
}

// All is the file with everything that is pending.
func (im *Image) All() []byte {
	b := slices.Clone(im.Synced)
	for _, p := range im.Pending {
		b = applied(b, p)
	}
	return b
}

func applied(b []byte, op Op) []byte {
	if op.Kind == Truncate {
		return resized(b, op.Size)
	}
	b = resized(b, max(int64(len(b)), op.Off+int64(len(op.Data))))
	copy(b[op.Off:], op.Data)
	return b
}

func resized(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// Crash is one thing that the disk can hold after a loss of power: Synced of an
// Image, with the size Size and with Patches, one after the other.
type Crash struct {
	What    string // for people
	Size    int64
	Patches []Patch
}

// Patch is bytes that arrived.
type Patch struct {
	Off  int64
	Data []byte
}

// crash builds the Crash of the operations that arrived, in their order. torn,
// when not nil, says which sectors of the operation number at arrived. What
// changes nothing is left out, unless writes overlap.
func (im *Image) crash(what string, arrived []int, overlap bool, at int, torn func(sector int) bool) Crash {
	c := Crash{What: what, Size: int64(len(im.Synced))}
	for _, i := range arrived {
		op := im.Pending[i]
		first := len(c.Patches)
		if op.Kind == Truncate {
			c.Size = op.Size
			continue
		}
		for s := 0; s*Sector < len(op.Data); s++ {
			if torn != nil && i == at && !torn(s) {
				continue
			}
			off := op.Off + int64(s*Sector)
			data := op.Data[s*Sector : min((s+1)*Sector, len(op.Data))]
			c.Size = max(c.Size, off+int64(len(data)))
			if !overlap && im.same(off, data) {
				continue
			}
			if n := len(c.Patches); n > first && c.Patches[n-1].Off+int64(len(c.Patches[n-1].Data)) == off {
				c.Patches[n-1].Data = op.Data[c.Patches[n-1].Off-op.Off : s*Sector+len(data)]
				continue
			}
			c.Patches = append(c.Patches, Patch{Off: off, Data: data})
		}
	}
	return c
}

// same reports whether the synced file has data at off already.
func (im *Image) same(off int64, data []byte) bool {
	end := off + int64(len(data))
	return end <= int64(len(im.Synced)) && bytes.Equal(im.Synced[off:end], data)
}

// overlaps reports whether two pending writes touch the same bytes.
func (im *Image) overlaps() bool {
	var writes []Op
	for _, op := range im.Pending {
		if op.Kind == Write {
			writes = append(writes, op)
		}
	}
	slices.SortFunc(writes, func(a, b Op) int { return cmp.Compare(a.Off, b.Off) })
	for i := 1; i < len(writes); i++ {
		if writes[i].Off < writes[i-1].Off+int64(len(writes[i-1].Data)) {
			return true
		}
	}
	return false
}
