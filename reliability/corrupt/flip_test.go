package corrupt_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/internal/ram"
)

var (
	flips = flag.Int("flips", 500, "how many bytes are changed, one at a time; 0 is all that are in use")
	seed  = flag.Uint64("seed", 1, "of the choice of bytes")

	structure = flag.Bool("structure", false, "change each bit, and each whole byte, of the kinds of which there are few: what holds the file together")
)

// flipDeadline is how long everything that is asked about one flip may take.
const flipDeadline = 20 * time.Second

// hang is a flip whose child never answers: the control of the deadline.
const hang = -1

const childOf = "STATOR_TEST_CORRUPT_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childOf); path != "" {
		if err := child(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// flip is one changed byte: the bits of Mask are turned over.
type flip struct {
	Offset int
	Mask   byte
}

// randomFlip is a single bit half of the time, otherwise the whole byte or any change of it.
func randomFlip(offset int, random *rand.Rand) flip {
	switch random.IntN(4) {
	case 0:
		return flip{offset, 0xFF}
	case 1:
		return flip{offset, byte(1 + random.IntN(255))}
	}
	return flip{offset, 1 << random.UintN(8)}
}

// outcome is what became of a flip.
type outcome struct {
	Refused    string   // why the file was not opened
	ReadErrors int      // answers that were errors
	Wrong      []string // answers that were neither the truth nor an error
	After      []string // the same, after writing
	WriteFails int      // writes that were refused
	Check      []string // what the check says
	Died       string   // how the process ended
}

// child tries the flips that it reads from its standard input, and prints what became of each.
func child(path string) error {
	whole, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "child")
	if err != nil {
		return err
	}
	r := rig{dir: dir, whole: whole, known: map[string]map[string]string{}}
	if r.truth, err = r.read(whole); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var f flip
		if err := json.Unmarshal(in.Bytes(), &f); err != nil {
			return err
		}
		if f.Offset == hang {
			time.Sleep(time.Hour)
		}
		o, err := r.try(f)
		if err != nil {
			return err
		}
		if err := out.Encode(o); err != nil {
			return err
		}
	}
	return in.Err()
}

// rig tries flips on copies of a file.
type rig struct {
	dir   string
	whole []byte
	truth map[string]string
	known map[string]map[string]string // truths after writes, by which of them took place
}

func (r *rig) file(b []byte) (string, error) {
	path := filepath.Join(r.dir, "try.db")
	return path, os.WriteFile(path, b, 0o600)
}

func openDB(path string) (*stator.DB, error) {
	store, err := boltkv.Open(path, &boltkv.Options{NoSync: true, LockTimeout: -1})
	if err != nil {
		return nil, err
	}
	return stator.OpenStore(store, options())
}

// read returns the answers of a file.
func (r *rig) read(b []byte) (map[string]string, error) {
	path, err := r.file(b)
	if err != nil {
		return nil, err
	}
	db, err := openDB(path)
	if err != nil {
		return nil, err
	}
	all := answers(context.Background(), db)
	return all, db.Close()
}

func (r *rig) try(f flip) (o outcome, err error) {
	b := bytes.Clone(r.whole)
	b[f.Offset] ^= f.Mask
	path, err := r.file(b)
	if err != nil {
		return o, err
	}
	report, err := stator.CheckFile(context.Background(), path)
	if err != nil {
		return o, err
	}
	o.Check = report.Faults
	got, err := r.read(b)
	if err != nil {
		o.Refused = err.Error()
		if !errors.Is(err, kv.ErrCorrupt) {
			o.Wrong = append(o.Wrong, "refused without saying that it is damaged: "+o.Refused)
		}
		if _, again := openDB(path); errors.Is(again, kv.ErrLocked) || again == nil {
			o.Wrong = append(o.Wrong, fmt.Sprintf("opened again: %v", again))
		}
		return o, nil
	}
	o.ReadErrors, o.Wrong = compare(r.truth, got)
	return o, r.write(b, &o)
}

// write writes to a copy of a file, and reads it again.
func (r *rig) write(b []byte, o *outcome) error {
	path, err := r.file(b)
	if err != nil {
		return err
	}
	did, err := writeAll(path, nil)
	if err != nil {
		return err
	}
	o.WriteFails = strings.Count(did, "0")
	truth, err := r.truthAfter(did)
	if err != nil {
		return err
	}
	db, err := openDB(path)
	if errors.Is(err, kv.ErrCorrupt) {
		return nil // it is refused now
	}
	if err != nil {
		return err
	}
	_, o.After = compare(truth, answers(context.Background(), db))
	return db.Close()
}

// truthAfter returns the answers after those writes that a damaged file took.
func (r *rig) truthAfter(did string) (map[string]string, error) {
	if known := r.known[did]; known != nil {
		return known, nil
	}
	path := filepath.Join(r.dir, "truth.db")
	if err := os.WriteFile(path, r.whole, 0o600); err != nil {
		return nil, err
	}
	if _, err := writeAll(path, func(i int) bool { return did[i] == '1' }); err != nil {
		return nil, err
	}
	db, err := openDB(path)
	if err != nil {
		return nil, err
	}
	if len(r.known) > 50 {
		clear(r.known)
	}
	r.known[did] = answers(context.Background(), db)
	return r.known[did], db.Close()
}

// writes are requests of every kind of write.
func writes() (all []api.Request) {
	key := func(i int) attr.Item { return attr.Item{"id": attr.S(fmt.Sprintf("u%03d", i))} }
	all = append(all, transaction("another", 3))
	for i := 0; i < users+20; i += 9 {
		all = append(all, &api.PutItemInput{TableName: new("users"), Item: api.ItemOf(user(i, 2))})
	}
	for i := 4; i < users; i += 11 {
		all = append(all, &api.UpdateItemInput{TableName: new("users"), Key: key(i), UpdateExpression: new("SET n = :n"), ExpressionAttributeValues: attr.Item{":n": attr.Int(-i)}})
	}
	for i := 5; i < users; i += 13 {
		all = append(all, &api.DeleteItemInput{TableName: new("users"), Key: key(i)})
	}
	for i := range orders / 10 {
		all = append(all, &api.DeleteItemInput{TableName: new("orders"), Key: attr.Item{"customer": attr.S("c03"), "at": attr.Int(10*i + 3)}})
		all = append(all, &api.PutItemInput{TableName: new("orders"), Item: api.ItemOf(order(10*i+4, 2))})
	}
	all = append(all, &api.PutItemInput{TableName: new("blobs"), Item: api.ItemOf(blob(0, 2))}, &api.DeleteItemInput{TableName: new("blobs"), Key: attr.Item{"id": attr.B([]byte{1})}})
	return all
}

// writeAll makes the writes to a file, those that allowed allows, and returns a 1 for each that took place.
func writeAll(path string, allowed func(int) bool) (string, error) {
	db, err := openDB(path)
	if err != nil {
		return "", err
	}
	var did strings.Builder
	for i, in := range writes() {
		if allowed != nil && !allowed(i) {
			did.WriteByte('0')
			continue
		}
		_, err := db.Serve(context.Background(), in)
		switch {
		case err == nil:
			did.WriteByte('1')
		case strings.HasPrefix(failure(err), errorMark) && !errors.Is(err, kv.ErrOutcomeUnknown):
			did.WriteByte('0')
		default:
			return "", fmt.Errorf("write %d: %w", i, errors.Join(err, db.Close()))
		}
	}
	return did.String(), db.Close()
}

// childBinary returns this test as a program. It is built without the race detector, with which a flip takes five times
// as long: a child does one thing after the other, and the same reads and checks run under the detector elsewhere.
func childBinary(t testing.TB) string {
	if !raceDetector {
		return os.Args[0]
	}
	path := filepath.Join(t.TempDir(), "child")
	out, err := exec.Command("go", "test", "-c", "-vet=off", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// process is a child that tries flips.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	errs bytes.Buffer
}

func start(t testing.TB, binary, path string) *process {
	p := &process{cmd: exec.Command(binary)}
	p.cmd.Env = append(os.Environ(), childOf+"="+path)
	p.cmd.Stderr = &p.errs
	var err error
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewScanner(out)
	p.out.Buffer(nil, 64<<20)
	require.NoError(t, p.cmd.Start())
	return p
}

// try has the child try a flip; alive is that it can try another.
func (p *process) try(f flip, deadline time.Duration) (o outcome, alive bool) {
	b, _ := json.Marshal(f)
	timer := time.AfterFunc(deadline, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	if _, err := p.in.Write(append(b, '\n')); err == nil && p.out.Scan() {
		if err := json.Unmarshal(p.out.Bytes(), &o); err == nil {
			return o, true
		}
	}
	err := p.cmd.Wait()
	o.Died = fmt.Sprintf("%v: %.2000s", err, &p.errs)
	return o, false
}

func (p *process) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

// choose chooses bytes of all regions: as many of each as there are, in turns.
func choose(names []string, n int) (list []flip) {
	random := rand.New(rand.NewPCG(*seed, 7))
	by := map[string][]int{}
	for i, name := range names {
		by[name] = append(by[name], i)
	}
	if n == 0 {
		for i, name := range names {
			if !idle(name) {
				list = append(list, randomFlip(i, random))
			}
		}
		return list
	}
	order := slices.Sorted(maps.Keys(by))
	if *structure {
		const rare, enough = 600, 60
		for _, name := range order {
			if idle(name) || len(by[name]) > rare {
				continue
			}
			for _, i := range by[name][:min(len(by[name]), enough)] {
				for bit := range 8 {
					list = append(list, flip{i, 1 << bit})
				}
				list = append(list, flip{i, 0xFF})
			}
		}
		return list
	}
	for len(list) < n {
		for _, name := range order {
			if len(list) < n {
				list = append(list, randomFlip(by[name][random.IntN(len(by[name]))], random))
			}
		}
	}
	return list
}

// TestFlips changes one byte at a time, anywhere in the file. What the database then answers is the truth or an error,
// before and after writing; the check finds whatever is not in bytes that nobody reads.
func TestFlips(t *testing.T) {
	path := filepath.Join(ram.Dir(t), "whole.db") // each flip writes it anew, some times
	build(t, path)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	names := regions(whole)
	began := time.Now()
	var told table
	binary := childBinary(t)
	p := start(t, binary, path)
	defer func() { p.stop() }()
	for _, f := range choose(names, *flips) {
		o, alive := p.try(f, flipDeadline)
		told.add(names[f.Offset], f, o)
		if !alive {
			p = start(t, binary, path)
		}
	}
	sum := told.sum()
	t.Logf("flips by region:\n%s", told.String())
	t.Logf("flips: %d single bytes in a file of %d bytes, in %d kinds of bytes: %d files refused, %d answers of an error, %d found by the check alone, %d in bytes that nobody reads, %d wrong; %v",
		sum[0], len(whole), len(told.rows), sum[1], sum[2], sum[3], sum[4], sum[5], time.Since(began).Round(time.Millisecond))
	require.Positive(t, sum[1])
	require.Positive(t, sum[2])
	require.Positive(t, sum[3])
	require.Empty(t, told.faults, "%s", strings.Join(told.faults, "\n"))
}

// table counts outcomes by region.
type table struct {
	rows   map[string]*[6]int
	faults []string
}

var columns = [6]string{"flips", "refused", "error", "check", "nothing", "WRONG"}

func (c *table) add(region string, f flip, o outcome) {
	if c.rows == nil {
		c.rows = map[string]*[6]int{}
	}
	if c.rows[region] == nil {
		c.rows[region] = &[6]int{}
	}
	row := c.rows[region]
	row[0]++
	fault := func(format string, args ...any) {
		c.faults = append(c.faults, fmt.Sprintf("byte %d mask %02x (%s): ", f.Offset, f.Mask, region)+fmt.Sprintf(format, args...))
	}
	switch {
	case o.Died != "":
		row[5]++
		fault("the process ended: %s", o.Died)
	case len(o.Wrong)+len(o.After) > 0:
		row[5]++
		fault("wrong answers: %.1500q, after writing: %.1500q, check: %.300q", o.Wrong, o.After, o.Check)
	case o.Refused != "":
		row[1]++
	case o.ReadErrors > 0:
		row[2]++
	case len(o.Check) > 0:
		row[3]++
	default:
		row[4]++
		if !idle(region) {
			fault("nobody found it")
		}
	}
	if len(o.Check) == 0 && (o.Refused != "" || o.ReadErrors > 0) {
		fault("the check did not find it")
	}
}

func (c *table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-44s", "")
	for _, name := range columns {
		fmt.Fprintf(&b, "%9s", name)
	}
	line := func(name string, row *[6]int) {
		fmt.Fprintf(&b, "\n%-44s", name)
		for _, n := range row {
			fmt.Fprintf(&b, "%9d", n)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.rows)) {
		line(name, c.rows[name])
	}
	sum := c.sum()
	line("all", &sum)
	return b.String()
}

func (c *table) sum() (sum [6]int) {
	for _, row := range c.rows {
		for i, n := range row {
			sum[i] += n
		}
	}
	return sum
}
