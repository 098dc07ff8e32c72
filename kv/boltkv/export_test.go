package boltkv

import bolt "go.etcd.io/bbolt"

// SetCommit puts commit in place of (*bolt.Tx).Commit.
func (s *Store) SetCommit(commit func(*bolt.Tx) error) { s.commit = commit }

// Queued returns how many Updates wait for the commit after the one that is being made.
func (s *Store) Queued() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.mu.calls)
}
