package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/statordb/stator/kv"
)

// The kinds of rows that are the store's own. They follow the table id 0.
const (
	systemHeader       = 0 // one row: header
	systemCatalog      = 1 // table name: tableRecord
	systemNextID       = 2 // one row: the next table id
	systemJobs         = 3 // job id: job
	systemTokens       = 4 // hash of a ClientRequestToken: tokenRecord
	systemTokensByTime = 5 // time, hash: nothing
	systemJournals     = 6 // table id: journal
	systemSubscribers  = 7 // table id, name: subscription
)

func systemKey(kind byte, rest ...byte) []byte {
	return append([]byte{0, 0, 0, 0, kind}, rest...)
}

// header is the first row of every store. It says who can read the rest.
type header struct {
	Magic    string   // "stator"
	Format   int      // of the rows; a newer one is refused
	StoreID  string   // 32 hex digits, random
	Features []string // a name that is not known is refused
}

const (
	headerMagic  = "stator"
	headerFormat = 1
)

// openHeader checks the store's header, writes one to an empty store, and returns the store's id.
func openHeader(ctx context.Context, store kv.Store, o Options) (id string, err error) {
	var raw [16]byte
	if _, err := io.ReadFull(o.Rand, raw[:]); err != nil {
		return "", fmt.Errorf("make a store id: %w", err)
	}
	key := systemKey(systemHeader)
	var found []byte
	err = store.View(ctx, func(r kv.Reader) error {
		v, err := r.Get(key)
		found = bytes.Clone(v)
		return err
	})
	if err != nil {
		return "", err
	}
	if found == nil {
		fresh, err := sealJSON(header{Magic: headerMagic, Format: headerFormat, StoreID: hex.EncodeToString(raw[:])})
		if err != nil {
			return "", err
		}
		err = store.Update(ctx, func(w kv.Writer) error {
			v, err := w.Get(key)
			if err != nil {
				return err
			}
			if v != nil { // another process was faster
				found = bytes.Clone(v)
				return nil
			}
			for p, err := range w.Scan(nil, nil, false) {
				if err != nil {
					return err
				}
				return fmt.Errorf("%w: the store is not empty (first key %.16x…) and has no header of Stator", kv.ErrCorrupt, p.Key)
			}
			found = fresh
			return w.Put(key, fresh)
		})
		if err != nil {
			return "", err
		}
	}
	var h header
	if err := openJSON(found, &h); err != nil || h.Magic != headerMagic {
		return "", fmt.Errorf("%w: the header is not one of Stator: %.100q", kv.ErrCorrupt, found)
	}
	if h.Format > headerFormat {
		return "", fmt.Errorf("the store has format %d, and this version of Stator reads up to %d: open it with a newer version", h.Format, headerFormat)
	}
	if len(h.Features) > 0 {
		return "", fmt.Errorf("the store uses features that this version of Stator does not know: %q", h.Features)
	}
	return h.StoreID, nil
}

// nextID takes the next table id. Ids are never reused, also not when the transaction of a
// created table fails for an outcome that is unknown.
func nextID(w kv.Writer) (uint32, error) {
	key := systemKey(systemNextID)
	v, err := w.Get(key)
	if err != nil {
		return 0, err
	}
	id := uint32(1)
	if v != nil {
		if id, err = decodeNextID(v); err != nil {
			return 0, err
		}
	}
	next := binary.BigEndian.AppendUint32(nil, id+1)
	return id, w.Put(key, binary.BigEndian.AppendUint32(next, crc32.Checksum(next, castagnoli)))
}

// decodeNextID reads the next table id, which is followed by its checksum unless an older version wrote it.
func decodeNextID(v []byte) (uint32, error) {
	const size = 4
	if len(v) != size && (len(v) != 2*size || binary.BigEndian.Uint32(v[size:]) != crc32.Checksum(v[:size], castagnoli)) {
		return 0, fmt.Errorf("%w: the next table id is %x", kv.ErrCorrupt, v)
	}
	return binary.BigEndian.Uint32(v), nil
}
