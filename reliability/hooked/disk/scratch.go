package disk

import (
	"fmt"
	"os"
	"sync"
)

// Scratch is a file that becomes one crash state after the other. It writes
// what differs alone.
type Scratch struct {
	Path string

	file  *os.File
	base  []byte // what the file holds between two crash states
	mu    sync.Mutex
	dirty []span // what it does not hold as it should
}

type span struct{ from, to int64 }

// NewScratch makes the file of path, with the content base.
func NewScratch(path string, base []byte) (*Scratch, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := file.WriteAt(base, 0); err != nil {
		return nil, fmt.Errorf("%w; %w", err, file.Close())
	}
	return &Scratch{Path: path, file: file, base: base}, nil
}

// Close closes the file and leaves it there.
func (s *Scratch) Close() error { return s.file.Close() }

// Disk returns a disk to attach to the file while somebody opens it for
// writing, so that the next Show takes back what he wrote.
func (s *Scratch) Disk() *Disk {
	return &Disk{Fault: func(_ int, op Op) *Fault {
		if op.Kind == Write {
			s.touch(op.Off, op.Off+int64(len(op.Data)))
		}
		return nil
	}}
}

func (s *Scratch) touch(from, to int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty = append(s.dirty, span{from, to})
}

// Rebase makes base the content of the file. changed are the operations that
// led to it from the base before.
func (s *Scratch) Rebase(base []byte, changed []Op) error {
	for _, op := range changed {
		if op.Kind == Write {
			s.touch(op.Off, op.Off+int64(len(op.Data)))
		}
	}
	s.base = base
	return s.restore()
}

// restore writes the base where the file differs.
func (s *Scratch) restore() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := int64(len(s.base))
	if err := s.file.Truncate(size); err != nil {
		return err
	}
	for _, d := range s.dirty {
		if from, to := min(d.from, size), min(d.to, size); from < to {
			if _, err := s.file.WriteAt(s.base[from:to], from); err != nil {
				return err
			}
		}
	}
	s.dirty = s.dirty[:0]
	return nil
}

// Show makes the file what c says, on the base.
func (s *Scratch) Show(c Crash) error {
	if err := s.restore(); err != nil {
		return err
	}
	if err := s.file.Truncate(c.Size); err != nil {
		return err
	}
	if size := int64(len(s.base)); c.Size < size {
		s.touch(c.Size, size)
	}
	for _, p := range c.Patches {
		s.touch(p.Off, p.Off+int64(len(p.Data)))
		if _, err := s.file.WriteAt(p.Data, p.Off); err != nil {
			return err
		}
	}
	return nil
}
