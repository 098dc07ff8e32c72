// Package overlay holds the writes of a transaction that is not committed yet
// and reads through them to what lies beneath.
//
// A store runs each fn on a Layer of its own. When fn fails the layer is
// dropped, and nothing beneath has to be undone; when it succeeds the layer is
// merged into the one below it or applied to the store, in key order.
package overlay

import (
	"bytes"
	"iter"
)

// Layer is an ordered map of writes: for each key a value or a deletion.
//
// It is a skip list, for three properties together. One key in it costs no
// allocation once its arrays are warm, and ten thousand cost no more than their
// logarithm each, where a sorted slice would shift half of itself for every
// key. An iterator holds an index and survives insertions. And a write made
// while a scan is open keeps the version that it replaces, so that the scan
// goes on seeing the state from before its loop began without copying anything.
//
// A Layer keeps the slices that it is given; they must stay unchanged as long
// as the layer holds them. The zero Layer is ready to use. It is not safe for
// concurrent use.
type Layer struct {
	nodes  []node    // nodes[0] is the head and has no key
	links  []int32   // towers of the nodes, one after another
	old    []version // versions replaced while a scan was open; old[0] is unused
	height int       // of the highest tower in use
	seq    uint64    // number of the last write
	open   int       // scans under way
	bytes  int       // keys and values held
	random uint64    // state of the xorshift that draws heights
}

const (
	maxHeight = 12   // with one node in four rising a level, enough for 4^12
	keptNodes = 4096 // arrays beyond this are given back by Reset
)

type node struct {
	key []byte
	version
	tower int32 // where its links begin
}

// version is one state of a key; a nil value is a deletion.
type version struct {
	value []byte
	seq   uint64
	older int32 // index in Layer.old of the version before, 0 for none
}

// Len returns the number of keys that the layer puts or deletes.
func (l *Layer) Len() int { return max(len(l.nodes)-1, 0) }

// Bytes returns the size of the keys and values that the layer holds.
func (l *Layer) Bytes() int { return l.bytes }

// Reset empties the layer and drops its references to the slices in it.
func (l *Layer) Reset() {
	if cap(l.nodes) > keptNodes {
		*l = Layer{random: l.random}
		return
	}
	clear(l.nodes)
	clear(l.old)
	l.nodes, l.links, l.old = l.nodes[:0], l.links[:0], l.old[:0]
	l.height, l.seq, l.open, l.bytes = 0, 0, 0, 0
}

// Get returns what the layer knows about key: its value, or nil when it was
// deleted. found is false when the layer does not know the key.
func (l *Layer) Get(key []byte) (value []byte, found bool) {
	if l.Len() == 0 {
		return nil, false
	}
	i := l.seek(key, nil)
	if i == 0 || !bytes.Equal(l.nodes[i].key, key) {
		return nil, false
	}
	return l.nodes[i].value, true
}

// Put sets the value of key; a nil value is an empty one.
func (l *Layer) Put(key, value []byte) {
	if value == nil {
		value = []byte{}
	}
	l.set(key, value)
}

// Delete marks key as deleted, whether or not it exists beneath.
func (l *Layer) Delete(key []byte) { l.set(key, nil) }

// All yields every key in order with its value, nil for a deletion. The layer
// must not be changed meanwhile.
func (l *Layer) All() iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		if l.Len() == 0 {
			return
		}
		for i := l.next(0, 0); i != 0; i = l.next(i, 0) {
			if n := &l.nodes[i]; !yield(n.key, n.value) {
				return
			}
		}
	}
}

// Merge writes everything that from holds into l, the same slices.
func (l *Layer) Merge(from *Layer) {
	for key, value := range from.All() {
		l.set(key, value)
	}
}

func (l *Layer) set(key, value []byte) {
	if len(l.nodes) == 0 {
		l.start()
	}
	var before [maxHeight]int32
	i := l.seek(key, &before)
	l.seq++
	l.bytes += len(value)
	if i != 0 && bytes.Equal(l.nodes[i].key, key) {
		n := &l.nodes[i]
		l.bytes -= len(n.value)
		older := int32(0)
		if l.open > 0 {
			older = int32(len(l.old))
			l.old = append(l.old, n.version)
		}
		n.version = version{value: value, seq: l.seq, older: older}
		return
	}
	l.bytes += len(key)
	height := l.drawHeight()
	l.height = max(l.height, height)
	tower := len(l.links)
	added := int32(len(l.nodes))
	l.nodes = append(l.nodes, node{
		key: key, version: version{value: value, seq: l.seq}, tower: int32(tower),
	})
	for level := range height {
		link := l.nodes[before[level]].tower + int32(level)
		l.links = append(l.links, l.links[link])
		l.links[link] = added
	}
}

func (l *Layer) start() {
	l.nodes = append(l.nodes, node{})
	l.old = append(l.old, version{})
	l.links = append(l.links, make([]int32, maxHeight)...)
	l.height = 1
	if l.random == 0 {
		l.random = 0x9E3779B97F4A7C15
	}
}

func (l *Layer) drawHeight() int {
	l.random ^= l.random << 13
	l.random ^= l.random >> 7
	l.random ^= l.random << 17
	height := 1
	for r := l.random >> 32; height < maxHeight && r&3 == 0; r >>= 2 {
		height++
	}
	return height
}

func (l *Layer) next(i int32, level int) int32 {
	return l.links[l.nodes[i].tower+int32(level)]
}

// seek returns the first node whose key is not below key, 0 when there is
// none, and in before (when not nil) the last node below key on each level.
func (l *Layer) seek(key []byte, before *[maxHeight]int32) int32 {
	at, passed := int32(0), int32(0)
	for level := l.height - 1; level >= 0; level-- {
		for {
			next := l.next(at, level)
			if next == passed || bytes.Compare(l.nodes[next].key, key) >= 0 {
				passed = next // known to be not below key: do not compare it again
				break
			}
			at = next
		}
		if before != nil {
			before[level] = at
		}
	}
	return l.next(at, 0)
}

// below returns the last node whose key is below key (nil: the last of all),
// 0 when there is none.
func (l *Layer) below(key []byte) int32 {
	at := int32(0)
	for level := l.height - 1; level >= 0; level-- {
		for {
			next := l.next(at, level)
			if next == 0 || key != nil && bytes.Compare(l.nodes[next].key, key) >= 0 {
				break
			}
			at = next
		}
	}
	return at
}

// at returns the value that node i had when write number seq was the last one;
// found is false when it did not exist yet.
func (l *Layer) at(i int32, seq uint64) (value []byte, found bool) {
	v := &l.nodes[i].version
	for v.seq > seq {
		if v.older == 0 {
			return nil, false
		}
		v = &l.old[v.older]
	}
	return v.value, true
}
