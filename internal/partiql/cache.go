package partiql

import (
	"strings"
	"sync"
	"sync/atomic"
)

// entryBytes is what a statement may take in a Cache on average.
const entryBytes = 8 << 10

// Cache keeps parsed statements: at most as many as it was made for, and at
// most 8 KiB for each of them on average. Statements that are found again are spared when
// room is needed (the clock algorithm). It is safe for concurrent use. The nil Cache
// keeps nothing.
type Cache struct {
	maxEntries int
	maxBytes   int

	mu struct {
		sync.RWMutex
		found map[string]*cacheEntry
		ring  []*cacheEntry
		hand  int
		bytes int
	}
}

type cacheEntry struct {
	s     *Statement
	bytes int
	hit   atomic.Bool
}

// NewCache returns a cache of so many statements, at least one.
func NewCache(entries int) *Cache {
	c := &Cache{maxEntries: max(1, entries)}
	c.maxBytes = max(c.maxEntries*entryBytes, 256<<10)
	c.mu.found = make(map[string]*cacheEntry)
	return c
}

// Parse is the package's Parse, remembering what it parsed. Texts that are no
// statements are not kept: whoever sends faulty ones pays for each.
func (c *Cache) Parse(text string) (*Statement, error) {
	if c == nil {
		return Parse(text)
	}
	c.mu.RLock()
	e := c.mu.found[text]
	c.mu.RUnlock()
	if e != nil {
		if !e.hit.Load() {
			e.hit.Store(true)
		}
		return e.s, nil
	}
	text = strings.Clone(text) // the caller's may be a part of something large
	s, err := Parse(text)
	if err != nil {
		return nil, err
	}
	// A node takes up to 200 bytes, and there is at most one for every other byte of text.
	c.add(&cacheEntry{s: s, bytes: 512 + 64*len(text)})
	return s, nil
}

func (c *Cache) add(e *cacheEntry) {
	if e.bytes > c.maxBytes/2 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.mu.found[e.s.text]; ok {
		return // another goroutine was first
	}
	for len(c.mu.ring) > 0 && (len(c.mu.ring) >= c.maxEntries || c.mu.bytes+e.bytes > c.maxBytes) {
		c.evict()
	}
	c.mu.found[e.s.text] = e
	c.mu.ring = append(c.mu.ring, e)
	c.mu.bytes += e.bytes
}

// evict drops the first entry after the hand that was not found again since
// the hand last passed it. The caller holds the lock.
func (c *Cache) evict() {
	for {
		if c.mu.hand >= len(c.mu.ring) {
			c.mu.hand = 0
		}
		e := c.mu.ring[c.mu.hand]
		if !e.hit.Swap(false) {
			last := len(c.mu.ring) - 1
			c.mu.ring[c.mu.hand] = c.mu.ring[last]
			c.mu.ring[last] = nil
			c.mu.ring = c.mu.ring[:last]
			c.mu.bytes -= e.bytes
			delete(c.mu.found, e.s.text)
			return
		}
		c.mu.hand++
	}
}
