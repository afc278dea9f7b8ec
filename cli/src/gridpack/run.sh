#!/bin/sh
# run.sh NEVENTS SEED: draws NEVENTS events with SEED into events-SEED.@FORMAT@ of the current folder.
# Needs nothing but the folder that it is in: no network, no variables, one core.
set -u

usage() {
    printf '%s\n' 'usage: run.sh NEVENTS SEED' \
        '  NEVENTS  number of events: a whole number from 1 on' \
        '  SEED     whole number of at most 19 digits; same seed, same events' \
        'writes events-SEED.@FORMAT@ into the current folder' >&2
    exit 2
}

fail() {
    printf 'run.sh: %s\n' "$1" >&2
    exit 1
}

# Whether $1 is a whole number of at most $2 digits, without zeros in front.
is_whole() {
    case $1 in
    '' | *[!0-9]* | 0?*) return 1 ;;
    esac
    [ "${#1}" -le "$2" ]
}

[ "$#" -eq 2 ] || usage
is_whole "$1" 15 || usage
is_whole "$2" 19 || usage
[ "$1" != 0 ] || usage

case $0 in
*/*) here=${0%/*}/ ;;
*) here=./ ;;
esac
here=$(CDPATH='' cd -- "$here" && pwd -P) || fail "cannot enter $here"
case $(pwd -P)/ in
"$here"/*) fail 'the current folder is the gridpack, which stays as it is; call run.sh from another one' ;;
esac

output=events-$2.@FORMAT@
for file in "$output" "$output.json"; do
    if [ -e "$file" ] || [ -h "$file" ]; then
        fail "$file is there already and is not overwritten"
    fi
done

# What a variable changes in the last digits is fixed here.
@VARIABLES@
exec "$here/bin/thalweg" sample "$here/sampler.tlw" @ARGUMENTS@ \
    --level @LEVEL@ --threads 1 -n "$1" --seed "$2" --output "$output"
