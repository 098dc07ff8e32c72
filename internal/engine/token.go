package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/kv"
)

// tokenWindow is how long a ClientRequestToken is remembered after its
// transaction.
const tokenWindow = 10 * time.Minute

// maxTokensForgotten bounds how many old tokens one transaction clears away.
// It is more than the one that it adds, so that their number stays bounded by
// the window.
const maxTokensForgotten = 8

// token is a ClientRequestToken at work. A request with none has nothing to see or remember.
//
// The store holds, under the token's hash, its use; and a row by time, from which old ones are found.
type token struct {
	given   bool
	hash    [sha256.Size]byte // of the token
	body    [sha256.Size]byte // of the request
	now     int64             // µs since 1970
	keepOld bool              // old tokens are not cleared away
}

func newToken(text *string, actions []action, now int64) token {
	if text == nil {
		return token{}
	}
	return token{given: true, hash: sha256.Sum256([]byte(*text)), body: hashActions(actions), now: now}
}

// update is store.Update of a transaction that sees and remembers the token.
//
// A store does not write to a page with a damaged row, and an old token may be
// on one where this transaction has nothing to do. So what is refused for
// damage is tried once more without clearing away: otherwise one damaged row
// would in time fail every transaction that has a token.
func (t *token) update(ctx context.Context, store kv.Store, fn func(kv.Writer) error) error {
	err := store.Update(ctx, fn)
	if !t.given || !errors.Is(err, kv.ErrCorrupt) || errors.Is(err, kv.ErrOutcomeUnknown) {
		return err
	}
	t.keepOld = true
	return store.Update(ctx, fn)
}

// seen reports whether the transaction was carried out before, and the sizes
// that it saw then. A token that was used for another request is an error, and so is one whose row is damaged.
func (t token) seen(r kv.Reader) (sizes []int, seen bool, err error) {
	if !t.given {
		return nil, false, nil
	}
	k := systemKey(systemTokens, t.hash[:]...)
	v, err := r.Get(k)
	if err != nil || v == nil {
		return nil, false, err
	}
	use, err := decodeToken(k, v)
	if err != nil || use.time <= t.now-tokenWindow.Microseconds() {
		return nil, false, err
	}
	if string(use.body) != string(t.body[:]) {
		return nil, false, &api.Error{Code: api.CodeIdempotentParameterMismatch}
	}
	return use.sizes, true, nil
}

// remember stores the token with the sizes of the items, the larger of before
// and after each, and clears away some tokens that are too old.
func (t token) remember(w kv.Writer, changes []change) error {
	if !t.given {
		return nil
	}
	if !t.keepOld {
		if err := t.forgetOld(w); err != nil {
			return err
		}
	}
	if err := w.Put(tokenTimeKey(t.now, t.hash[:]), []byte{}); err != nil {
		return err
	}
	use := tokenUse{time: t.now, body: t.body[:]}
	for _, c := range changes {
		use.sizes = append(use.sizes, max(c.old.size(), c.new.size()))
	}
	k := systemKey(systemTokens, t.hash[:]...)
	return w.Put(k, use.encode(k))
}

func (t token) forgetOld(w kv.Writer) error {
	var old [][]byte
	for p, err := range w.Scan(systemKey(systemTokensByTime), tokenTimeKey(t.now-tokenWindow.Microseconds()+1, nil), false) {
		if err != nil {
			return err
		}
		old = append(old, slices.Clone(p.Key))
		if len(old) == maxTokensForgotten {
			break
		}
	}
	for _, k := range old {
		if err := forgetToken(w, k); err != nil {
			return err
		}
	}
	return nil
}

// forgetToken deletes a row by time, and its token unless that was used again since.
//
// A damaged token stays: nobody knows whether its window is over, and with it
// would go what Check names and what keeps a transaction that took place from
// being carried out again. It does not fail this transaction, which uses another
// token, and would fail all that come after. The row by time goes also then:
// a few that stayed would be all that each transaction looks at.
func forgetToken(w kv.Writer, byTime []byte) error {
	if at, k, ok := tokenOfTime(byTime); ok {
		v, err := w.Get(k)
		if err != nil {
			return err
		}
		if v != nil {
			if use, err := decodeToken(k, v); err == nil && use.time == at {
				if err := w.Delete(k); err != nil {
					return err
				}
			}
		}
	}
	return w.Delete(byTime)
}

// tokenTimeKey returns the key of a token's row by time.
func tokenTimeKey(at int64, hash []byte) []byte {
	return append(binary.BigEndian.AppendUint64(systemKey(systemTokensByTime), uint64(at)), hash...)
}

// tokenOfTime returns the time in the key of a row by time, and the key of its token; !ok when it has another form.
func tokenOfTime(k []byte) (at int64, token []byte, ok bool) {
	const timeEnd = spaceKeySize + 8
	if len(k) != timeEnd+sha256.Size {
		return 0, nil, false
	}
	return int64(binary.BigEndian.Uint64(k[spaceKeySize:])), systemKey(systemTokens, k[timeEnd:]...), true
}

// tokenUse is the use of a token, the value of its row:
//
//	tokenMark, checksum [4], time [8], SHA-256 of the request [32], and what each
//	of its items counted for (unsigned varint)
//
// Rows of earlier versions are read, for a new one may open a store within the
// ten minutes: they have neither mark nor checksum, and the first had no sizes. Their first
// byte is the top one of a time, 0 until the year 4253: neither a bit nor a whole byte turned over makes the mark of it.
type tokenUse struct {
	time  int64  // µs since 1970
	body  []byte // the hash of the request
	sizes []int
}

const (
	tokenMark       = 0x7F
	tokenChecksumAt = 1
	tokenUseAt      = tokenChecksumAt + 4
	tokenSizesAt    = 8 + sha256.Size // in what follows the checksum
)

func (u *tokenUse) encode(k []byte) []byte {
	v := append(make([]byte, 0, tokenUseAt+tokenSizesAt+3*len(u.sizes)), tokenMark, 0, 0, 0, 0)
	v = binary.BigEndian.AppendUint64(v, uint64(u.time))
	v = append(v, u.body...)
	for _, size := range u.sizes {
		v = binary.AppendUvarint(v, uint64(size))
	}
	binary.BigEndian.PutUint32(v[tokenChecksumAt:], tokenSum(k, v[tokenUseAt:]))
	return v
}

// tokenSum is the checksum of a token's use.
func tokenSum(k, use []byte) uint32 {
	return crc32.Update(crc32.Checksum(k, castagnoli), castagnoli, use)
}

// decodeToken reads the row of a token, whose memory it shares.
func decodeToken(k, v []byte) (u tokenUse, err error) {
	damaged := func(what string) (tokenUse, error) {
		return tokenUse{}, fmt.Errorf("%w: client request token %x: %s: %x", kv.ErrCorrupt, k, what, v)
	}
	if len(k) != spaceKeySize+sha256.Size {
		return damaged("its key is not one of a token")
	}
	use := v
	switch {
	case len(v) < tokenSizesAt:
		return damaged("it is cut short")
	case v[0] == tokenMark:
		use = v[tokenUseAt:]
		if binary.BigEndian.Uint32(v[tokenChecksumAt:]) != tokenSum(k, use) {
			return damaged("its checksum is wrong")
		}
		if len(use) < tokenSizesAt {
			return damaged("it is cut short")
		}
	case v[0] != 0:
		return damaged("it is of no form that this version knows")
	}
	u.time = int64(binary.BigEndian.Uint64(use))
	u.body = use[8:tokenSizesAt]
	for use = use[tokenSizesAt:]; len(use) > 0; {
		size, n := binary.Uvarint(use)
		if n <= 0 || size > maxItemBytes {
			return damaged("it has a size that no item has")
		}
		u.sizes, use = append(u.sizes, int(size)), use[n:]
	}
	return u, nil
}

// hashActions returns a hash of everything that the actions say. Equal values in another form
// ("1" and "1.0") are equal.
func hashActions(actions []action) (sum [sha256.Size]byte) {
	h := sha256.New()
	part := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	text := func(s *string) {
		if s == nil {
			part(nil)
			return
		}
		part([]byte("=" + *s))
	}
	item := func(it attr.Item) {
		b, err := itemcodec.AppendItem(nil, it)
		if err != nil {
			b = []byte(err.Error()) // it is refused later
		}
		part(b)
	}
	for _, a := range actions {
		part([]byte{byte(a.kind)})
		text(a.table)
		if stored, _, ok := a.put.Built(); ok {
			part(stored) // as AppendItem has it
		} else if a.kind == writePut {
			it, _ := a.put.Item() // is whole: it was validated
			item(it)
		} else {
			item(a.key)
		}
		text(a.texts.update)
		text(a.texts.condition)
		for _, name := range slices.Sorted(maps.Keys(a.texts.names)) {
			part([]byte(name))
			part([]byte(a.texts.names[name]))
		}
		item(a.texts.values)
	}
	h.Sum(sum[:0])
	return sum
}
