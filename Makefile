# What CI runs is `make check`. It needs Go and, for the race detector, a C
# compiler; without one the tests run without it, and it says so.

GO        ?= go
TESTFLAGS ?=
FUZZTIME  ?= 2s
FUZZTOTAL ?= 150
BENCHTIME ?= 1s
BENCH     ?= .

# How long the parts of make soak go on. They take some hours as they stand.
SEEDS      ?= 101 102 103 104
OPS        ?= 250000
KILLS      ?= 300
FLIPS      ?= 20000
HISTORY    ?= 2000000
TXNS       ?= 100000
TOKENKILLS ?= 100
OVERWRITES ?= 4000
ROUND      ?= 5s
FULLTIMES  ?= 20
MINUTES    ?= 30

# The modules in folders, with tests of their own.
MODULES := $(sort $(patsubst ./%/go.mod,%,$(shell find . -mindepth 2 -name go.mod -not -path './tools/*' -not -path '*/testdata/*')))
SOAKS   := oracle power fault kill corrupt full isolation readers load
TARGETS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

.PHONY: check fmt gofmt vet staticcheck floors test fuzz examples cross bench soak $(SOAKS:%=soak-%)

check: gofmt vet staticcheck floors test fuzz examples cross
	@echo "check: all passed"

fmt:
	gofmt -w .

gofmt:
	@unformatted="$$(gofmt -l .)"; if [ -n "$$unformatted" ]; then echo "not formatted, make fmt does it:"; echo "$$unformatted"; exit 1; fi

vet:
	$(GO) vet ./...
	@set -e; for m in $(MODULES); do echo "vet $$m"; (cd $$m && $(GO) vet ./...); done

# staticcheck has a go.mod of its own, so that users of the library do not
# inherit it. It is built once and runs in every module but attr/parity, whose
# types have what nobody uses, and methods that nobody should write, on purpose.
staticcheck:
	@set -e; dir="$$(mktemp -d)"; trap 'rm -rf "$$dir"' EXIT; \
	$(GO) build -modfile=tools/go.mod -o "$$dir/staticcheck" honnef.co/go/tools/cmd/staticcheck; \
	for m in . $(filter-out attr/parity,$(MODULES)); do echo "staticcheck $$m"; (cd $$m && "$$dir/staticcheck" ./...); done

floors:
	$(GO) test ./internal/floors

# test runs the tests of all modules. Those of clients are printed in full, for
# they say which clients the machine lacks.
test:
	@set -e; race=-race; \
	if [ "$$($(GO) env CGO_ENABLED)" != 1 ] || ! command -v "$$($(GO) env CC)" >/dev/null 2>&1; then \
		race=; echo "WARNING: no C compiler: the tests run without the race detector"; fi; \
	set -x; $(GO) test $$race $(TESTFLAGS) ./...; \
	for m in $(MODULES); do v=; [ $$m != clients ] || v=-v; (cd $$m && $(GO) test $$race $$v $(TESTFLAGS) ./...); done

# fuzz runs each fuzz target for FUZZTIME, until FUZZTOTAL seconds are over; 0 is no such end.
fuzz:
	@GO="$(GO)" tools/fuzz.sh $(FUZZTIME) $(FUZZTOTAL)

# examples runs each program in examples/ for its output; go test runs them too.
examples:
	@set -e; for d in examples/*/; do echo "run $$d"; $(GO) run "./$$d"; done

# cross builds for every target, and vets the tests of other systems than this
# one, which have files of their own.
cross:
	@set -e; for t in $(TARGETS); do echo "build $$t"; \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build ./...; done
	@set -e; for os in darwin windows; do for m in . $(MODULES); do echo "vet $$os $$m"; \
		(cd $$m && CGO_ENABLED=0 GOOS=$$os GOARCH=amd64 $(GO) vet ./...); done; done

# bench prints the benchmarks that measure their floor in the same run: a raw
# store, a bare handler, a plain copy. docs/benchmarks.md says how to read it.
bench:
	@GO="$(GO)" tools/bench.sh '$(BENCH)' $(BENCHTIME)

# soak runs the long forms of what check runs in short. Each part can be run alone, as by
#
#	make soak-kill KILLS=1000
#
# They run one after another, for some of them measure time; -j has no effect on them.
SOAK := cd reliability && $(GO) test -count=1 -v

.NOTPARALLEL: soak
soak: $(SOAKS:%=soak-%)

# Random operations with random options on the model, memory and disk in step: OPS for each of
# SEEDS. A failure leaves a short script that runs again.
soak-oracle:
	@set -e; for s in $(SEEDS); do echo "seed $$s, $(OPS) operations"; \
		$(GO) test ./internal/oracle -count=1 -timeout 4h -run '^TestRandom$$' -args -seed=$$s -ops=$(OPS); done

# A loss of power in every way that can be built of a recorded workload, and on a real ext4.
soak-power:
	$(SOAK) ./power -timeout 4h -args -long

# Each operation on the file fails in each way.
soak-fault:
	$(SOAK) ./fault -timeout 4h -args -long

# KILLS kills of each of a process with writers and of stator serve.
soak-kill:
	$(SOAK) ./kill -timeout 4h -run '^Test(Native|Serve)$$' -args -rounds=$(KILLS)

# FLIPS single bits are changed; 0 is one bit of every byte that is in use.
soak-corrupt:
	$(SOAK) ./corrupt -timeout 4h -args -flips=$(FLIPS)
	$(SOAK) ./corrupt -timeout 4h -run '^TestFlips$$' -args -structure

# FULLTIMES times everything about full stores, which depends on who writes when.
soak-full:
	cd reliability && $(GO) test -v ./full -timeout 4h -count=$(FULLTIMES)

# HISTORY operations for porcupine, TXNS transactions for the search for cycles, TOKENKILLS kills of who uses tokens.
soak-isolation:
	$(SOAK) ./isolation -timeout 4h -args -ops=$(HISTORY) -txns=$(TXNS) -kills=$(TOKENKILLS)

# OVERWRITES of rows beside slow readers, and rounds of writers that take ROUND each.
soak-readers:
	$(SOAK) ./readers -timeout 1h -args -overwrites=$(OVERWRITES) -round=$(ROUND)

# A load of everything for MINUTES, in a process that did nothing before.
soak-load:
	$(SOAK) ./soak -timeout 24h -run '^TestSoak$$' -args -minutes=$(MINUTES)
