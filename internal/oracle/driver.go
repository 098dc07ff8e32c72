package oracle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// Clock is a clock that moves when it is told to. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a Clock that shows a fixed time.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *Clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Step is one operation of a script.
type Step struct {
	Advance time.Duration // before the operation
	Request api.Request   // nil when there is an Act

	// Act is what is done to the subjects that can, in place of a request.
	Act Act

	// Pages reads a Query or Scan to its end, each client by its own
	// LastEvaluatedKeys. Segments > 0 does so for each segment of a Scan.
	Pages    bool
	Segments int

	// Ties are the attributes whose equal values leave the order to the
	// implementation; nil when the order is certain, empty when there is none.
	Ties []string
}

// Act is something other than a request that a step does.
type Act string

const (
	// ActReopen closes the subjects that are Reopeners and opens them again.
	ActReopen Act = "reopen"

	// ActCheck checks the subjects that are Checkers.
	ActCheck Act = "check"
)

// Reopener is a Client on a store that can be closed and opened again.
type Reopener interface {
	Reopen(ctx context.Context) error
}

// Checker is a Client that can verify all that it keeps.
type Checker interface {
	Check(ctx context.Context) error
}

// Subject is a client to test.
type Subject struct {
	Name   string
	Client api.Client

	// Exact subjects must agree with each other in everything, the
	// implementation's own orders included. The Model is not Exact.
	Exact bool
}

// Difference is a disagreement: what each subject answered to a step.
type Difference struct {
	Step    int
	Kind    string // the operation or act
	Request string
	Answers []string // "name: answer", of the subjects that disagree
}

func (d *Difference) Error() string {
	return fmt.Sprintf("step %d: %s\n%s", d.Step, d.Request, strings.Join(d.Answers, "\n"))
}

// Run runs a script on all subjects in step and returns the first *Difference.
// Another error means that a subject could not be tested.
func Run(ctx context.Context, clock *Clock, subjects []Subject, script []Step) error {
	for i, s := range script {
		clock.advance(s.Advance)
		if s.Act != "" {
			if err := act(ctx, subjects, s, i); err != nil {
				return err
			}
			continue
		}
		answers := make([]*answerOf, len(subjects))
		for j, subject := range subjects {
			a, err := serve(ctx, subject.Client, s)
			if err != nil {
				return &Difference{Step: i, Kind: s.kind(), Request: s.describe(), Answers: []string{subject.Name + ": " + err.Error()}}
			}
			answers[j] = a
		}
		if d := compare(subjects, s, answers); d != nil {
			d.Step, d.Kind, d.Request = i, s.kind(), s.describe()
			return d
		}
		if table := changedTable(s.Request); table != nil && answers[0].err == nil {
			for _, subject := range subjects {
				if err := settle(ctx, subject.Client, table); err != nil {
					return fmt.Errorf("step %d: %s: %w", i, subject.Name, err)
				}
			}
		}
	}
	return nil
}

// act carries out the Act of a step. A fault that a Checker finds is a Difference.
func act(ctx context.Context, subjects []Subject, s Step, at int) error {
	for _, subject := range subjects {
		switch s.Act {
		case ActReopen:
			if r, ok := subject.Client.(Reopener); ok {
				if err := r.Reopen(ctx); err != nil {
					return &Difference{Step: at, Kind: s.kind(), Request: s.describe(), Answers: []string{subject.Name + ": " + err.Error()}}
				}
			}
		case ActCheck:
			if c, ok := subject.Client.(Checker); ok {
				if err := c.Check(ctx); err != nil {
					return &Difference{Step: at, Kind: s.kind(), Request: s.describe(), Answers: []string{subject.Name + ": " + err.Error()}}
				}
			}
		default:
			return fmt.Errorf("step %d: nobody knows the act %q", at, s.Act)
		}
	}
	return nil
}

// changedTable returns the name of the table that a request makes or changes, else nil.
func changedTable(in api.Request) *string {
	switch in := in.(type) {
	case *api.CreateTableInput:
		return in.TableName
	case *api.UpdateTableInput:
		return in.TableName
	case *api.UpdateTimeToLiveInput:
		return in.TableName
	}
	return nil
}

func (s Step) kind() string {
	if s.Act != "" {
		return string(s.Act)
	}
	return s.Request.Operation()
}

func (s Step) describe() string {
	if s.Act != "" {
		return string(s.Act)
	}
	text := s.Request.Operation() + " " + dump(s.Request)
	if s.Pages {
		text += " (all pages)"
	}
	if s.Segments > 0 {
		text += fmt.Sprintf(" (%d segments)", s.Segments)
	}
	return text
}

// settle waits until no index of a table is being made or deleted, nor that of its time to live.
func settle(ctx context.Context, c api.Client, table *string) error {
	for range 20_000 {
		out, err := api.Do(ctx, c, &api.DescribeTableInput{TableName: table})
		if err != nil {
			return err
		}
		busy := *out.Table.TableStatus != api.TableStatusActive
		for _, x := range out.Table.GlobalSecondaryIndexes {
			busy = busy || x.IndexStatus != nil && *x.IndexStatus != api.IndexStatusActive
		}
		if !busy {
			out, err := api.Do(ctx, c, &api.DescribeTimeToLiveInput{TableName: table})
			if err != nil {
				return err
			}
			s := *out.TimeToLiveDescription.TimeToLiveStatus
			busy = s == api.TimeToLiveStatusEnabling || s == api.TimeToLiveStatusDisabling
		}
		if !busy {
			return nil
		}
		time.Sleep(time.Millisecond) // a job works in real time
	}
	return errors.New("an index is not ready after 20 s")
}

// answerOf is what a subject answered to a step.
type answerOf struct {
	pages []api.Response
	err   error
}

const maxPages = 100_000

// serve runs one step on one client. Its error is a fault of the client's paging.
func serve(ctx context.Context, c api.Client, s Step) (*answerOf, error) {
	if in, ok := s.Request.(*api.ReadChangesInput); ok {
		return serveChanges(ctx, c, in)
	}
	if !s.Pages {
		out, err := c.Serve(ctx, s.Request)
		if err != nil {
			return &answerOf{err: err}, nil
		}
		return &answerOf{pages: []api.Response{out}}, nil
	}
	a := &answerOf{}
	for segment := range max(1, s.Segments) {
		var start = startKey(s.Request)
		for {
			if len(a.pages) == maxPages {
				return nil, errors.New("the pages do not end")
			}
			out, err := c.Serve(ctx, pageRequest(s, segment, start))
			if err != nil {
				a.err = err
				return a, nil
			}
			a.pages = append(a.pages, out)
			switch out := out.(type) {
			case *api.QueryOutput:
				start = out.LastEvaluatedKey
			case *api.ScanOutput:
				start = out.LastEvaluatedKey
			}
			if start == nil {
				break
			}
		}
	}
	return a, nil
}

// outcomeUnknown reports whether a write may have taken place or not.
func outcomeUnknown(err error) bool { return errors.Is(err, kv.ErrOutcomeUnknown) }
