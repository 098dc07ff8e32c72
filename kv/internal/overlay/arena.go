package overlay

// Arena copies byte slices into large blocks, so that the copies of a batch
// cost few allocations and are given back together. The zero Arena is ready to
// use. It is not safe for concurrent use.
type Arena struct {
	blocks [][]byte // blocks[:used] hold copies; the last of them has room
	used   int
}

const (
	arenaBlock = 64 << 10
	arenaKept  = 32 // blocks that Reset keeps
)

// CopyRow returns copies of key and value that are good until Reset.
func (a *Arena) CopyRow(key, value []byte) (k, v []byte) {
	n := len(key)
	row := a.room(n + len(value))
	row = append(append(row, key...), value...)
	return row[:n:n], row[n:len(row):len(row)]
}

// room returns an empty slice with capacity for n bytes.
func (a *Arena) room(n int) []byte {
	if n > arenaBlock/4 {
		return make([]byte, 0, n)
	}
	if a.used == 0 || cap(a.blocks[a.used-1])-len(a.blocks[a.used-1]) < n {
		if a.used == len(a.blocks) {
			a.blocks = append(a.blocks, make([]byte, 0, arenaBlock))
		}
		a.used++
	}
	block := &a.blocks[a.used-1]
	start := len(*block)
	*block = (*block)[:start+n]
	return (*block)[start : start : start+n]
}

// Reset gives all copies back; their memory will be written again.
func (a *Arena) Reset() {
	for i := range a.used {
		a.blocks[i] = a.blocks[i][:0]
	}
	if len(a.blocks) > arenaKept {
		clear(a.blocks[arenaKept:])
		a.blocks = a.blocks[:arenaKept]
	}
	a.used = 0
}
