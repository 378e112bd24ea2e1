#!/bin/sh
# One step of 'git bisect run' in the checkout of a compiler: builds it, compares it with one that is known to be good, and ends
# as git understands it. docs/COMPILERS.md has the recipe. Needs sh and safecost, and whatever builds the compiler.
set -eu

say() { printf 'bisect: %s\n' "$*" >&2; }
die() { say "$*"; exit 255; } # git ends the bisection

usage() {
    cat <<'END'
Usage: git bisect run bisect-compiler.sh [OPTION]... --good PROFILE --trial PROFILE [-- OPTION_OF_SAFECOST_COMPARE...]

  --good PROFILE     an ad-hoc profile of a compiler that does it well, which is base
  --trial PROFILE    the same of the compiler that is built here, which is head
  --make COMMAND     builds it, in the folder in which git bisect runs (default: ninja -C build clang runtimes)
  --safecost FILE    the command (default: scripts/safecost of the checkout that this file lies in)
  -h, --help         this

Counts, sizes and checks differ from one version of a compiler to another, so numbers have no limit unless --limits behind --
sets one: what fails is a loop that is vectorised no more, a fault that is caught no more, a wrong result. With --time auto
and limits for times behind --, times may fail as well.

Exit codes: 0 good; 1 bad: a regression, a wrong result (3 and 5 of 'safecost compare --gate'); 125 nothing to be said of this
commit: it does not build, a row is missing, too noisy (1 and 4); 255 ends the bisection: usage (2), an interrupt.

Example:
  git bisect run ~/safecost/docs/ci/bisect-compiler.sh --good 'good: clang-o2-libcxx-fast @ clang++-19' \
      --trial "trial: clang-o2-libcxx-fast @ $PWD/build/bin/clang++" -- --cases ~/my-cases --filter '^mine/two_stores$'
END
}

here=$(dirname -- "$(readlink -f -- "$0")")
safecost=$here/../../scripts/safecost
good='' trial='' make='ninja -C build clang runtimes'
while [ "$#" -gt 0 ]; do
    case $1 in
        -h | --help) usage && exit ;;
        --) shift && break ;;
        --good | --trial | --make | --safecost)
            if [ "$#" -lt 2 ] || [ -z "$2" ]; then die "$1 needs a value; --help has the options"; fi
            ;;
        *) die "there is no option $1; options of safecost compare follow --, and --help has the others" ;;
    esac
    case $1 in
        --good) good=$2 ;;
        --trial) trial=$2 ;;
        --make) make=$2 ;;
        --safecost) safecost=$2 ;;
    esac
    shift 2
done
if [ -z "$good" ] || [ -z "$trial" ]; then die "two profiles are compared: give --good and --trial"; fi
[ -x "$safecost" ] || die "$safecost is no command; name it with --safecost"

scratch=$(mktemp -d)
# shellcheck disable=SC2317 # called by the trap
forget() { rm -rf -- "$scratch"; }
trap forget EXIT
trap 'exit 255' INT TERM
printf '[[limit]]\nrelative = 1000\nabsolute = 1e15\n' >"$scratch/limits.toml"

if ! sh -c "$make" >&2; then say "this commit does not build" && exit 125; fi
code=0
"$safecost" compare --gate --quick --no-count --time advisory --limits "$scratch/limits.toml" \
    --profile "$good" --profile "$trial" "$@" || code=$?
say "safecost compare ended with $code"
case $code in
    0) exit 0 ;;
    3 | 5) exit 1 ;;
    1 | 4) exit 125 ;;
    *) exit 255 ;;
esac
