// Package record remembers what a transaction wrote, and writes it again: for
// stores that are broken on purpose, which commit at another time, or in pieces.
package record

import (
	"bytes"

	"github.com/statordb/stator/kv"
)

// Step is one write of a transaction.
type Step func(kv.Writer) error

// Writer is a Writer that remembers what it wrote. Like every Writer it is for one goroutine.
type Writer struct {
	kv.Writer
	Steps []Step
}

// Put writes a row.
func (w *Writer) Put(key, value []byte) error {
	k, v := bytes.Clone(key), bytes.Clone(value)
	w.Steps = append(w.Steps, func(to kv.Writer) error { return to.Put(k, v) })
	return w.Writer.Put(key, value)
}

// Delete deletes a row.
func (w *Writer) Delete(key []byte) error {
	k := bytes.Clone(key)
	w.Steps = append(w.Steps, func(to kv.Writer) error { return to.Delete(k) })
	return w.Writer.Delete(key)
}

// DeleteRange deletes the rows from lo on and before hi.
func (w *Writer) DeleteRange(lo, hi []byte) error {
	l, h := bytes.Clone(lo), bytes.Clone(hi)
	w.Steps = append(w.Steps, func(to kv.Writer) error { return to.DeleteRange(l, h) })
	return w.Writer.DeleteRange(lo, hi)
}

// Apply returns a transaction of these steps.
func Apply(steps []Step) func(kv.Writer) error {
	return func(w kv.Writer) error {
		for _, s := range steps {
			if err := s(w); err != nil {
				return err
			}
		}
		return nil
	}
}
