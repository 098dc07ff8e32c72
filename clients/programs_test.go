package clients_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// program is a client in another language, with what drives it in testdata.
type program struct {
	name string

	// prepare returns the command, or skips the test for want of the client.
	prepare func(t *testing.T) []string

	// sections are what the program prints "ok" for.
	sections []string

	// notices are the faults of a server that it is run against too.
	notices []string
}

var programs = []program{
	{"boto3", prepareBoto3, []string{"items", "batches", "queries", "transactions", "legacy", "partiql", "changes", "delete"}, []string{wrongTypes, lostPages, wrongChecksums}},
	{"AWS CLI", prepareCLI, []string{"table", "items", "queries", "transaction", "statement", "tables"}, []string{wrongTypes}},
	{"AWS SDK for JavaScript", prepareJS("sdk.mjs"), []string{"tables", "items", "batches", "queries", "transactions", "statements", "end"}, []string{wrongTypes, lostPages}},
	{"ElectroDB", prepareJS("electrodb.mjs"), []string{"entities", "batches", "queries", "collections", "transactions"}, []string{wrongTypes, lostPages}},
}

// Each program runs against the command stator as users start it, and then
// against servers that are wrong in one thing, which it must notice.
func TestPrograms(t *testing.T) {
	if runtime.GOOS == "windows" {
		missing(t, "the programs need sh, and a server that can be interrupted")
	}
	stator := buildCommand(t)
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			command := p.prepare(t)
			served := t.Run("served", func(t *testing.T) {
				out, err := run(t, serveCommand(t, stator), command)
				require.NoError(t, err, "%s", out)
				for _, section := range p.sections {
					require.Contains(t, out, "ok "+section+"\n")
				}
			})
			if !served {
				return
			}
			for _, name := range p.notices {
				t.Run("notices "+name, func(t *testing.T) {
					out, err := run(t, serve(t, faulty(faults[name])), command)
					var exit *exec.ExitError
					require.ErrorAs(t, err, &exit, "%s", out)
					require.Positive(t, exit.ExitCode(), "%s", out)
					t.Log(complaint(out))
				})
			}
		})
	}
}

// complaints are how the programs, Python and node end when something is wrong.
var complaints = regexp.MustCompile(`(?m)^(FAIL.*|[\w.]*(Error|Exception)\b.*:.*)$`)

// complaint finds what a program that failed has to say.
func complaint(out string) string {
	if c := complaints.FindString(out); c != "" {
		return c
	}
	return lastLine(out)
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// missing skips a test, and says so where it is seen.
func missing(t *testing.T, format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	fmt.Fprintf(os.Stderr, "WARNING: %s is SKIPPED: %s\n", t.Name(), why)
	t.Skip(why)
}

// look finds a program in PATH.
func look(t *testing.T, name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, "there is no %s in PATH", name)
	}
	return path
}

func testdata(t *testing.T, name ...string) string {
	path, err := filepath.Abs(filepath.Join(append([]string{"testdata"}, name...)...))
	require.NoError(t, err)
	return path
}

// Older clients than these do not know AWS_ENDPOINT_URL_DYNAMODB, and would go to AWS.
var (
	oldestBoto3 = version{1, 28}
	oldestCLI   = map[int]version{1: {1, 29}, 2: {2, 13}}
)

type version struct{ major, minor int }

// versionIn finds a version in what a program says of itself.
func versionIn(text, pattern string) (v version, ok bool) {
	m := regexp.MustCompile(pattern + `(\d+)\.(\d+)`).FindStringSubmatch(text)
	if m == nil {
		return v, false
	}
	v.major, _ = strconv.Atoi(m[1])
	v.minor, _ = strconv.Atoi(m[2])
	return v, true
}

func (v version) before(w version) bool {
	return v.major < w.major || v.major == w.major && v.minor < w.minor
}

func prepareBoto3(t *testing.T) []string {
	python := look(t, "python3")
	out, err := exec.Command(python, "-c", "import boto3; print(boto3.__version__)").CombinedOutput()
	if err != nil {
		missing(t, "python3 has no boto3: %s", lastLine(string(out)))
	}
	if v, ok := versionIn(string(out), ""); !ok || v.before(oldestBoto3) {
		missing(t, "boto3 %s is too old", strings.TrimSpace(string(out)))
	}
	t.Logf("boto3 %s", out)
	return []string{python, testdata(t, "boto3_client.py")}
}

func prepareCLI(t *testing.T) []string {
	sh, aws := look(t, "sh"), look(t, "aws")
	out, err := exec.Command(aws, "--version").CombinedOutput()
	if err != nil {
		missing(t, "aws --version: %s", lastLine(string(out)))
	}
	v, ok := versionIn(string(out), "aws-cli/")
	if oldest, known := oldestCLI[v.major]; !ok || known && v.before(oldest) {
		missing(t, "%s is too old", strings.TrimSpace(string(out)))
	}
	t.Logf("%s", out)
	return []string{sh, testdata(t, "aws_cli.sh")}
}
