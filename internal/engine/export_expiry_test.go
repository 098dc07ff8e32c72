package engine

import "context"

// SpaceExpiry is the space of a table's expiry index.
const SpaceExpiry = spaceExpiry

// SweepRows is how many items one transaction of a sweep deletes.
const SweepRows = sweepRows

// SweepExpired deletes at most so many expired items.
func (e *Engine) SweepExpired(ctx context.Context, most int) (int, error) {
	return e.sweepExpired(ctx, most)
}
