package main

import (
	"bufio"
	"context"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/statordb/stator"
)

// The tz database, in the public domain: see data/README.md.
//
//go:embed data/zones.zi data/zone.tab data/iso3166.tab
var tz embed.FS

// Era is a stretch of time in which the clocks of a zone kept one rule.
type Era struct {
	Zone    string `dynamodbav:"zone" stator:"hash;index:byEnd,range2"`
	Number  int    `dynamodbav:"number" stator:"range"`
	Country string `dynamodbav:"country,omitempty" stator:"index:byCountry,hash"`
	Offset  string `dynamodbav:"offset" stator:"local:byOffset,range"` // from UTC
	Rule    string `dynamodbav:"rule"`                                 // of daylight saving
	Name    string `dynamodbav:"name"`                                 // an abbreviation
	End     int    `dynamodbav:"end,omitempty" stator:"index:byCountry,range;index:byEnd,hash"`
	Visits  int    `dynamodbav:"visits,omitempty"`
}

// lines yields the lines of a file that say something.
func lines(name string, each func(fields []string)) error {
	f, err := tz.Open("data/" + name)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	for in.Scan() {
		if line := in.Text(); line != "" && line[0] != '#' {
			each(strings.FieldsFunc(line, func(r rune) bool { return r == '\t' || r == ' ' && name == "zones.zi" }))
		}
	}
	return in.Err()
}

func readEras() ([]Era, error) {
	country, countryOf := map[string]string{}, map[string]string{}
	var all []Era
	zone := ""
	err := errors.Join(
		lines("iso3166.tab", func(f []string) { country[f[0]] = f[1] }),
		lines("zone.tab", func(f []string) { countryOf[f[2]] = country[f[0]] }),
		lines("zones.zi", func(f []string) {
			number := 1
			if f[0] == "Z" {
				zone, f = f[1], f[2:]
			} else {
				number = all[len(all)-1].Number + 1
			}
			e := Era{Zone: zone, Number: number, Country: countryOf[zone], Offset: f[0], Rule: f[1], Name: f[2]}
			if len(f) > 3 {
				e.End, _ = strconv.Atoi(f[3])
			}
			all = append(all, e)
		}))
	return all, err
}

// zones is the chapter of the world's clocks.
func zones(ctx context.Context, s *story, db *stator.DB, _ string) error {
	all, err := readEras()
	if err != nil {
		return err
	}
	s.title("The world's clocks, from the tz database")
	eras, err := stator.CreateTableFor[Era](ctx, db, "eras", stator.UnlessExists())
	if err != nil {
		return err
	}
	if err := load(ctx, s, db, eras, all); err != nil {
		return err
	}

	done := s.clock()
	var used stator.Capacity
	norway := []string{}
	for e, err := range eras.Query("country = ?", "Norway").Index("byCountry").Consumed(&used).All(ctx) {
		if err != nil {
			return err
		}
		norway = append(norway, fmt.Sprintf("%s until %d", e.Offset, e.End))
	}
	s.say("by country: in the past Norway kept %s; %s, read units: %g", strings.Join(norway, ", "), done(), used.Units)

	year := eras.Query("end = ?", 1945).Index("byEnd")
	n, err := year.Count(ctx)
	if err != nil {
		return err
	}
	last, err := year.Desc().Limit(2).Page(ctx, nil)
	if err != nil {
		return err
	}
	s.say("by year: in 1945 clocks were set anew %d times, the last two in order of zones: %s and %s", n, last.Items[1].Zone, last.Items[0].Zone)

	half, err := eras.Scan().Filter("contains(offset, ?) AND attribute_not_exists(end)", ":30").Parallel(4).Count(ctx)
	if err != nil {
		return err
	}
	s.say("by a scan with a filter: %d zones are half an hour off today", half)
	if err := visit(ctx, s, eras); err != nil {
		return err
	}
	return indexEras(ctx, s, db, eras)
}

func visit(ctx context.Context, s *story, eras stator.TableOf[Era]) error {
	again := func() (Era, error) {
		return eras.Update(ctx, stator.Key("Asia/Kathmandu", 1), stator.Add("visits", 1),
			stator.If("attribute_exists(zone) AND (attribute_not_exists(visits) OR visits < ?)", 1))
	}
	e, err := again()
	if err != nil {
		return err
	}
	s.say("under a condition: %s (%s) has %d visit", e.Zone, e.Offset, e.Visits)
	_, err = again()
	var current Era
	if !errors.Is(err, stator.ErrConditionFailed) || !stator.FailedItem(err, &current) {
		return fmt.Errorf("a second visit was to be refused: %w", err)
	}
	s.say("a second visit is refused, %q, and the error shows the item: %d visit", err, current.Visits)
	return nil
}

func indexEras(ctx context.Context, s *story, db *stator.DB, eras stator.TableOf[Era]) error {
	d, err := stator.DescribeTable(ctx, db, eras.Name())
	if err != nil {
		return err
	}
	if len(d.GlobalSecondaryIndexes) == 2 {
		done := s.clock()
		if err := stator.UpdateTable(ctx, db, eras.Name(),
			stator.AddIndex("byName", stator.HashKey("name", "S"), stator.RangeKey("zone", "S"), stator.KeysOnly())); err != nil {
			return err
		}
		n, err := eras.Scan().Index("byName").Count(ctx)
		if err != nil {
			return err
		}
		s.say("an index is added while the table is in use: byName, filled with %s eras in %s", thousands(n), done())
	}
	n, err := eras.Query("name = ? AND begins_with(zone, ?)", "LMT", "Africa/").Index("byName").Count(ctx)
	if err != nil {
		return err
	}
	s.say("by name: %d African zones began with local mean time", n)
	return nil
}
