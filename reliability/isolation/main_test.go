package isolation_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

// childVariable tells a process of this test binary that it is a child, and what it is to do.
const childVariable = "ISOLATION_CHILD"

func TestMain(m *testing.M) {
	text := os.Getenv(childVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var c child
	err := json.Unmarshal([]byte(text), &c)
	if err == nil {
		err = c.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
