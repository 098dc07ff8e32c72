package engine

import (
	"context"

	"github.com/statordb/stator/api"
)

// ServeUnobserved is Serve without what it counts and the clock that it reads for that, for a benchmark's floor.
func (e *Engine) ServeUnobserved(ctx context.Context, in api.Request) (api.Response, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	return e.dispatch(ctx, in)
}

// ObserveOne counts one read, from reading the clock on.
func (e *Engine) ObserveOne(in api.Request, out api.Response) {
	began := e.instant()
	e.countRead(e.catalog.Load().tables["users"], &readUsage{table: 0.5})
	e.observe(in, out, nil, e.instant()-began)
}
