package api

// DescribeLimitsInput asks for the capacity quotas of the account.
type DescribeLimitsInput struct{}

// DescribeLimitsOutput has the capacity quotas, in capacity units, for all
// tables together and for any single one with its indexes.
type DescribeLimitsOutput struct {
	AccountMaxReadCapacityUnits  *int64
	AccountMaxWriteCapacityUnits *int64
	TableMaxReadCapacityUnits    *int64
	TableMaxWriteCapacityUnits   *int64
}

// DescribeEndpointsInput asks where to send requests.
type DescribeEndpointsInput struct{}

// DescribeEndpointsOutput has the endpoints.
type DescribeEndpointsOutput struct {
	Endpoints []Endpoint
}

// Endpoint is an address that serves requests.
type Endpoint struct {
	// Address is a host, with its port when that is not the usual one.
	Address *string

	// CachePeriodInMinutes is how long the address may be kept.
	CachePeriodInMinutes int64
}
