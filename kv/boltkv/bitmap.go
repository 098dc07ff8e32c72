package boltkv

import (
	"sync"
	"sync/atomic"
)

// bitmap is a set of page numbers that grows. It is safe for concurrent use.
type bitmap struct {
	mu     sync.Mutex // over growing
	chunks atomic.Pointer[[]*bitChunk]
}

const chunkBits = 1 << 15

type bitChunk [chunkBits / 64]atomic.Uint64

func (b *bitmap) get(id uint64) bool {
	chunks := b.chunks.Load()
	if chunks == nil || id/chunkBits >= uint64(len(*chunks)) {
		return false
	}
	return (*chunks)[id/chunkBits][id%chunkBits/64].Load()&(1<<(id%64)) != 0
}

func (b *bitmap) set(id uint64) {
	chunks := b.chunks.Load()
	if chunks == nil || id/chunkBits >= uint64(len(*chunks)) {
		b.grow(id + 1)
		chunks = b.chunks.Load()
	}
	(*chunks)[id/chunkBits][id%chunkBits/64].Or(1 << (id % 64))
}

func (b *bitmap) grow(n uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var chunks []*bitChunk
	if old := b.chunks.Load(); old != nil {
		chunks = append(chunks, *old...)
	}
	for uint64(len(chunks)) <= n/chunkBits {
		chunks = append(chunks, new(bitChunk))
	}
	b.chunks.Store(&chunks)
}
