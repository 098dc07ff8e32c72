package server

import (
	"net/http"

	"github.com/statordb/stator/api"
)

// cachePeriod is how many minutes AWS lets endpoints be kept.
const cachePeriod = 1440

// endpoints answers DescribeEndpoints, which only a server can know: the
// address that the client reached it at.
func (x *exchange) endpoints(in *api.DescribeEndpointsInput) (api.Response, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	return &api.DescribeEndpointsOutput{
		Endpoints: []api.Endpoint{{Address: new(x.r.Host), CachePeriodInMinutes: cachePeriod}},
	}, nil
}

// healthy answers a health check as AWS's endpoints do, blank at the end included.
func (x *exchange) healthy() {
	x.out = append(x.out[:0], "healthy: "...)
	x.out = append(x.out, x.r.Host...)
	x.out = append(x.out, ' ')
	x.send(http.StatusOK, "", x.out)
}
