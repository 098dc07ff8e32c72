package stator

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// lane is one sequence of batches: those of a slot, or of some of its items. One
// goroutine serves it while there is something in it. Trigger.mu guards its fields.
type lane struct {
	slot    int
	queue   []waitingRecord // read, and in no batch yet
	batch   []part          // the batch in work, which splits; in order
	serving bool            // there is a goroutine
	problem error           // of the batch in work; nil when it was not tried or is done
	wake    chan struct{}   // the queue has become longer
}

// waitingRecord is a record on its way to the handler.
type waitingRecord struct {
	record   TriggerRecord
	slot     int
	sequence uint64
	size     int64
	read     time.Time // of the monotonic clock
}

// part is a part of a batch, or all of it, that is handed over in one go.
type part struct {
	records []waitingRecord
	tries   int   // failed invocations, since its first record is the first one
	invoked int   // invocations that had its first record, also as a part of more
	err     error // of the last one
}

// first returns the sequence of the first record that is not done. mu is held.
func (l *lane) first() (uint64, bool) {
	if len(l.batch) > 0 {
		return l.batch[0].records[0].sequence, true
	}
	if len(l.queue) > 0 {
		return l.queue[0].sequence, true
	}
	return 0, false
}

// serve makes batches of a lane and works on them, until there is nothing in it or
// the trigger ends. Each is saved before the next one begins.
func (t *Trigger) serve(l *lane) {
	for t.gather(l) {
		if !t.work(l) {
			return // and what is in l is not done, for good
		}
		t.save()
	}
}

// gather makes the next batch of a lane: when it is full, or its window over.
func (t *Trigger) gather(l *lane) bool {
	for {
		if !t.gate() {
			return false
		}
		wait, ok := t.tryGather(l)
		if wait <= 0 {
			return ok
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-l.wake:
		case <-t.reading.Done():
		}
		timer.Stop()
	}
}

// tryGather makes a batch if it is time for it, or returns how long to wait for more
// records. ok is false when there are none.
func (t *Trigger) tryGather(l *lane) (wait time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(l.queue) == 0 {
		l.queue, l.serving = nil, false
		return 0, false
	}
	n, size := 0, int64(0)
	for n < len(l.queue) && n < t.options.BatchSize {
		if size += l.queue[n].size; n > 0 && size > maxBatchBytes {
			break
		}
		n++
	}
	full := n == t.options.BatchSize || n < len(l.queue) || t.slots[l.slot].full
	if wait := t.options.MaximumBatchingWindow - time.Since(l.queue[0].read); !full && wait > 0 {
		return wait, false
	}
	l.batch = []part{{records: slices.Clip(l.queue[:n])}}
	l.queue = l.queue[n:]
	return 0, true
}

// work hands a batch over until it is done. It returns false when the trigger ended before.
func (t *Trigger) work(l *lane) bool {
	for failures := 0; ; {
		if !t.gate() {
			return false
		}
		t.mu.Lock()
		if len(l.batch) == 0 {
			t.mu.Unlock()
			return true
		}
		s := l.batch[0]
		t.mu.Unlock()

		if n := t.expired(s.records); n > 0 {
			if !t.giveUp(l, s, n, ConditionRecordAgeExceeded) {
				return false
			}
			continue
		}
		ok, err := t.invoke(l, s)
		if !ok {
			return false
		}
		s.invoked++
		done, failed := outcome(s.records, err)
		t.finish(l, done, err)
		if done > 0 {
			t.save() // for who knows when the rest of the batch is done
		}
		if !failed {
			failures = 0
			continue
		}
		s.err = err
		bisect := t.options.BisectBatchOnFunctionError
		if done > 0 { // the first record that failed did so for the first time
			s.records, s.tries, s.invoked, failures = s.records[done:], 0, 1, 0
		}
		switch {
		case bisect && done > 0: // it was split there
			t.replace(l, s)
			continue
		case bisect && len(s.records) > 1:
			half := len(s.records) / 2
			first, second := s, s
			first.records, second.records = s.records[:half], s.records[half:]
			t.replace(l, first, second)
			continue
		}
		s.tries++
		if t.options.retries >= 0 && s.tries > t.options.retries {
			if !t.giveUp(l, s, len(s.records), ConditionRetryAttemptsExhausted) {
				return false
			}
			failures = 0
			continue
		}
		t.replace(l, s)
		failures++
		if !t.sleep(backoff(failures)) {
			return false
		}
	}
}

// outcome returns how many records, from the first, are done after an
// invocation, and whether the others failed.
//
// Source: AWS Lambda Developer Guide, "Configuring partial batch response with
// DynamoDB and Lambda", success and failure conditions.
func outcome(records []waitingRecord, err error) (done int, failed bool) {
	if err == nil {
		return len(records), false
	}
	if none, ok := err.(BatchItemFailures); ok && len(none) == 0 {
		return len(records), false
	}
	failures, ok := errors.AsType[BatchItemFailures](err)
	if !ok || len(failures) == 0 {
		return 0, true
	}
	at := make(map[string]int, len(records))
	for i := range records {
		at[records[i].record.SequenceNumber] = i
	}
	done = len(records)
	for _, number := range failures {
		i, ok := at[number]
		if !ok {
			return 0, true // not one of the batch
		}
		done = min(done, i)
	}
	return done, true
}

// expired returns how many records, from the first, are too old.
func (t *Trigger) expired(records []waitingRecord) int {
	if t.options.MaximumRecordAge <= 0 {
		return 0
	}
	oldest := t.options.Now().Add(-t.options.MaximumRecordAge)
	n := slices.IndexFunc(records, func(w waitingRecord) bool { return !w.record.ApproximateCreationDateTime.Before(oldest) })
	if n < 0 {
		return len(records)
	}
	return n
}

// replace puts parts in the place of the first one of a lane's batch.
func (t *Trigger) replace(l *lane, parts ...part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.batch = append(parts, l.batch[1:]...)
}

// finish takes the first n records of a lane's batch out of it, as processed.
func (t *Trigger) finish(l *lane, n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.processed += int64(n)
	l.problem = nil
	if n < len(l.batch[0].records) {
		l.problem = fmt.Errorf("stator: trigger %s: handler: %w", t.name, err)
	}
	t.drop(l, n)
}

// drop takes the first n records of a lane's batch out of it. mu is held.
func (t *Trigger) drop(l *lane, n int) {
	slot := &t.slots[l.slot]
	s := &l.batch[0]
	for _, w := range s.records[:n] {
		slot.bytes -= w.size
	}
	slot.records -= n
	if s.records = s.records[n:]; len(s.records) == 0 {
		l.batch = l.batch[1:]
	}
	if slot.full && slot.records <= t.mostAhead()/2 && slot.bytes <= aheadBytes/2 {
		slot.full = false
		t.readAgain()
	}
}
