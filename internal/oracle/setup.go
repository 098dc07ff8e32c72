package oracle

import (
	"math/rand/v2"
)

// Setup says how the subjects of a run are opened. No two runs need be alike in it, and
// whatever it says, all subjects have to answer the same.
//
// It leaves out what would make an answer depend on real time (StatusDelay, a positive ExpiryRate) or on how the store
// keeps its bytes (MaxSizeBytes), which the Model knows nothing of.
type Setup struct {
	// HideExpired is an option of the engines and of the Model.
	HideExpired bool `json:",omitempty"`

	// Flaky is the seed of a subject whose commits now and then have an unknown outcome. 0 is none:
	// the subjects are those of Engines.
	Flaky uint64 `json:",omitempty"`

	// Engines are the subjects beside the Model.
	Engines []EngineSetup
}

// EngineSetup says how one engine is opened.
type EngineSetup struct {
	// Store is "memory", "disk", or "twice": in memory, where each transaction is run twice.
	Store string

	// ExpressionCache is the option of the engine.
	ExpressionCache int `json:",omitempty"`

	// Limiter puts one in that lets everything and counts what it was asked and told.
	Limiter bool `json:",omitempty"`

	// Wire makes of each request what the server makes of its JSON: items that are put come in their stored form.
	Wire bool `json:",omitempty"`

	// MaxBatchBytes and InitialMmapBytes are options of the disk.
	MaxBatchBytes    int   `json:",omitempty"`
	InitialMmapBytes int64 `json:",omitempty"`
}

// RandomSetup draws the options of a run: the same for the same seed.
func RandomSetup(seed uint64) Setup {
	r := rand.New(rand.NewPCG(seed, 11))
	s := Setup{HideExpired: r.IntN(3) == 0}
	for _, store := range []string{"memory", "disk", "twice"} {
		e := EngineSetup{Store: store, ExpressionCache: []int{0, -1, 1, 25}[r.IntN(4)], Limiter: r.IntN(2) == 0}
		if store == "disk" {
			e.MaxBatchBytes = []int{0, 1, 4 << 10, 64 << 20}[r.IntN(4)]
			e.InitialMmapBytes = []int64{0, -1, 1 << 20}[r.IntN(3)]
		}
		e.Wire = r.IntN(2) == 0
		s.Engines = append(s.Engines, e)
	}
	return s
}
