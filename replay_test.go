package stator_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
)

// replica is a table that is kept by changes, each of which must fit what the
// ones before it made.
type replica struct {
	items map[string]user
	seen  map[string]bool // sequence numbers: what comes again is passed over
	drop  int             // the change that is left out, counted from 1; 0 is none
	gaps  int             // changes whose old image is not what the replica has
}

func (r *replica) apply(c stator.Change[user]) {
	if r.seen[c.SequenceNumber] {
		return
	}
	r.seen[c.SequenceNumber] = true
	if len(r.seen) == r.drop {
		return
	}
	id := c.Keys["id"].Str()
	had, ok := r.items[id]
	if ok != (c.Old != nil) || ok && had.Visits != c.Old.Visits {
		r.gaps++
	}
	if delete(r.items, id); c.New != nil {
		r.items[id] = *c.New
	}
}

// follow applies changes for one life of a reader, which crashes at random, and
// reports whether it came to the end.
func (r *replica) follow(ctx context.Context, users stator.TableOf[user], dice *rand.Rand) (bool, error) {
	for c, err := range users.Changes(ctx, stator.As("replica")) {
		switch {
		case err != nil:
			return false, err
		case c.New != nil && c.New.ID == "end":
			return true, nil
		case dice.IntN(100) == 0:
			return false, nil // before it is applied
		}
		r.apply(c)
		switch dice.IntN(50) {
		case 0:
			return false, nil // before it is acknowledged
		case 1:
			if err := c.Ack(ctx); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// replay lets sixteen writers change a table while a replica of it is made, and
// returns both.
func replay(t *testing.T, h *home, drop int) (r *replica, table map[string]user) {
	ctx := t.Context()
	users := streamed(t, h)
	var writers sync.WaitGroup
	for w := range 16 {
		writers.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(w), 0))
			for range 100 {
				id := "u" + strconv.Itoa(dice.IntN(40))
				var err error
				switch dice.IntN(4) {
				case 0:
					err = users.Delete(ctx, stator.Key(id))
				case 1:
					other := "u" + strconv.Itoa(40+dice.IntN(5))
					err = stator.Transact(ctx, h, users.TxPut(user{ID: other, Visits: w + 1}), users.TxDelete(stator.Key(id)))
				default:
					_, err = users.Update(ctx, stator.Key(id), stator.Add("visits", w+1))
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		writers.Wait()
		h.move(time.Second) // so that it is the last
		if err := users.Put(ctx, user{ID: "end"}); err != nil {
			t.Error(err)
		}
	}()
	r = &replica{items: map[string]user{}, seen: map[string]bool{}, drop: drop}
	dice := rand.New(rand.NewPCG(3, 4))
	for done := false; !done; {
		var err error
		done, err = r.follow(ctx, users, dice)
		require.NoError(t, err)
	}
	<-ended
	require.NoError(t, users.Delete(ctx, stator.Key("end")))
	table = map[string]user{}
	for u, err := range users.Scan().All(ctx) {
		require.NoError(t, err)
		table[u.ID] = u
	}
	require.NoError(t, stator.DeleteTable(ctx, h, "users"))
	return r, table
}

func TestReplayGivesTheTable(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		r, table := replay(t, h, 0)
		require.NotEmpty(t, table)
		require.Equal(t, table, r.items)
		require.Zero(t, r.gaps)
		require.Greater(t, len(r.seen), 1000)

		r, table = replay(t, h, 500)
		differs := r.gaps > 0 || len(table) != len(r.items)
		for id, u := range table {
			differs = differs || r.items[id].Visits != u.Visits
		}
		require.True(t, differs, "control: a change that is left out is found")
	})
}
