package server

import "context"

// A decoded request can take many times the memory of its body: 24 MB, at
// worst, for 1 MB of nothing but tiny maps (package wire). So the bodies that
// are decoded and served at one time, apart from those of up to freeBytes, are
// of maxAdmitted bytes in all; others wait for their turn, in order.
const (
	admitUnit   = 1 << 20
	maxAdmitted = 32 * admitUnit
)

// admission is the room for large bodies. A place stands for admitUnit bytes.
type admission struct {
	turn   chan struct{} // held by the one who is taking places
	places chan struct{}
}

func newAdmission() admission {
	return admission{turn: make(chan struct{}, 1), places: make(chan struct{}, maxAdmitted/admitUnit)}
}

// admit waits until a body of n bytes may be decoded, and returns how many
// places it has taken; leave gives them back.
func (a admission) admit(ctx context.Context, n int) (places int, err error) {
	if n <= freeBytes {
		return 0, nil
	}
	want := min((n+admitUnit-1)/admitUnit, cap(a.places))
	select {
	case a.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-a.turn }()
	for places < want {
		select {
		case a.places <- struct{}{}:
			places++
		case <-ctx.Done():
			a.leave(places)
			return 0, ctx.Err()
		}
	}
	return places, nil
}

func (a admission) leave(places int) {
	for range places {
		<-a.places
	}
}
