package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/statordb/stator/kv"
)

// The spaces of a table's rows, which follow four bytes of table id.
const (
	SpaceHead       = spaceHead
	SpaceRow        = spaceRow
	SpaceIndex      = spaceIndex
	SpaceCollection = spaceCollection
	SpaceJournal    = spaceJournal
)

// The kinds of the store's own rows, which follow the table id 0.
const (
	SystemHeader       = systemHeader
	SystemCatalog      = systemCatalog
	SystemNextID       = systemNextID
	SystemJobs         = systemJobs
	SystemTokens       = systemTokens
	SystemTokensByTime = systemTokensByTime
)

// MaxStepRows is how many rows one step of a job does.
const MaxStepRows = maxStepRows

// OpenPaused is Open of an engine that carries out its jobs only in FinishJobs and StepJobs.
func OpenPaused(ctx context.Context, store kv.Store, o Options) (*Engine, error) {
	e, err := open(ctx, store, o)
	if err == nil {
		e.jobs.cancel = func() {}
	}
	return e, err
}

// StepJobs carries out one step of each job, and reports whether there is more to do.
func (e *Engine) StepJobs(ctx context.Context) (again bool, err error) { return e.runJobsOnce(ctx) }

// FinishJobs carries out all jobs, beside the engine's own goroutine.
func (e *Engine) FinishJobs(ctx context.Context) error {
	for {
		again, err := e.runJobsOnce(ctx)
		if !again || err != nil {
			return err
		}
	}
}

// Jobs lists the jobs that a store holds.
func Jobs(ctx context.Context, store kv.Store) (list []string, err error) {
	err = store.View(ctx, func(r kv.Reader) error {
		list = nil
		for p, err := range r.Scan(systemKey(systemJobs), systemKey(systemJobs+1), false) {
			if err != nil {
				return err
			}
			var j job
			if err := json.Unmarshal(p.Value, &j); err != nil {
				return err
			}
			list = append(list, fmt.Sprintf("%s %s", j.Kind, j.Table))
		}
		return nil
	})
	return list, err
}

// IsHead reports whether key is that of a slot's head.
func IsHead(key []byte) bool {
	return len(key) == 6 && key[4] == spaceHead && binary.BigEndian.Uint32(key) != 0
}

// HeadOfGeneration returns the head now with the generation of old, which is returned when now is nil.
func HeadOfGeneration(now, old []byte) []byte {
	if now == nil {
		return old
	}
	n, err := decodeHead(now)
	if err != nil {
		return now
	}
	o, err := decodeHead(old)
	if err != nil {
		return now
	}
	n.generation = o.generation
	return n.encode()
}

// CountHead returns the head with n more rows in its counter.
func CountHead(head []byte, n int) []byte {
	h, err := decodeHead(head)
	if err != nil {
		return head
	}
	h.rows.entries += int64(n)
	return h.encode()
}

// Reseal makes the checksum of a changed row right again, or of a changed token.
func Reseal(key, value []byte) []byte {
	if bytes.HasPrefix(key, systemKey(systemTokens)) {
		binary.BigEndian.PutUint32(value[tokenChecksumAt:], tokenSum(key, value[tokenUseAt:]))
		return value
	}
	r := row(value)
	binary.BigEndian.PutUint32(r[rowChecksumAt:], r.checksum(key))
	return value
}

// ResealRecord makes the checksum of a changed record of the store's own right again.
func ResealRecord(record []byte) []byte {
	return seal(append(append([]byte(nil), record[:len(record)-sealSize]...), '}'))
}

// SystemKey returns the key of one of the store's own rows.
func SystemKey(kind byte, rest string) []byte { return systemKey(kind, []byte(rest)...) }
