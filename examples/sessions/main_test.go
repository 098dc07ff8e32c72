package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
)

func Example() {
	main()
	// Output:
	// 12:00 GET /: 401 please log in
	// 12:00 POST /login?user=Ann: 200 hello Ann
	// 12:20 GET /: 200 visit 1 of Ann
	// 12:40 GET /: 200 visit 2 of Ann
	// 13:11 GET /: 401 please log in
	// 13:11 POST /login?user=Ann: 200 hello Ann
	// 13:12 POST /logout: 200 goodbye
	// 13:12 GET /: 401 please log in
	// deleted because they were over: 1
}

// TestManySessionsExpire: nobody who is late gets in, and all room is given back.
func TestManySessionsExpire(t *testing.T) {
	ctx := context.Background()
	clock := clockAt(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC))
	db, err := stator.OpenMemory(&stator.Options{Now: clock.Now, HideExpired: true, ExpiryRate: -1})
	require.NoError(t, err)
	defer db.Close()
	store, err := NewStore(ctx, db, clock.Now, time.Minute)
	require.NoError(t, err)
	serve := func(method, path, session string) *http.Response {
		r := httptest.NewRequest(method, path, nil)
		r.AddCookie(&http.Cookie{Name: "session", Value: session})
		w := httptest.NewRecorder()
		store.ServeHTTP(w, r)
		return w.Result()
	}
	var ids []string
	for i := range 1000 {
		cookies := serve("POST", "/login?user=u"+strconv.Itoa(i), "").Cookies()
		require.Len(t, cookies, 1)
		ids = append(ids, cookies[0].Value)
	}
	clock.wait(59 * time.Second)
	for _, id := range ids[:10] {
		require.Equal(t, http.StatusOK, serve("GET", "/", id).StatusCode)
	}
	clock.wait(30 * time.Second) // nothing is deleted yet
	for i, id := range ids {
		want := http.StatusUnauthorized
		if i < 10 {
			want = http.StatusOK
		}
		require.Equal(t, want, serve("GET", "/", id).StatusCode)
	}
	n, err := store.sessions.Scan().Count(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 10, n)
	did, err := db.Maintain(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 990, did.Expired)
}
