package soak

import (
	"fmt"
	"slices"
)

// bound is what a figure may climb in the second half of a run: a part of its
// middle value, and at least so much.
type bound struct {
	name  string
	of    func(Sample) int64
	part  float64
	least int64
	unit  int64
}

const megabyte = 1 << 20

// bounds are the same for every length of a run: a leak of one object in a
// thousand operations passes them sooner or later.
func bounds() []bound {
	return []bound{
		{"RSS", func(s Sample) int64 { return s.RSS }, 0.15, 12 * megabyte, megabyte},
		{"live heap", func(s Sample) int64 { return s.Live }, 0.15, 6 * megabyte, megabyte},
		{"goroutines", func(s Sample) int64 { return s.Goroutines }, 0.05, 4, 1},
		{"descriptors", func(s Sample) int64 { return s.Descriptors }, 0, 2, 1},
		{"file", func(s Sample) int64 { return s.File }, 0.15, 2 * megabyte, megabyte},
	}
}

// Climb is what one figure did in the second half of a run.
type Climb struct {
	Name    string
	Middle  float64 // its median
	By      float64 // what the line through it climbs
	Allowed float64
}

// Broken reports whether the figure climbed more than it may.
func (c Climb) Broken() bool { return c.By > c.Allowed }

// String is a few words.
func (c Climb) String() string {
	return fmt.Sprintf("%s %.1f climbs by %+.2f, allowed is %.2f", c.Name, c.Middle, c.By, c.Allowed)
}

// Judge returns what each figure did in the second half of the samples, of
// which there must be at least ten.
func Judge(samples []Sample) ([]Climb, error) {
	half := samples[len(samples)/2:]
	if len(half) < 5 {
		return nil, fmt.Errorf("soak: %d samples are too few for a judgement", len(samples))
	}
	span := half[len(half)-1].At - half[0].At
	var climbs []Climb
	for _, b := range bounds() {
		values := make([]int64, len(half))
		for i, s := range half {
			values[i] = b.of(s)
		}
		var slopes []float64 // of a unit in a nanosecond
		for i := range half {
			for j := range i {
				if d := half[i].At - half[j].At; d > 0 {
					slopes = append(slopes, float64(values[i]-values[j])/float64(d))
				}
			}
		}
		slices.Sort(slopes)
		slices.Sort(values)
		middle, unit := float64(values[len(values)/2]), float64(b.unit)
		climbs = append(climbs, Climb{
			Name: b.name, Middle: middle / unit, By: slopes[len(slopes)/2] * float64(span) / unit,
			Allowed: max(b.part*middle, float64(b.least)) / unit,
		})
	}
	return climbs, nil
}
