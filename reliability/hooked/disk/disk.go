// Package disk stands between a hooked bbolt and its file: it records each
// operation, makes one fail when it is told to, and builds what a disk could
// hold when the power goes.
package disk

import (
	"fmt"
	"os"
	"slices"
	"sync"
)

// Kind is the kind of an Op.
type Kind string

// The operations of a store on its file, and what is noted between them.
const (
	Write    Kind = "write"
	Truncate Kind = "truncate"
	Sync     Kind = "sync"
	Mark     Kind = "mark"
)

// Op is one operation on a file.
type Op struct {
	Kind   Kind
	Off    int64  // of a Write
	Data   []byte // of a Write: what was written; shared, not to be changed
	Size   int64  // of a Truncate
	Which  string // of a Sync: init, grow, data, meta
	Mark   any    // of a Mark: what Note was given
	Failed bool   // the operation failed; Data is what was written all the same
}

func (op Op) String() string {
	switch op.Kind {
	case Write:
		return fmt.Sprintf("write of %d bytes at %d", len(op.Data), op.Off)
	case Truncate:
		return fmt.Sprintf("truncate to %d", op.Size)
	case Sync:
		return "sync of " + op.Which
	}
	return fmt.Sprintf("mark %v", op.Mark)
}

// Name is the mark of something that happened to the file's name: "link" or "syncdir".
type Name string

// Fault is how an operation fails.
type Fault struct {
	Err     error
	Partial int // of a write: so many bytes are written before it fails
}

// Disk is the disk under one file. Its methods are safe for concurrent use.
//
// What is written goes into the file at once, as into the cache of the system,
// and no sync is ever asked of the file: the machine of the test stays up.
type Disk struct {
	// Fault is asked about each operation but marks, numbered from 0, and may
	// let it fail. It is called with a lock held. nil: none fails. To be set before the first operation.
	Fault func(n int, op Op) *Fault

	// Swallow makes the store believe that an operation succeeded which Fault
	// lets fail: the control of those who test faults.
	Swallow bool

	mu  sync.Mutex
	ops []Op
	n   int // operations but marks
}

// Ops returns what was recorded so far.
func (d *Disk) Ops() []Op {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.ops)
}

// Count returns how many operations there were, marks aside.
func (d *Disk) Count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// Note records mark between the operations.
func (d *Disk) Note(mark any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops = append(d.ops, Op{Kind: Mark, Mark: mark})
}

// do records op and runs act, which is given the bytes of a write.
func (d *Disk) do(op Op, act func(data []byte) error) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n = len(op.Data)
	var fault *Fault
	if d.Fault != nil {
		fault = d.Fault(d.n, op)
	}
	d.n++
	if fault != nil {
		n = min(fault.Partial, n)
		op.Data, op.Failed = op.Data[:n], true
	}
	op.Data = slices.Clone(op.Data) // bbolt uses its pages again
	d.ops = append(d.ops, op)
	if fault == nil || n > 0 {
		err = act(op.Data)
	}
	if fault != nil && !d.Swallow {
		err = fault.Err
	}
	return n, err
}

// WriteAt writes to file.
func (d *Disk) WriteAt(file *os.File, b []byte, off int64) (int, error) {
	n, err := d.do(Op{Kind: Write, Off: off, Data: b}, func(b []byte) error {
		_, err := file.WriteAt(b, off)
		return err
	})
	if err == nil {
		n = len(b)
	}
	return n, err
}

// Truncate sets the size of file.
func (d *Disk) Truncate(file *os.File, size int64) error {
	_, err := d.do(Op{Kind: Truncate, Size: size}, func([]byte) error { return file.Truncate(size) })
	return err
}

// Sync is where a sync of the file would be.
func (d *Disk) Sync(which string) error {
	_, err := d.do(Op{Kind: Sync, Which: which}, func([]byte) error { return nil })
	return err
}
