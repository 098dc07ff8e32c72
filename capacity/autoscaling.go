package capacity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/statordb/stator/api"
)

// AutoScalingOptions configures an AutoScaling.
type AutoScalingOptions struct {
	// Policies are what is scaled: one at most for each dimension of a table or index.
	Policies []Policy

	// Logger gets what Run could not do. nil is nobody.
	Logger *slog.Logger
}

// AutoScaling changes the provisioned units of tables and global indexes with
// their use, as Application Auto Scaling does for DynamoDB: target tracking over
// the units that a Service saw in each minute, with UpdateTable and
// DescribeTable of a Client. It is safe for concurrent use.
//
// As documented in "Managing throughput capacity automatically with DynamoDB auto
// scaling": it scales out when the use was above the target in two consecutive
// minutes, and in when it was low in fifteen. re:Post ("dynamodb-auto-scaling")
// tells what low is: 20 percent below the target, of the provisioned units. A decrease is made
// only when DynamoDB allows it: four in a day of UTC, and beyond
// these one if there was none in the hour before ("Quotas in Amazon DynamoDB"); until then it waits.
type AutoScaling struct {
	client  api.Client
	service *Service
	log     *slog.Logger

	mu         sync.Mutex // held by Step throughout, so that two do not do the same
	targets    []target
	stepped    int64 // the minute of the last Step
	keptMu     sync.Mutex
	activities []Activity // the oldest first
}

// target is a policy and what it did.
type target struct {
	Policy
	scaledOut, scaledIn time.Time
	added               int64 // by the last scale-out
}

const (
	outMinutes = 2
	inMinutes  = 15

	// maxActivities are kept.
	maxActivities = 1000

	freeDecreases = 4 // in a day
	maxDecreases  = 27
)

// NewAutoScaling returns an AutoScaling, which does nothing until Step or Run is
// called. service must be the Limiter of the tables that client serves. The
// error names all faults of all policies.
func NewAutoScaling(client api.Client, service *Service, opt *AutoScalingOptions) (*AutoScaling, error) {
	a := &AutoScaling{client: client, service: service, log: slog.New(slog.DiscardHandler), stepped: math.MinInt64}
	if opt == nil {
		return a, nil
	}
	if opt.Logger != nil {
		a.log = opt.Logger
	}
	var faults []error
	for i, p := range opt.Policies {
		if err := p.Validate(); err != nil {
			faults = append(faults, fmt.Errorf("policy %d of %s: %w", i, p.resource(), err))
		}
		if slices.ContainsFunc(opt.Policies[:i], func(o Policy) bool {
			return o.Table == p.Table && o.Index == p.Index && o.Dimension == p.Dimension
		}) {
			faults = append(faults, fmt.Errorf("policy %d of %s: another scales its %s already", i, p.resource(), p.units()))
		}
		a.targets = append(a.targets, target{Policy: p})
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return a, nil
}

// Activities returns what was done, the latest first, 1,000 at most. The caller owns it.
func (a *AutoScaling) Activities() []Activity {
	a.keptMu.Lock()
	defer a.keptMu.Unlock()
	out := slices.Clone(a.activities)
	slices.Reverse(out)
	return out
}

// Step looks at the minutes that are over on the Service's clock and makes the changes that they
// ask for: one UpdateTable for a table and its indexes. It does nothing when it was called in this
// minute already. Its error joins what could not be done; the rest was done.
func (a *AutoScaling) Step(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.service.clock()
	if now/minute == a.stepped {
		return nil
	}
	a.stepped = now / minute
	var faults []error
	var done []string
	for i := range a.targets {
		table := a.targets[i].Table
		if slices.Contains(done, table) {
			continue
		}
		done = append(done, table)
		if err := a.scale(ctx, table, time.Unix(0, now).UTC()); err != nil {
			faults = append(faults, fmt.Errorf("scale table %q: %w", table, err))
		}
	}
	return errors.Join(faults...)
}

// Run calls Step each minute until ctx ends, and returns ctx's error. What a
// Step cannot do is logged, and tried again with the next.
func (a *AutoScaling) Run(ctx context.Context) error {
	for {
		if err := a.Step(ctx); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "auto scaling", "error", err)
		}
		// To the end of the clock's minute; a clock that is set from outside is looked at in a minute.
		timer := time.NewTimer(time.Duration(minute - a.service.clock()%minute))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// scale makes the changes of one table.
func (a *AutoScaling) scale(ctx context.Context, table string, now time.Time) error {
	out, err := api.Do(ctx, a.client, &api.DescribeTableInput{TableName: &table})
	if err != nil {
		return err
	}
	d := out.Table
	if d == nil || d.TableStatus == nil || *d.TableStatus != api.TableStatusActive ||
		d.BillingModeSummary != nil && d.BillingModeSummary.BillingMode != nil && *d.BillingModeSummary.BillingMode == api.BillingModePayPerRequest {
		return nil // there is nothing to scale, or not now
	}
	var changes []*change
	var faults []error
	for i := range a.targets {
		if t := &a.targets[i]; t.Table == table {
			given, ok := throughput(d, t.Index)
			if !ok {
				faults = append(faults, fmt.Errorf("it has no global index %q", t.Index))
				continue
			}
			if given != nil {
				if c := a.judge(t, given, now); c != nil {
					changes = append(changes, c)
				}
			}
		}
	}
	changes = allowed(changes, now)
	if len(changes) > 0 {
		faults = append(faults, a.apply(ctx, table, changes, now))
	}
	return errors.Join(faults...)
}

// throughput returns what a table or index is given: nil when it cannot be
// changed now, false when there is no such index.
func throughput(d *api.TableDescription, index string) (*api.ProvisionedThroughputDescription, bool) {
	if index == "" {
		return d.ProvisionedThroughput, true
	}
	for i := range d.GlobalSecondaryIndexes {
		if g := &d.GlobalSecondaryIndexes[i]; g.IndexName != nil && *g.IndexName == index {
			if g.IndexStatus == nil || *g.IndexStatus != api.IndexStatusActive {
				return nil, true
			}
			return g.ProvisionedThroughput, true
		}
	}
	return nil, false
}

// apply changes a table, and lists how it went.
func (a *AutoScaling) apply(ctx context.Context, table string, changes []*change, now time.Time) error {
	activities := make([]Activity, len(changes))
	for i, c := range changes {
		activities[i] = begun(c, now)
	}
	_, err := api.Do(ctx, a.client, update(table, changes))
	end := time.Unix(0, a.service.clock()).UTC()
	for i, c := range changes {
		activities[i].end(c, end, err)
		if err == nil {
			c.done(end)
		}
	}
	a.keptMu.Lock()
	defer a.keptMu.Unlock()
	a.activities = append(a.activities, activities...)
	if over := len(a.activities) - maxActivities; over > 0 {
		a.activities = slices.Delete(a.activities, 0, over)
	}
	return err
}
