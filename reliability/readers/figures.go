package readers

import (
	"fmt"
	"slices"
	"time"
)

// What slow readers may do at most.
const (
	MostAge    = time.Second // of a snapshot
	MostP99    = 2.0         // times the 99th percentile of writes without them
	MostGrowth = 0.10        // of the file without them
)

// Figures are what slow readers did.
type Figures struct {
	Oldest time.Duration // the greatest age of a snapshot
	Whose  string        // the functions that held it

	With, Without         []time.Duration // of writes
	SizeWith, SizeWithout int64           // of the file in use, after the same writes
}

// P99 returns how many times its 99th percentile a write took; 1 when nobody measured.
func (f Figures) P99() float64 {
	if len(f.With) == 0 || len(f.Without) == 0 {
		return 1
	}
	return float64(Percentile(f.With, 99)) / float64(Percentile(f.Without, 99))
}

// Growth returns by which part of its size the file has grown for the readers alone.
func (f Figures) Growth() float64 {
	if f.SizeWithout == 0 {
		return 0
	}
	return float64(f.SizeWith-f.SizeWithout) / float64(f.SizeWithout)
}

// Broken returns which bounds the figures pass, and by how much.
func (f Figures) Broken() (faults []error) {
	if f.Oldest >= MostAge {
		faults = append(faults, fmt.Errorf("a snapshot was held for %v, allowed is %v: %s", f.Oldest.Round(time.Millisecond), MostAge, f.Whose))
	}
	if p := f.P99(); p > MostP99 {
		faults = append(faults, fmt.Errorf("the p99 of writes is %.2f times what it is without slow readers, allowed is %.1f", p, MostP99))
	}
	if g := f.Growth(); g > MostGrowth {
		faults = append(faults, fmt.Errorf("the file grew by %.0f %%, allowed is %.0f %%", 100*g, 100*MostGrowth))
	}
	return faults
}

// String is one line.
func (f Figures) String() string {
	s := fmt.Sprintf("oldest snapshot %v (%s)", f.Oldest.Round(100*time.Microsecond), f.Whose)
	if len(f.With) > 0 && len(f.Without) > 0 {
		s += fmt.Sprintf("; %d and %d writes, p50 %v → %v, p99 %v → %v, ratio %.2f", len(f.Without), len(f.With),
			Percentile(f.Without, 50), Percentile(f.With, 50), Percentile(f.Without, 99), Percentile(f.With, 99), f.P99())
	}
	if f.SizeWithout > 0 {
		s += fmt.Sprintf("; file %.1f → %.1f MB, %+.1f %%", float64(f.SizeWithout)/(1<<20), float64(f.SizeWith)/(1<<20), 100*f.Growth())
	}
	return s
}

// Percentile returns the p-th percentile of at least one duration.
func Percentile(d []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)].Round(time.Microsecond)
}
