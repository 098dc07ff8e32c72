// Sessions is a session store behind net/http that needs no cache server: each
// session has a time to live, which a visit prolongs, and the database deletes
// those that are over.
//
//	go run ./examples/sessions
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"time"

	"github.com/statordb/stator"
)

func main() {
	if err := story(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// clock is a clock that the story sets, so that nobody needs to wait.
type clock struct{ nanos atomic.Int64 }

func (c *clock) Now() time.Time       { return time.Unix(0, c.nanos.Load()) }
func (c *clock) wait(d time.Duration) { c.nanos.Add(int64(d)) }
func clockAt(t time.Time) (c *clock)  { c = &clock{}; c.nanos.Store(t.UnixNano()); return c }

// story runs the store behind a server, and visits it.
func story(ctx context.Context, w io.Writer) error {
	clock := clockAt(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC))
	db, err := stator.OpenMemory(&stator.Options{Now: clock.Now, HideExpired: true}) // or stator.Open("sessions.db", …)
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := NewStore(ctx, db, clock.Now, 30*time.Minute)
	if err != nil {
		return err
	}
	server := httptest.NewServer(store)
	defer server.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := &http.Client{Jar: jar}
	visit := func(method, path string) error {
		request, err := http.NewRequestWithContext(ctx, method, server.URL+path, nil)
		if err != nil {
			return err
		}
		answer, err := browser.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		fmt.Fprintf(w, "%s %s %s: %d %s", clock.Now().UTC().Format("15:04"), method, path, answer.StatusCode, body)
		return err
	}
	for _, step := range []struct {
		after        time.Duration
		method, path string
	}{
		{0, "GET", "/"}, {0, "POST", "/login?user=Ann"}, {20 * time.Minute, "GET", "/"}, {20 * time.Minute, "GET", "/"},
		{31 * time.Minute, "GET", "/"}, {0, "POST", "/login?user=Ann"}, {time.Minute, "POST", "/logout"}, {0, "GET", "/"},
	} {
		clock.wait(step.after)
		if err := visit(step.method, step.path); err != nil {
			return err
		}
	}
	did, err := db.Maintain(ctx) // what the background does within seconds
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "deleted because they were over:", did.Expired)
	return nil
}
