#!/usr/bin/env bash
# Runs every fuzz target of the library, one after another, each for the time
# given (default 2s), until the total is over (default none):
# fuzz.sh [time] [total in seconds] [packages…]
#
# With a total the targets come in another order each time, so that those which
# it leaves out are not always the same; they are named.
set -euo pipefail
cd "$(dirname "$0")/.."
go="${GO:-go}"
time="${1:-2s}"
total="${2:-0}"
shift $(($# < 2 ? $# : 2))
packages=("${@:-./...}")
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

# fuzz runs one target. On a busy machine go test can take the end of its time
# for a failure, "context deadline exceeded" and nothing else; an input that
# fails is always written to testdata, and go test says so.
fuzz() {
	echo "fuzz $1 $2"
	"$go" test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 10x "$1" </dev/null 2>&1 | tee "$log" && return
	grep -q '^ *context deadline exceeded$' "$log" && ! grep -q 'Failing input' "$log" && echo "fuzz: its time was over, nothing failed"
}

# go test -list prints the names of a package, and then a line "ok package time".
list="$("$go" test -list '^Fuzz' "${packages[@]}")"
targets=()
names=()
while read -r first second _; do
	case "$first" in
	Fuzz*) names+=("$first") ;;
	ok)
		for name in ${names[@]+"${names[@]}"}; do
			targets+=("$second $name")
		done
		names=()
		;;
	esac
done <<<"$list"
if [ "${#targets[@]}" = 0 ]; then
	echo "fuzz: no target was found" >&2
	exit 1
fi

# shuffle puts the targets in a random order: from the last place on, each changes places with one before it.
shuffle() {
	local i j t
	for ((i = ${#targets[@]} - 1; i > 0; i--)); do
		j=$((RANDOM % (i + 1)))
		t="${targets[i]}"
		targets[i]="${targets[j]}"
		targets[j]="$t"
	done
}
[ "$total" = 0 ] || shuffle

failed=()
left=()
SECONDS=0
for t in "${targets[@]}"; do
	if [ "$total" != 0 ] && [ "$SECONDS" -ge "$total" ]; then
		left+=("$t")
		continue
	fi
	fuzz $t || failed+=("$t")
done
[ "${#left[@]}" = 0 ] || echo "WARNING: fuzz: ${total}s were over, ${#left[@]} targets did not run: ${left[*]}"
echo "fuzz: $((${#targets[@]} - ${#left[@]})) of ${#targets[@]} targets, $time each, ${#failed[@]} failed${failed[*]+: ${failed[*]}}"
[ "${#failed[@]}" = 0 ]
