package api

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

const (
	maxReadChanges = 10_000
	maxWait        = time.Hour
)

var subscriptionNameRule = textRule{min: 1, max: 255, name: true}

// Validate: see Request.
func (in *ReadChangesInput) Validate() error {
	var c constraints
	c.tableName(nil, in.TableName)
	atLeast(&c, nil, "limit", in.Limit, 1)
	atMost(&c, nil, "limit", in.Limit, maxReadChanges)
	c.changesStart(in.Start)
	if err := c.err(); err != nil {
		return err
	}
	switch {
	case in.Wait < 0 || in.Wait > maxWait:
		return Validation(fmt.Sprintf("%sWait is %v, and must be from 0 to %v", invalidParameter, in.Wait, maxWait))
	case in.Slots != nil && len(in.Slots) == 0:
		return Validation(invalidParameter + "Slots is empty; nil is all of them")
	}
	for i, slot := range in.Slots {
		switch {
		case slot < 0 || slot >= maxSlots:
			return Validation(invalidParameter + "Slots has " + strconv.Itoa(slot) + ", which no table has")
		case slices.Contains(in.Slots[:min(i, maxSlots)], slot):
			return Validation(invalidParameter + "Slots has " + strconv.Itoa(slot) + " twice")
		}
	}
	if err := in.Start.check(); err != nil {
		return err
	}
	return in.Position.check()
}

// Validate: see Request.
func (in *OpenSubscriptionInput) Validate() error {
	var c constraints
	c.tableName(nil, in.TableName)
	c.requiredText(nil, "subscriptionName", in.SubscriptionName, subscriptionNameRule)
	c.changesStart(in.Start)
	if err := c.err(); err != nil {
		return err
	}
	return in.Start.check()
}

// Validate: see Request.
func (in *SavePositionInput) Validate() error {
	var c constraints
	c.tableName(nil, in.TableName)
	c.requiredText(nil, "subscriptionName", in.SubscriptionName, subscriptionNameRule)
	c.notNull(nil, "session", in.Session != nil)
	if err := c.err(); err != nil {
		return err
	}
	return in.Position.check()
}

// Validate: see Request.
func (in *ListSubscriptionsInput) Validate() error {
	var c constraints
	c.tableName(nil, in.TableName)
	return c.err()
}

// Validate: see Request.
func (in *DeleteSubscriptionInput) Validate() error {
	var c constraints
	c.tableName(nil, in.TableName)
	c.requiredText(nil, "subscriptionName", in.SubscriptionName, subscriptionNameRule)
	return c.err()
}

func (c *constraints) changesStart(s *ChangesStart) {
	if s == nil {
		return
	}
	p := path{name: "start"}
	if c.notNull(&p, "type", s.Type != "") {
		shardIteratorTypes.check(c, &p, "type", &s.Type)
	}
	c.text(&p, "sequenceNumber", s.SequenceNumber, sequenceNumberRule)
}

// check judges what must and must not go with the type. s may be nil.
func (s *ChangesStart) check() error {
	if s == nil {
		return nil
	}
	bySequence, byTime := s.Type.place()
	switch {
	case bySequence && s.SequenceNumber == nil:
		return Validation(invalidParameter + "Start of type " + string(s.Type) + " needs a SequenceNumber")
	case !bySequence && s.SequenceNumber != nil:
		return Validation(invalidParameter + "Start of type " + string(s.Type) + " cannot have a SequenceNumber")
	case bySequence && !isSequenceNumber(*s.SequenceNumber):
		return Validation(invalidParameter + "Start has the SequenceNumber " + *s.SequenceNumber + ", which is no number")
	case byTime && s.Timestamp == nil:
		return Validation(invalidParameter + "Start of type " + string(s.Type) + " needs a Timestamp")
	case !byTime && s.Timestamp != nil:
		return Validation(invalidParameter + "Start of type " + string(s.Type) + " cannot have a Timestamp")
	}
	return nil
}

// check judges a Position that was made by hand. p may be nil.
func (p *Position) check() error {
	if p == nil {
		return nil
	}
	if _, err := parseTableID(p.TableID); err != nil {
		return Validation(invalidParameter + "Position: " + err.Error())
	}
	if n := len(p.Next); n == 0 || n > maxSlots {
		return Validation(fmt.Sprintf("%sPosition has %d slots, and must have 1 to %d", invalidParameter, n, maxSlots))
	}
	return nil
}
