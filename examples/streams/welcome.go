package main

import (
	"context"
	"fmt"
	"io"

	"github.com/statordb/stator"
)

// User is somebody who signed up.
type User struct {
	ID   string `dynamodbav:"id" stator:"hash"`
	Name string `dynamodbav:"name"`
}

// Welcome writes to those who sign up, until it has seen so many changes. The
// database keeps its place: who has been written to is not written to again.
func (s *Shop) Welcome(ctx context.Context, w io.Writer, changes int) error {
	for c, err := range s.users.Changes(ctx, stator.As("welcome")) {
		if err != nil {
			return err
		}
		if c.EventName == stator.EventInsert {
			fmt.Fprintf(w, "Dear %s, welcome!\n", c.New.Name)
		}
		if err := c.Ack(ctx); err != nil {
			return err
		}
		if changes--; changes == 0 {
			break
		}
	}
	return nil
}
