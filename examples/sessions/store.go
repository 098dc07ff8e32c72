package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/statordb/stator"
)

// Session is what is known of a visitor.
type Session struct {
	ID      string    `dynamodbav:"id" stator:"hash"`
	User    string    `dynamodbav:"user"`
	Visits  int       `dynamodbav:"visits"`
	Expires time.Time `dynamodbav:"expires,unixtime" stator:"ttl"`
}

// Store keeps sessions and serves them.
type Store struct {
	http.ServeMux
	sessions stator.TableOf[Session]
	now      func() time.Time
	idle     time.Duration
}

// NewStore returns a store whose sessions are over when nobody came for so long.
func NewStore(ctx context.Context, db *stator.DB, now func() time.Time, idle time.Duration) (*Store, error) {
	sessions, err := stator.CreateTableFor[Session](ctx, db, "sessions", stator.UnlessExists())
	s := &Store{sessions: sessions, now: now, idle: idle}
	s.HandleFunc("POST /login", s.login)
	s.HandleFunc("POST /logout", s.logout)
	s.HandleFunc("GET /{$}", s.hello)
	return s, err
}

func (s *Store) login(w http.ResponseWriter, r *http.Request) {
	session := Session{ID: rand.Text(), User: r.FormValue("user"), Expires: s.now().Add(s.idle)}
	if err := s.sessions.Put(r.Context(), session, stator.If("attribute_not_exists(id)")); err != nil {
		fail(w, err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "session", Value: session.ID, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	fmt.Fprintf(w, "hello %s\n", session.User)
}

// hello prolongs the session and counts the visit in one step: of a session that is over
// there is none to prolong, whether it was deleted already or not.
func (s *Store) hello(w http.ResponseWriter, r *http.Request) {
	session, err := s.sessions.Update(r.Context(), stator.Key(id(r)),
		stator.Add("visits", 1), stator.Set("expires", s.now().Add(s.idle).Unix()),
		stator.If("attribute_exists(id)"))
	if err != nil {
		fail(w, err)
		return
	}
	fmt.Fprintf(w, "visit %d of %s\n", session.Visits, session.User)
}

func (s *Store) logout(w http.ResponseWriter, r *http.Request) {
	if err := s.sessions.Delete(r.Context(), stator.Key(id(r))); err != nil {
		fail(w, err)
		return
	}
	fmt.Fprintln(w, "goodbye")
}

// id returns the session that a request names; one that names none gets an id that nobody has.
func id(r *http.Request) string {
	if c, err := r.Cookie("session"); err == nil && c.Value != "" && len(c.Value) <= 100 {
		return c.Value
	}
	return "none"
}

func fail(w http.ResponseWriter, err error) {
	if errors.Is(err, stator.ErrConditionFailed) {
		http.Error(w, "please log in", http.StatusUnauthorized)
		return
	}
	http.Error(w, "the session store failed", http.StatusInternalServerError)
}
