#!/usr/bin/env bash
# Runs every fuzz target of the library, one after another, each for the time
# given (default 3s): fuzz.sh [time] [packages…]
set -euo pipefail
cd "$(dirname "$0")/.."
go="${GO:-go}"
time="${1:-3s}"
shift || true
packages=("${@:-./...}")
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

# fuzz runs one target. On a busy machine go test can take the end of its time
# for a failure, "context deadline exceeded" and nothing else; an input that
# fails is always written to testdata, and go test says so.
fuzz() {
	echo "fuzz $1 $2"
	"$go" test -run '^$' -fuzz "^$2\$" -fuzztime "$time" "$1" </dev/null 2>&1 | tee "$log" && return
	grep -q '^ *context deadline exceeded$' "$log" && ! grep -q 'Failing input' "$log" && echo "fuzz: its time was over, nothing failed"
}

# go test -list prints the names of a package, and then a line "ok package time".
list="$("$go" test -list '^Fuzz' "${packages[@]}")"
targets=0
failed=()
names=()
while read -r first second _; do
	case "$first" in
	Fuzz*) names+=("$first") ;;
	ok)
		for name in ${names[@]+"${names[@]}"}; do
			targets=$((targets + 1))
			fuzz "$second" "$name" || failed+=("$second $name")
		done
		names=()
		;;
	esac
done <<<"$list"
if [ "$targets" = 0 ]; then
	echo "fuzz: no target was found" >&2
	exit 1
fi
echo "fuzz: $targets targets, $time each, ${#failed[@]} failed${failed[*]+: ${failed[*]}}"
[ "${#failed[@]}" = 0 ]
