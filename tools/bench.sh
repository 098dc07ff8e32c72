#!/usr/bin/env bash
# Prints the benchmarks that compare with a floor measured in the same run, as
# a table: bench.sh [regexp of names] [time of each]
set -euo pipefail
cd "$(dirname "$0")/.."
go="${GO:-go}"
names="${1:-.}"
time="${2:-1s}"

# The packages with such a benchmark: they report a metric that is a ratio.
packages="$(grep -lE '"(x-[a-z]|cursor-steps|floors")' --include='*_test.go' -r . | xargs grep -l ReportMetric | xargs -n1 dirname | sort -u)"
"$go" version
echo "$("$go" env GOOS)/$("$go" env GOARCH), $(getconf _NPROCESSORS_ONLN) CPUs"
"$go" test -run '^$' -bench "$names" -benchtime "$time" -timeout 60m $packages | awk '
	/^cpu:/ { print }
	/^pkg:/ { pkg = $2; sub(/^github.com\/statordb\/stator\//, "", pkg) }
	/^Benchmark/ && (/ x-|\tx-/ || /cursor-steps/ || /floors/) {
		if (pkg != shown) { printf "\n%s\n", pkg; shown = pkg }
		name = $1; sub(/^Benchmark/, "", name); sub(/-[0-9]+$/, "", name)
		printf "  %-40s", name
		for (i = 3; i < NF; i += 2) printf "  %12s %s", $i, $(i + 1)
		printf "\n"
	}
	/^(FAIL|---|panic)/ { print; bad = 1 }
	END { exit bad }'
