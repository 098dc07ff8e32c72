package capacity

import (
	"slices"
	"sync/atomic"

	"github.com/statordb/stator/api"
)

// superseded is when a view was followed by another of its table, in ns; 0 is not yet.
type superseded struct{ at atomic.Int64 }

const (
	// An operation that began before the table's definition changed names the
	// old one. It must not bring the old settings back; but if the old ones are
	// named for longer than any operation lasts, they are the settings.
	settleNanos = int64(5e9)

	// maxOld bounds the superseded views.
	maxOld = 64
)

// view returns the view of a table's settings, and puts them in force when they are new.
func (s *Service) view(caps *api.TableCapacity, now int64) *view {
	if v := s.known(caps); v != nil {
		at := v.superseded.at.Load()
		if d := now - at; at == 0 || d <= settleNanos && d > -jitter {
			return v
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.adopt(caps, now)
}

// known returns the view of a table's settings, nil when it has none.
func (s *Service) known(caps *api.TableCapacity) *view {
	if v := s.recent[place(caps.ID)].Load(); v != nil && v.caps == caps {
		return v
	}
	if found, ok := s.views.Load(caps); ok {
		return found.(*view)
	}
	return nil
}

// place returns where in recent the view of a table may be. The ends of ids, which are UUIDs, differ.
func place(id string) byte {
	if len(id) < 2 {
		return 0
	}
	return id[len(id)-1] ^ id[len(id)-2]<<4
}

// adopt puts settings in force. The caller holds mu.
func (s *Service) adopt(caps *api.TableCapacity, now int64) *view {
	known := s.known(caps)
	if known != nil && known.superseded.at.Load() == 0 {
		return known // another goroutine did it
	}
	t := s.tables[caps.Name]
	if t != nil {
		s.supersede(t.current, now)
	}
	if t == nil || t.id != caps.ID {
		s.makeRoom()
		t = newTable(caps.ID, now)
		s.tables[caps.Name] = t
	}
	v := &view{caps: caps, table: t}
	if known != nil {
		s.old = slices.DeleteFunc(s.old, func(o *view) bool { return o.caps == caps })
	}
	v.meters = t.configure(caps, &s.opt, now)
	t.current = v
	s.views.Store(caps, v)
	s.recent[place(caps.ID)].Store(v)
	return v
}

// supersede marks a view, and forgets the oldest of those that are.
func (s *Service) supersede(v *view, now int64) {
	v.superseded.at.Store(max(now, 1))
	s.old = append(s.old, v)
	if len(s.old) > maxOld {
		s.forget(s.old[0].caps)
		s.old = slices.Delete(s.old, 0, 1)
	}
}

// makeRoom forgets the table that was idle longest when there are too many.
func (s *Service) makeRoom() {
	if len(s.tables) < maxTables {
		return
	}
	oldest := ""
	for name, t := range s.tables {
		if oldest == "" || t.minute.Load() < s.tables[oldest].minute.Load() {
			oldest = name
		}
	}
	s.forget(s.tables[oldest].current.caps)
	delete(s.tables, oldest)
}

// forget drops the view of settings.
func (s *Service) forget(caps *api.TableCapacity) {
	s.views.Delete(caps)
	if at := &s.recent[place(caps.ID)]; at.Load() != nil && at.Load().caps == caps {
		at.Store(nil)
	}
}
