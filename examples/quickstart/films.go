package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/statordb/stator"
)

// Film is a film of AWS's tutorials. Genre, Director, Lead and Rating repeat
// what Info says, for the keys of indexes are attributes of the item itself.
type Film struct {
	Year     int     `dynamodbav:"year" stator:"hash;index:byGenre,include" json:"year"`
	Title    string  `dynamodbav:"title" stator:"range" json:"title"`
	Genre    string  `dynamodbav:"genre,omitempty" stator:"index:byGenre,hash" json:"-"`
	Rating   float64 `dynamodbav:"rating,omitempty" stator:"index:byGenre,range;local:byRating,range" json:"-"`
	Director string  `dynamodbav:"director,omitempty" stator:"index:byGenre,include" json:"-"`
	Lead     string  `dynamodbav:"lead,omitempty" json:"-"`
	Votes    int     `dynamodbav:"votes,omitempty" json:"-"`
	Info     Info    `dynamodbav:"info" json:"info"`
}

// Info is what else is known of a film.
type Info struct {
	Directors []string  `dynamodbav:"directors,omitempty,stringset" json:"directors"`
	Actors    []string  `dynamodbav:"actors,omitempty" json:"actors"`
	Genres    []string  `dynamodbav:"genres,omitempty" json:"genres"`
	Plot      string    `dynamodbav:"plot,omitempty" json:"plot"`
	Image     string    `dynamodbav:"image_url,omitempty" json:"image_url"`
	Released  time.Time `dynamodbav:"release_date,omitempty" json:"release_date"`
	Rating    float64   `dynamodbav:"rating,omitempty" json:"rating"`
	Rank      int       `dynamodbav:"rank" json:"rank"`
	Seconds   int       `dynamodbav:"running_time_secs,omitempty" json:"running_time_secs"`
}

func readFilms(data string) ([]Film, error) {
	text, err := os.ReadFile(filepath.Join(data, "movies", "moviedata.json"))
	if err != nil {
		return nil, err
	}
	var all []Film
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	first := func(list []string) string { return strings.Join(list[:min(1, len(list))], "") }
	for i := range all {
		f := &all[i]
		f.Genre, f.Director, f.Lead, f.Rating = first(f.Info.Genres), first(f.Info.Directors), first(f.Info.Actors), f.Info.Rating
	}
	return all, nil
}

// films is the chapter of 4,609 films.
func films(ctx context.Context, s *story, db *stator.DB, data string) error {
	all, err := readFilms(data)
	if err != nil {
		return err
	}
	s.title("Films, from AWS's tutorials")
	films, err := stator.CreateTableFor[Film](ctx, db, "films", stator.UnlessExists())
	if err != nil {
		return err
	}
	if err := load(ctx, s, db, films, all); err != nil {
		return err
	}
	if err := askForFilms(ctx, s, films); err != nil {
		return err
	}
	if err := voteForFilm(ctx, s, films); err != nil {
		return err
	}
	return indexFilms(ctx, s, db, films)
}

func askForFilms(ctx context.Context, s *story, films stator.TableOf[Film]) error {
	var used stator.Capacity
	done := s.clock()
	crime := films.Query("genre = ? AND rating >= ?", "Crime", 8).Index("byGenre").Desc().Consumed(&used)
	best := []string{}
	for f, err := range crime.Limit(3).All(ctx) {
		if err != nil {
			return err
		}
		best = append(best, fmt.Sprintf("%s (%d) %.1f", f.Title, f.Year, f.Rating))
	}
	n, err := crime.Count(ctx)
	if err != nil {
		return err
	}
	s.say("by genre: %d crime films are rated 8 or more, the best: %s; %s, read units: %g", n, strings.Join(best, ", "), done(), used.Units)

	best = nil
	for f, err := range films.Query("year = ?", 1994).Index("byRating").Desc().Limit(3).All(ctx) {
		if err != nil {
			return err
		}
		best = append(best, f.Title)
	}
	s.say("by rating: the best of 1994 are %s", strings.Join(best, ", "))

	done = s.clock()
	used = stator.Capacity{}
	long := films.Scan().Filter("info.running_time_secs > ? AND contains(info.genres, ?)", 3*60*60, "War")
	longest := Film{}
	count := 0
	for f, err := range long.Parallel(4).Consumed(&used).All(ctx) {
		if err != nil {
			return err
		}
		if count++; f.Info.Seconds > longest.Info.Seconds {
			longest = f
		}
	}
	s.say("by a scan of four segments: %d war films take over 3 hours, the longest is %s with %s; %s, read units: %g",
		count, longest.Title, time.Duration(longest.Info.Seconds)*time.Second, done(), used.Units)
	return nil
}

func voteForFilm(ctx context.Context, s *story, films stator.TableOf[Film]) error {
	key := stator.Key(1942, "Casablanca")
	vote := func(most int) error {
		f, err := films.Update(ctx, key, stator.Add("votes", 1), stator.Append("info.genres", "Classic"),
			stator.If("attribute_exists(title) AND (attribute_not_exists(votes) OR votes < ?)", most))
		if err == nil {
			s.say("under a condition: %s has %d vote and the genres %s", f.Title, f.Votes, strings.Join(f.Info.Genres, ", "))
		}
		return err
	}
	if err := vote(1); err != nil {
		return err
	}
	err := vote(1)
	var current Film
	if !errors.Is(err, stator.ErrConditionFailed) || !stator.FailedItem(err, &current) {
		return fmt.Errorf("a second vote was to be refused: %w", err)
	}
	s.say("a second vote is refused, %q, and the error shows the item: %d vote", err, current.Votes)
	return nil
}

func indexFilms(ctx context.Context, s *story, db *stator.DB, films stator.TableOf[Film]) error {
	d, err := stator.DescribeTable(ctx, db, films.Name())
	if err != nil {
		return err
	}
	if len(d.GlobalSecondaryIndexes) == 1 {
		done := s.clock()
		err := stator.UpdateTable(ctx, db, films.Name(),
			stator.AddIndex("byLead", stator.HashKey("lead", "S"), stator.RangeKey("year", "N"), stator.KeysOnly()))
		if err != nil {
			return err
		}
		n, err := films.Scan().Index("byLead").Count(ctx)
		if err != nil {
			return err
		}
		s.say("an index is added while the table is in use: byLead, filled with %s films in %s", thousands(n), done())
	}
	bogart, err := films.Query("lead = ? AND year BETWEEN ? AND ?", "Humphrey Bogart", 1940, 1949).Index("byLead").Page(ctx, nil)
	if err != nil {
		return err
	}
	titles := []string{}
	for _, f := range bogart.Items {
		titles = append(titles, f.Title)
	}
	s.say("by lead: Humphrey Bogart, in the forties: %s", strings.Join(titles, ", "))
	return nil
}
