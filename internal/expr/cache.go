package expr

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	cacheShards = 16

	// entryBytes is what an entry may take on average: a cache of n entries
	// holds n times this, so that a few huge expressions do not grow it past
	// what many usual ones would take.
	entryBytes = 4 << 10
)

// Cache keeps parsed texts: at most as many as it was made for, and at most 4
// KiB for each of them on average. It is safe for concurrent use. The nil
// Cache keeps nothing.
//
// Texts that are found again are spared when room is needed (the clock
// algorithm): one bit is set on a hit, so that readers of a shard
// share its lock and write nothing else.
type Cache struct {
	seed   maphash.Seed
	shards [cacheShards]cacheShard
}

type cacheShard struct {
	mu struct {
		sync.RWMutex
		found map[cacheKey]*cacheEntry
		ring  []*cacheEntry
		hand  int
		bytes int
	}
	maxEntries int
	maxBytes   int
	_          [32]byte // shards of different locks on different cache lines
}

// cacheKey is a text and the grammar that it was read by.
type cacheKey struct {
	native bool
	kind   uint8
	text   string
}

type cacheEntry struct {
	key    cacheKey
	tree   *tree   // of AWS's grammar
	native *Native // of native text
	bytes  int
	hit    atomic.Bool
}

// NewCache returns a cache of about so many entries, at least 16. A negative
// number gives nil, the cache that keeps nothing.
func NewCache(entries int) *Cache {
	if entries < 0 {
		return nil
	}
	c := &Cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		s := &c.shards[i]
		s.maxEntries = max(1, (entries+cacheShards-1)/cacheShards)
		s.maxBytes = max(s.maxEntries*entryBytes, 64<<10)
		s.mu.found = make(map[cacheKey]*cacheEntry)
	}
	return c
}

func (c *Cache) shard(text string) *cacheShard {
	return &c.shards[maphash.String(c.seed, text)%cacheShards]
}

func (c *Cache) find(key cacheKey) *cacheEntry {
	s := c.shard(key.text)
	s.mu.RLock()
	e := s.mu.found[key]
	s.mu.RUnlock()
	if e != nil && !e.hit.Load() {
		e.hit.Store(true)
	}
	return e
}

func (c *Cache) add(e *cacheEntry) {
	s := c.shard(e.key.text)
	if e.bytes > s.maxBytes/2 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.mu.found[e.key]; ok {
		return // another goroutine was first
	}
	for len(s.mu.ring) > 0 && (len(s.mu.ring) >= s.maxEntries || s.mu.bytes+e.bytes > s.maxBytes) {
		s.evict()
	}
	s.mu.found[e.key] = e
	s.mu.ring = append(s.mu.ring, e)
	s.mu.bytes += e.bytes
}

// evict drops the first entry after the hand that was not found again since
// the hand last passed it. The caller holds the lock.
func (s *cacheShard) evict() {
	for {
		if s.mu.hand >= len(s.mu.ring) {
			s.mu.hand = 0
		}
		e := s.mu.ring[s.mu.hand]
		if !e.hit.Swap(false) {
			last := len(s.mu.ring) - 1
			s.mu.ring[s.mu.hand] = s.mu.ring[last]
			s.mu.ring[last] = nil
			s.mu.ring = s.mu.ring[:last]
			s.mu.bytes -= e.bytes
			delete(s.mu.found, e.key)
			return
		}
		s.mu.hand++
	}
}

// tree returns the tree of a text. Texts that have none are not kept: whoever
// sends faulty ones pays for each.
func (c *Cache) tree(k kind, text string) (*tree, *fault) {
	key := cacheKey{kind: uint8(k), text: text}
	if c != nil {
		if e := c.find(key); e != nil {
			return e.tree, nil
		}
	}
	t, f := parse(k, text)
	if f == nil {
		f = t.prebind()
	}
	if f != nil {
		return nil, f
	}
	if c != nil {
		key.text = t.text
		c.add(&cacheEntry{key: key, tree: t, bytes: t.size + 512})
	}
	return t, nil
}

// Translate is the package's Translate, remembering what it translated.
func (c *Cache) Translate(m Member, text string) (Native, error) {
	if c == nil {
		return Translate(m, text)
	}
	key := cacheKey{native: true, kind: uint8(m), text: text}
	if e := c.find(key); e != nil {
		return *e.native, nil
	}
	n, err := Translate(m, text)
	if err != nil {
		return Native{}, err
	}
	key.text = strings.Clone(text)
	c.add(&cacheEntry{key: key, native: &n, bytes: 2*len(text) + 64*len(n.Names) + 512})
	return n, nil
}
