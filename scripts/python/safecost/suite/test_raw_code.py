"""Raw code is what a C programmer writes: what it calls is left to the compiler, and not forced into its loops.

A helper that is forced inline can make raw slow, and what is measured over it cheap: GCC 12 vectorises no loop whose
condition came out of one, and Clang 19 forgets `restrict` where the function with the promise is gone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from safecost.core.paths import BENCH, Folders
from safecost.suite import cases
from safecost.suite.cases import CaseFiles

# Not those that play a tape: `play` and what looks at a slot are forced inline for raw code and idioms alike, and have
# a time of their own (dispatch_only). Nor int_to_text, whose digits are written by helpers; its text gives the reasons.
WRITTEN_OUT = (
    *("indexing/", "iteration/", "integers/", "errors/", "spans/", "callbacks/", "types/", "macros/"),
    "strings/tokenize",
)
CHECKED = [case for case in cases.find(Folders.of([BENCH])) if case.name.startswith(WRITTEN_OUT)]
_SCOPE = re.compile(r"\b(?:namespace|struct|class)\s+(?:\[\[.*?\]\]\s*)?([\w:]+)[^;{}()]*\{")
_DEFINITION = re.compile(r"\b(\w+) ?\(([^;{}]*)\)[\s\w:&*>-]*\{")
_CALL = re.compile(r"(?:\b(\w+)::|(?<!:))\b(\w+)\s*(?:<[^;(){}]*>)?\s*\(")
_NO_FUNCTION = {"if", "for", "while", "switch", "catch", "requires"}


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, the scope it stands in, what it calls as scope and name, and whether it is forced inline."""

    name: str
    scope: str
    calls: frozenset[tuple[str, str]]
    forced: bool


def definitions(text: str) -> list[Definition]:
    """The functions of a C++ source without comments."""
    scopes = [(scope.end(), _end(text, scope.end()), scope[1]) for scope in _SCOPE.finditer(text)]
    return [
        Definition(
            match[1],
            next((name for begin, end, name in reversed(scopes) if begin <= match.start() < end), ""),
            frozenset(_CALL.findall(text[match.end() : _end(text, match.end())])),
            re.search("SAFECOST_HELPER|always_inline", re.split("[;{}]", text[: match.start()])[-1]) is not None,
        )
        for match in _DEFINITION.finditer(text)
        if match[1] not in _NO_FUNCTION
    ]


def _end(text: str, begin: int) -> int:
    depth = 1
    for brace in re.finditer(r"[{}]", text[begin:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return begin + brace.start()
    return len(text)


def forced_inline(text: str) -> dict[str, list[str]]:
    """Each raw variant of a source that calls functions which are forced inline, with their names."""
    text = re.sub(r"//.*|^\s*#.*", "", text, flags=re.MULTILINE)
    functions = definitions(text)
    reached = {
        name: sorted({one.name for one in _reached(kernel, functions) if one.forced})
        for kernel, name in re.findall(r'\.raw<([^"]*?)>\(\s*"(\w+)"', text)
    }
    return {name: helpers for name, helpers in reached.items() if helpers}


def _reached(kernel: str, functions: Sequence[Definition]) -> set[Definition]:
    reached: set[Definition] = set()
    waiting = [
        one for scope, name in re.findall(r"(?:(\w+)::)?(\w+)", kernel) for one in _named(scope, name, functions)
    ]
    while waiting:
        function = waiting.pop()
        if function not in reached:
            reached.add(function)
            for scope, name in function.calls:
                waiting += _named(scope or function.scope, name, functions)
    return reached


def _named(scope: str, name: str, functions: Sequence[Definition]) -> list[Definition]:
    """All overloads in that scope; where it has none, as of a template's parameter, in any."""
    of_name = [one for one in functions if one.name == name]
    return [one for one in of_name if one.scope == scope] or of_name


@pytest.mark.parametrize("case", CHECKED, ids=lambda case: case.name)
def test_raw_code_calls_nothing_that_is_forced_inline(case: CaseFiles) -> None:
    sources = [file.read_text(encoding="utf-8") for file in case.files if file.suffix in {".cc", ".h"}]
    forced = forced_inline("\n".join(sources))
    assert not forced, "write what these call out, or leave it to the compiler: static inline, no SAFECOST_HELPER"


SOURCE = """
SAFECOST_HELPER int square(int value) { return value * value; }
template <class Value>
[[gnu::always_inline]] inline Value twice(Value value) {
  return value + value;
}
static inline int plain(int value) {
  for (int i = 0; i < 2; ++i) value += helped(value);
  return value;
}
SAFECOST_HELPER int helped(int value) { return value; }
namespace by_code {
int root(int value) { return value; }
}
namespace by_class {
int root(int value) { return square(value); }
}
SAFECOST_KERNEL raw(const Values& context) { int square = by_code::root(2); return square; }  // not square(2)
SAFECOST_KERNEL raw_direct(const Values& context) { return square(context.value); }
template <class Value>
SAFECOST_KERNEL raw_template(const Values& context) {
  if (context.value) { return 0; }
  return twice<Value>(context.value);
}
SAFECOST_KERNEL raw_through(const Values& context) { return plain(context.value); }
SAFECOST_KERNEL safe(const Values& context) { return square(context.value); }
auto the_case = safecost::Case<Input>(generate)
    .raw<raw>("raw", "").raw<raw_direct>("raw_direct", "")
    .raw<raw_template<Whole>>("raw_template", "")
    .raw<raw_through>(
        "raw_through", "").fault_kernel<safe>("fault").safe<safe>("safe", "");
"""


def test_a_helper_is_noticed_that_raw_code_calls_itself_or_through_another_function() -> None:
    assert forced_inline(SOURCE) == {
        "raw_direct": ["square"],
        "raw_template": ["twice"],
        "raw_through": ["helped"],
    }
