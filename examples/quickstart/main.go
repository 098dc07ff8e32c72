// Quickstart tells what Stator does on real records: it creates tables in a
// file, loads them, asks through indexes, changes under conditions, transfers
// in a transaction, and finds everything again after the file was closed.
//
//	go run ./examples/quickstart [-data folder] [file]
//
// Without a file it uses one that it deletes at the end. The records are the
// films and single-table models in the folder, ../shared/data by default, and
// where that is absent the time zones that the example carries.
package main

import (
	"context"
	"flag"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/statordb/stator"
)

func main() {
	data := flag.String("data", "../shared/data", "the folder of films and models")
	flag.Parse()
	if err := start(flag.Arg(0), *data); err != nil {
		log.Fatal("quickstart: ", err)
	}
}

// start tells the story of a file, or of one that is deleted at the end.
func start(file, data string) error {
	if file == "" {
		dir, err := os.MkdirTemp("", "stator")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		file = filepath.Join(dir, "quickstart.db")
	}
	return run(context.Background(), os.Stdout, file, data)
}

// run tells the story on w.
func run(ctx context.Context, w io.Writer, file, data string) error {
	s := &story{w: w, counts: map[string]int64{}}
	db, err := stator.Open(file, nil)
	if err != nil {
		return err
	}
	s.title("A database in %s, store %s", filepath.Base(file), db.StoreID())
	if err := tell(ctx, s, db, data); err != nil {
		return join(err, db.Close())
	}
	onDisk, err := fileSize(file)
	if err != nil {
		return join(err, db.Close())
	}
	if err := db.Close(); err != nil {
		return err
	}

	s.title("The file is closed (%s on disk) and opened again", onDisk)
	done := s.clock()
	if db, err = stator.Open(file, nil); err != nil {
		return err
	}
	s.say("opened in %s", done())
	return join(s.recount(ctx, db), db.Close())
}

// tell tells the chapters between opening and closing.
func tell(ctx context.Context, s *story, db *stator.DB, data string) error {
	type chapter func(context.Context, *story, *stator.DB, string) error
	chapters := []chapter{films, models, accounts}
	if _, err := os.Stat(data); err != nil {
		s.say("there is no folder %s, so the records are those that the example carries", filepath.Base(data))
		chapters = []chapter{zones, accounts}
	}
	for _, chapter := range chapters {
		if err := chapter(ctx, s, db, data); err != nil {
			return err
		}
	}
	return nil
}
