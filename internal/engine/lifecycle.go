package engine

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/statordb/stator/api"
)

// lifecycle is what a table goes through on AWS and not here, where it can be
// used when CreateTable returns and is gone when DeleteTable does. The answers
// to these operations tell AWS's status (CREATING, UPDATING, DELETING) all the
// same, for clients that wait for the next one.
//
// With Options.StatusDelay the status lasts that long, and the table refuses
// meanwhile what AWS refuses. It is a matter of this process alone: when the store
// is opened again, every table is ACTIVE or gone.
type lifecycle struct {
	delay time.Duration // 0: a status is over with the answer that tells it

	mu     sync.Mutex
	tables map[string]transition // by name; mu guards it
}

// transition is a status that is not ACTIVE, until a time.
type transition struct {
	status  api.TableStatus
	until   time.Time
	deleted func() *api.TableDescription // makes the description of a table that is DELETING
}

// enter begins a status.
func (l *lifecycle) enter(name string, t transition, now time.Time) {
	if l.delay <= 0 {
		return
	}
	t.until = now.Add(l.delay)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tables == nil {
		l.tables = map[string]transition{}
	}
	l.tables[name] = t
}

// status returns the transition that a table is in, ACTIVE when in none.
func (l *lifecycle) status(name string, now time.Time) transition {
	if l.delay <= 0 {
		return transition{status: api.TableStatusActive}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.tables[name]
	if !ok {
		return transition{status: api.TableStatusActive}
	}
	if !now.Before(t.until) {
		delete(l.tables, name)
		return transition{status: api.TableStatusActive}
	}
	return t
}

// deleting adds the names of the tables that are DELETING to those that there are.
func (l *lifecycle) deleting(names []string, now time.Time) []string {
	if l.delay <= 0 {
		return names
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(names)
	for name, t := range maps.All(l.tables) {
		if t.status == api.TableStatusDeleting && now.Before(t.until) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// refuseBusy reports a table whose status does not allow it to be changed or deleted.
func (e *Engine) refuseBusy(name string) error {
	doing := ""
	switch e.life.status(name, e.opt.Now()).status {
	case api.TableStatusCreating:
		doing = "created"
	case api.TableStatusUpdating:
		doing = "updated"
	case api.TableStatusDeleting:
		doing = "deleted"
	default:
		return nil
	}
	return &api.Error{Code: api.CodeResourceInUse,
		Message: "Attempt to change a resource which is still in use: Table is being " + doing + ": " + name}
}
