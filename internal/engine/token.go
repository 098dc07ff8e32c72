package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
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
// The store holds, under the token's hash, when it was used, the hash of the
// request, and what each of its items counted for; and a row by time, from which old ones are found.
type token struct {
	given bool
	hash  [sha256.Size]byte // of the token
	body  [sha256.Size]byte // of the request
	now   int64             // µs since 1970
}

func newToken(text *string, actions []action, now int64) token {
	if text == nil {
		return token{}
	}
	return token{given: true, hash: sha256.Sum256([]byte(*text)), body: hashActions(actions), now: now}
}

// tokenFixedSize is the size of a token's value without the sizes of the items.
const tokenFixedSize = 8 + sha256.Size

// seen reports whether the transaction was carried out before, and the sizes
// that it saw then. A token that was used for another request is an error.
func (t token) seen(r kv.Reader) (sizes []int, seen bool, err error) {
	if !t.given {
		return nil, false, nil
	}
	v, err := r.Get(systemKey(systemTokens, t.hash[:]...))
	if err != nil || v == nil {
		return nil, false, err
	}
	sizes, ok := tokenSizes(v)
	if !ok {
		return nil, false, fmt.Errorf("%w: client request token: %x", kv.ErrCorrupt, v)
	}
	if int64(binary.BigEndian.Uint64(v)) <= t.now-tokenWindow.Microseconds() {
		return nil, false, nil
	}
	if string(v[8:tokenFixedSize]) != string(t.body[:]) {
		return nil, false, &api.Error{Code: api.CodeIdempotentParameterMismatch}
	}
	return sizes, true, nil
}

// tokenSizes returns the sizes in a token's value; none when it was written without them.
func tokenSizes(v []byte) (sizes []int, ok bool) {
	if len(v) < tokenFixedSize {
		return nil, false
	}
	for v = v[tokenFixedSize:]; len(v) > 0; {
		size, n := binary.Uvarint(v)
		if n <= 0 || size > maxItemBytes {
			return nil, false
		}
		sizes, v = append(sizes, int(size)), v[n:]
	}
	return sizes, true
}

// remember stores the token with the sizes of the items, the larger of before
// and after each, and clears away some tokens that are too old.
func (t token) remember(w kv.Writer, changes []change) error {
	if !t.given {
		return nil
	}
	var old [][]byte
	end := binary.BigEndian.AppendUint64(systemKey(systemTokensByTime), uint64(t.now-tokenWindow.Microseconds()+1))
	for p, err := range w.Scan(systemKey(systemTokensByTime), end, false) {
		if err != nil {
			return err
		}
		old = append(old, slices.Clone(p.Key))
		if len(old) == maxTokensForgotten {
			break
		}
	}
	for _, k := range old {
		const timeEnd = 4 + 1 + 8
		byHash := systemKey(systemTokens, k[timeEnd:]...)
		v, err := w.Get(byHash)
		if err != nil {
			return err
		}
		if v != nil && string(v[:8]) == string(k[timeEnd-8:timeEnd]) { // and was not used again since
			if err := w.Delete(byHash); err != nil {
				return err
			}
		}
		if err := w.Delete(k); err != nil {
			return err
		}
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(t.now))
	if err := w.Put(systemKey(systemTokensByTime, append(slices.Clone(at), t.hash[:]...)...), []byte{}); err != nil {
		return err
	}
	v := append(at, t.body[:]...)
	for _, c := range changes {
		v = binary.AppendUvarint(v, uint64(max(c.old.size(), c.new.size())))
	}
	return w.Put(systemKey(systemTokens, t.hash[:]...), v)
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
		item(a.item)
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
