package isolation_test

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/statordb/stator/api"
	. "github.com/statordb/stator/reliability/isolation"
)

// attempts is how often a control that depends on who runs when is tried before it counts as not caught.
const attempts = 20

// TestPorcupineControl: clients and a store that are not linearizable are found out.
func TestPorcupineControl(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(t *testing.T) api.Client{
		"stale reads": func(t *testing.T) api.Client { return newStale(openStore(t, openMemory(t), nil), 50) },
		"late writes": func(t *testing.T) api.Client { return &late{Client: openStore(t, openMemory(t), nil), oneIn: 20} },
		"hasty store": func(t *testing.T) api.Client { return openStore(t, hasty{openMemory(t)}, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			seed := newSeed(t)
			for i := range uint64(attempts) {
				c := breakIt(t)
				createItems(t, c)
				began := time.Now()
				if judge(t, name, runItems(t, c, 2000, 16, seed+i), time.Since(began)) == porcupine.Illegal {
					return
				}
			}
			t.Fatal("porcupine did not find it")
		})
	}
}

// TestListsControl: transactions that are no transactions make cycles, of the kinds that they must.
func TestListsControl(t *testing.T) {
	t.Parallel()
	onMemory := func(t *testing.T) api.Client { return openStore(t, openMemory(t), nil) }
	for name, c := range map[string]struct {
		broken func(t *testing.T) api.Client
		want   []Anomaly // any of them
	}{
		"torn transactions": {func(t *testing.T) api.Client { return &torn{Client: onMemory(t), oneIn: 3, cut: halves} },
			[]Anomaly{G0, G1c, GSingle, AbortedRead}},
		"checks first": {func(t *testing.T) api.Client { return &torn{Client: onMemory(t), oneIn: 1, cut: checksFirst} },
			[]Anomaly{GSingle, G2, GSingleRealTime, G2RealTime}},
		"hasty store": {func(t *testing.T) api.Client { return openStore(t, hasty{openMemory(t)}, nil) },
			[]Anomaly{LostAppend, Incompatible}},
		"blurred views": {func(t *testing.T) api.Client { return openStore(t, blurred{openMemory(t)}, nil) },
			[]Anomaly{GSingle}},
	} {
		t.Run(name, func(t *testing.T) {
			seed := newSeed(t)
			for i := range uint64(attempts) {
				client := c.broken(t)
				createLists(t, client)
				report := judgeLists(t, name, client, 600, seed+i)
				counts := map[Anomaly]int{}
				for _, f := range report.Findings {
					counts[f.Anomaly]++
				}
				t.Logf("%s: %v", name, counts)
				for _, a := range c.want {
					if report.Has(a) {
						return
					}
				}
			}
			t.Fatalf("none of %v was found", c.want)
		})
	}
}
