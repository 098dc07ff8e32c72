package api

// MaintainInput does the background work that is due by the clock now
// (expiry, trimming, shard roll-over, jobs) and returns when nothing is left of
// it. It is native. A database does this by itself; a test that moves the clock asks for it.
type MaintainInput struct{}

// MaintainOutput is the output of Maintain.
type MaintainOutput struct {
	// Expired is how many items time to live deleted.
	Expired int64

	// Trimmed is how many records left the journal.
	Trimmed int64
}

// Operation returns "Maintain".
func (*MaintainInput) Operation() string       { return "Maintain" }
func (*MaintainInput) request()                {}
func (*MaintainInput) output() *MaintainOutput { return nil }
func (*MaintainOutput) response()              {}

// Validate: see Request.
func (in *MaintainInput) Validate() error { return nil }
