package floors_test

// module is the path that all packages of the repository begin with.
const module = "github.com/statordb/stator"

// floor is one row of the table: which package stands where, and on what.
//
// A package imports packages of its own floor or lower ones, and of these only
// those named. Its tests may import everything up to their own floor, and what
// is marked tests.
type floor struct {
	number  int
	path    string   // below the module's; "examples/*" is any folder there
	imports []string // of this repository; "*" is all that is not higher
	outside []string // of other modules
	unsafe  bool     // may import unsafe
	tests   bool     // for tests: nothing but tests imports it
}

// floors is the whole house. A package that is not here does not stand, and a
// row allows nothing that its package does not use.
var floors = []floor{
	{number: 9, path: "cmd/*", imports: []string{"*"}},
	{number: 9, path: "examples/*", imports: []string{"*"}},
	{number: 9, path: "internal/floors"},

	{number: 8, path: "server", imports: []string{"api", "internal/sigv4", "internal/wire"}},

	{number: 6, path: "", imports: []string{"api", "attr", "internal/engine", "internal/expr", "internal/wire", "kv", "kv/boltkv", "kv/memkv"}},

	{number: 5, path: "internal/engine", imports: []string{"api", "attr", "internal/expr", "internal/itemcodec", "internal/keyenc", "internal/num", "internal/partiql", "internal/wire", "kv"}},
	{number: 5, path: "internal/oracle", imports: []string{"api", "attr", "internal/num", "internal/wire", "kv"}, tests: true},

	{number: 4, path: "capacity", imports: []string{"api"}},
	{number: 4, path: "internal/partiql", imports: []string{"api", "attr", "internal/num"}},
	{number: 4, path: "internal/wire", imports: []string{"api", "attr", "internal/itemcodec"}, unsafe: true},

	{number: 3, path: "api", imports: []string{"attr", "internal/itemcodec", "internal/num"}},

	{number: 2, path: "internal/expr", imports: []string{"attr", "internal/itemcodec", "internal/num"}},
	{number: 2, path: "internal/itemcodec", imports: []string{"attr", "internal/num"}, unsafe: true},
	{number: 2, path: "internal/keyenc", imports: []string{"internal/num"}},

	{number: 1, path: "attr", imports: []string{"internal/num"}, unsafe: true},
	{number: 1, path: "kv/boltkv", imports: []string{"kv", "kv/internal/overlay"}, outside: []string{bbolt}, unsafe: true},
	{number: 1, path: "kv/memkv", imports: []string{"kv", "kv/internal/overlay"}, outside: []string{btree}},
	{number: 1, path: "kv/internal/overlay", imports: []string{"kv"}},
	{number: 1, path: "kv/kvtest", imports: []string{"kv"}, outside: []string{testify}, tests: true},

	{number: 0, path: "kv"},
	{number: 0, path: "internal/bound", tests: true},
	{number: 0, path: "internal/num"},
	{number: 0, path: "internal/sigv4"},
}

// The modules that the library may require. Each has its reason in docs/adr/0005-dependencies.md.
const (
	bbolt   = "go.etcd.io/bbolt"
	btree   = "github.com/google/btree"
	testify = "github.com/stretchr/testify"
	goleak  = "go.uber.org/goleak"
)

// required are the modules that the library's go.mod may name, and what those bring with them.
var required = []string{bbolt, btree, testify, goleak, "go.yaml.in/yaml/v3", "golang.org/x/sys"}

// ofTests are the modules that any test may import: bbolt and btree are the
// floors that benchmarks compare with.
var ofTests = []string{testify, goleak, bbolt, btree}

// nested are the modules in modules. What they require is their own affair, for
// nobody inherits it; but they see the library from outside, or from the folder
// that they are in.
var nested = map[string]string{
	"attr/parity": "attr against the SDK's attributevalue",
	"clients":     "tests with real clients: SDKs, the AWS CLI, higher libraries",
	"reliability": "tests of faults: power loss, kill -9, damage, full disks",
	"sdk":         "an SDK client that is served in the process",
	"tools":       "the programs that make check runs",
}

// memos are the package variables that change: they remember what could be
// found out again, so that nobody can tell whether they are there.
var memos = map[string]string{
	"attr.plans":               "how the fields of a Go type become attributes, as encoding/json keeps it",
	"internal/wire.readers":    "readers that are done, for the sake of their stacks",
	"internal/wire.readPlans":  "how the members of a request are read, by its type",
	"internal/wire.writePlans": "how the members of an answer are written, by its type",
}
