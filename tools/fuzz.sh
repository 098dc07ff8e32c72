#!/usr/bin/env bash
# Runs every fuzz target of the library, one after another, each for the time
# given (default 3s): fuzz.sh [time] [packages…]
set -euo pipefail
cd "$(dirname "$0")/.."
go="${GO:-go}"
time="${1:-3s}"
shift || true
packages=("${@:-./...}")

targets=0
# go test -list prints the names of a package, and then a line "ok package time".
list="$("$go" test -list '^Fuzz' "${packages[@]}")"
names=()
while read -r first second _; do
	case "$first" in
	Fuzz*) names+=("$first") ;;
	ok)
		for name in ${names[@]+"${names[@]}"}; do
			echo "fuzz $second $name"
			"$go" test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$second"
			targets=$((targets + 1))
		done
		names=()
		;;
	esac
done <<<"$list"
if [ "$targets" = 0 ]; then
	echo "no fuzz target was found" >&2
	exit 1
fi
echo "fuzz: $targets targets, $time each"
