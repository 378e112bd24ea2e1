#!/bin/sh
# Holds a change against what it changes, in one CI job: base and head are built here, and timed in the same processes.
# docs/CI.md explains it; github-actions.yml and gitlab-ci.yml call it. Needs sh, git, tar and safecost.
set -eu

say() { printf 'gate: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

usage() {
    cat <<'END'
Usage: gate.sh [OPTION]... [-- OPTION_OF_SAFECOST_COMPARE...]

  --cases DIR        folder of cases in a git checkout (default: safecost's own cases, of the checkout that
                     gate.sh lies in)
  --base REVISION    what the change is compared with: a commit, branch or tag (default: HEAD^)
  --base-cases DIR   the same as a folder, where base is no revision; needs --cases
  --profiles NAMES   profiles to build with (default: safecost's)
  --filter REGEX     only what matches
  --quick | --full   fewer or more launches
  --out DIR          where results go, a folder that is not there yet (default: safecost-gate)
  --history BRANCH   measure head once more, and append the run to this branch of origin
  --safecost FILE    the command (default: scripts/safecost of the checkout that gate.sh lies in)
  -h, --help         this

Writes DIR/compare.xml (JUnit), compare.json and compare.md; in GitHub's Actions also the step's summary and annotations.
Times are advice; exact metrics and outcomes fail. What follows -- comes last, so '-- --time auto' lets times count.

Exit codes are those of 'safecost compare --gate': 0 nothing that counts is worse; 1 something is missing, or could not be
built or written; 2 usage; 3 a regression; 4 refused, too noisy (only with --time gate); 5 a wrong result or a broken
claim. Where the history cannot be appended to, a gate that is 0 ends with 1.

Examples:
  gate.sh --base origin/main --cases bench/safety --profiles gcc-o2
  gate.sh --base-cases old-cases --cases new-cases --quick -- --limits limits.toml
END
}

here=$(dirname -- "$(readlink -f -- "$0")")
safecost=$here/../../scripts/safecost
base='' base_cases='' cases='' out=safecost-gate history=''
profiles='' filter='' amount=''

while [ "$#" -gt 0 ]; do
    case $1 in
        -h | --help) usage && exit ;;
        --quick | --full) amount=$1 && shift && continue ;;
        --) shift && break ;;
        --cases | --base | --base-cases | --profiles | --filter | --out | --history | --safecost)
            if [ "$#" -lt 2 ] || [ -z "$2" ]; then die "$1 needs a value; gate.sh --help has the options"; fi
            ;;
        *) die "there is no option $1; options of safecost compare follow --, and gate.sh --help has the others" ;;
    esac
    case $1 in
        --cases) cases=$2 ;;
        --base) base=$2 ;;
        --base-cases) base_cases=$2 ;;
        --profiles) profiles=$2 ;;
        --filter) filter=$2 ;;
        --out) out=$2 ;;
        --history) history=$2 ;;
        --safecost) safecost=$2 ;;
    esac
    shift 2
done

[ -x "$safecost" ] || die "$safecost is no command; name it with --safecost"
[ -z "$base" ] || [ -z "$base_cases" ] || die "--base and --base-cases exclude each other: give one"
[ -z "$base_cases" ] || [ -n "$cases" ] || die "--base-cases needs --cases, the folder of head"
[ -z "$cases" ] || [ -d "$cases" ] || die "--cases $cases is no folder"
[ ! -e "$out" ] || die "--out $out exists already: results are never overwritten, choose another folder"
case $history in -* | *..* | *[!A-Za-z0-9._/-]*) die "--history $history is no name of a branch" ;; esac
if [ -n "$cases" ]; then repository=$cases; else repository=$here/../..; fi

scratch=$(mktemp -d)
# shellcheck disable=SC2317 # called by the trap
forget() {
    rm -rf -- "$scratch"
    [ -z "$history" ] || git -C "$repository" worktree prune
}
trap forget EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# commit REVISION: its commit, fetched if this clone is too shallow to have it.
commit() {
    if ! git -C "$repository" rev-parse --verify --quiet --end-of-options "$1^{commit}"; then
        say "$1 is not in this clone: fetching it"
        case $1 in -*) return 1 ;; esac
        git -C "$repository" fetch --quiet --no-tags --depth=1 origin "$1" >&2 &&
            git -C "$repository" rev-parse --verify --quiet --end-of-options 'FETCH_HEAD^{commit}'
    fi
}

# take_out COMMIT: puts the folder of cases as it was in COMMIT into $scratch/base, without touching the working tree.
take_out() {
    git -C "$repository" cat-file -e "$1:$inside" 2>/dev/null ||
        die "$1 has no folder ${inside%/}: a first set of cases has no base to be compared with"
    mkdir "$scratch/base"
    git -C "$(git -C "$cases" rev-parse --show-toplevel)" archive --format=tar "$1" -- "${inside:-.}" >"$scratch/base.tar"
    tar -xf "$scratch/base.tar" -C "$scratch/base"
}

# measure COMMAND...: safecost with what a comparison and a run have in common.
measure() {
    [ -z "$filter" ] || set -- "$@" --filter "$filter"
    [ -z "$profiles" ] || set -- "$@" --profiles "$profiles"
    [ -z "$amount" ] || set -- "$@" "$amount"
    "$safecost" "$@"
}

# compare SIDES... : the comparison; SIDES are the options that name base and head.
compare() {
    measure compare --gate --time advisory \
        --junit "$out/compare.xml" --json "$out/compare.json" --markdown "$out/compare.md" "$@"
}

# as_safecost FOLDER GIT_COMMAND...: whose commits these are, whatever the machine is set to.
as_safecost() {
    folder=$1
    shift
    git -C "$folder" -c user.name=safecost -c user.email=safecost@localhost "$@"
}

# append_run: the run in $out/run becomes lines of history.jsonl on the branch, one more commit.
# Somebody else may push in between: then theirs is fetched, and ours added to it again.
append_run() {
    data=$scratch/data
    for attempt in 1 2 3 4 5; do
        rm -rf -- "$data" "$scratch/history.sqlite"
        git -C "$repository" worktree prune
        there=0
        git -C "$repository" ls-remote --exit-code origin "refs/heads/$history" >/dev/null || there=$?
        case $there in
            0)
                git -C "$repository" fetch --quiet --no-tags --depth=1 origin "refs/heads/$history" || return
                git -C "$repository" worktree add --quiet --detach "$data" FETCH_HEAD || return
                ;;
            2) # origin has no such branch: it begins here, without the files and the commits of any other
                nothing=$(git -C "$repository" hash-object -w -t tree /dev/null) || return
                first=$(as_safecost "$repository" commit-tree -m 'Begin a history of runs' "$nothing") || return
                git -C "$repository" worktree add --quiet --detach "$data" "$first" || return
                ;;
            *) return "$there" ;;
        esac
        if [ -e "$data/history.jsonl" ]; then
            "$safecost" history import "$data/history.jsonl" --database "$scratch/history.sqlite" || return
        fi
        "$safecost" history add "$out/run" --database "$scratch/history.sqlite" || return
        "$safecost" history export --out "$data/history.jsonl" --database "$scratch/history.sqlite" || return
        git -C "$data" add -- history.jsonl || return
        if git -C "$data" diff --cached --quiet; then say "the history has this run already" && return; fi
        as_safecost "$data" commit --quiet -m 'Add a run' || return
        if git -C "$data" push --quiet origin "HEAD:refs/heads/$history"; then return; fi
        say "$history has moved, or cannot be pushed to (attempt $attempt)"
        sleep "$attempt"
    done
    return 1
}

if [ -n "$base_cases" ]; then
    set -- --case-folders "$base_cases" "$cases" "$@"
else
    base=${base:-HEAD^}
    found=$(commit "$base") || die "there is no revision $base here, nor at origin: name another with --base"
    if [ -n "$cases" ]; then
        inside=$(git -C "$cases" rev-parse --show-prefix) || die "--cases $cases is in no git checkout: give --base-cases"
        take_out "$found"
        set -- --case-folders "$scratch/base/$inside" "$cases" "$@"
    else
        set -- --revisions "$found" . "$@"
    fi
fi

mkdir -p "$out"
out=$(cd -- "$out" && pwd)
code=0
compare "$@" || code=$?
say "results are in $out; exit code $code"

# Usage (2) and an interrupt (128 and above) say that something is wrong with the job: no run is spent on it.
if [ -n "$history" ] && [ "$code" != 2 ] && [ "$code" -lt 128 ]; then
    set -- run --out "$out/run"
    [ -z "$cases" ] || set -- "$@" --cases "$cases"
    ran=0
    measure "$@" || ran=$?
    if [ ! -e "$out/run/run.json" ] || ! append_run; then
        say "the history was not appended to (the run ended with $ran)"
        [ "$code" != 0 ] || code=1
    fi
fi
exit "$code"
