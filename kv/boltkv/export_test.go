package boltkv

import bolt "go.etcd.io/bbolt"

// SetCommit puts commit in place of (*bolt.Tx).Commit.
func (s *Store) SetCommit(commit func(*bolt.Tx) error) { s.commit = commit }
