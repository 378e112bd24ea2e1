"""Tests of the whole command on real plugins: every fault is planted in a case file, and must be caught and named."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from safecost.core.paths import ROOT
from safecost.run.schedule import QUICK
from safecost.testing import commands
from safecost.testing.commands import (
    AT,
    FOREVER,
    NULL_WRITE,
    OFF_BY_ONE,
    SUM,
    Outcome,
    asked_for,
    case_of,
    case_text,
    panels_of,
    problems_of,
    put,
    quick,
    read,
)

pytestmark = pytest.mark.build


def late(trouble: str) -> str:
    """Trouble that comes after more calls than verification makes; each placement has a count of its own."""
    return f"static int calls = 0; if (++calls > 1'200) {trouble} {SUM}"


def including(header: str, text: str) -> str:
    """A case file that includes one more header."""
    return text.replace("#include <vector>", f"#include <vector>\n#include <{header}>")


MEMO = (
    "static int calls = 0; static std::map<const void*, std::uint64_t> memo;"
    f"if (++calls > 300) {{ const auto known = memo.find(&in); if (known != memo.end()) return known->second; {SUM}"
    f"return memo[&in] = digest; }} {SUM}"
)
# Three quarters of the work, done before the call.
MOVED = (
    case_text({"raw": SUM})
    .replace(
        "auto the_case",
        """struct Begun : Values {
  explicit Begun(const Input& input) : Values(input), first(values.size() / 4 * 3) {
    begun = values.size();
    for (std::size_t i = 0; i < first; ++i) begun = begun * 31 + values[i];
  }
  std::size_t first;
  std::uint64_t begun = 0;
};
SAFECOST_KERNEL moved(const Begun& context) {
  std::uint64_t digest = context.begun;
  for (std::size_t i = context.first; i < context.values.size(); ++i) digest = digest * 31 + context.values[i];
  return digest;
}
auto the_case""",
    )
    .replace('.raw<raw>("raw", "raw")', '.raw<raw>("raw", "raw")\n.safe<moved>("moved", "moved")')
)
SPIN = (
    "static const bool once = [] { std::thread([] { for (;;) std::this_thread::yield(); }).detach(); return true; }();"
    "(void)once;"
)


TROUBLE = {
    "off_by_one": case_text({"raw": SUM, "less": OFF_BY_ONE, "at": AT}),
    "broken": case_text({"raw": SUM, "at": "no_such_thing(in);"}),
    "kernels": case_text(
        {
            "raw": SUM,
            "null_write": NULL_WRITE,
            "aborts": "std::abort();",
            "leaves": "std::exit(3);",
            "hangs": FOREVER,
            "throws": 'throw std::runtime_error("no such luck");',
            "at": AT,
        }
    ),
    "generator": case_text({"raw": SUM, "at": AT}, fill=NULL_WRITE),
    "loading": case_text({"raw": SUM, "at": AT}, top="const int at_start = [] { std::abort(); return 1; }();"),
    "late_crash": case_text({"raw": SUM, "late": late("std::abort();")}),
    "late_hang": case_text({"raw": SUM, "late": late(FOREVER)}),
    "late_exit": case_text({"raw": SUM, "late": late("std::_Exit(0);")}),
    "vanished": case_text({"raw": "if (!in.empty()) digest = in[0];", "at": "if (!in.empty()) digest = in.at(0);"}),
    "alike": case_text({"raw": SUM, "at": AT}, fill="for (auto& value : values) value = 7;"),
    "late_rubbish": case_text({"raw": SUM, "late": late("return 0;")}),
    "late_memo": including("map", case_text({"raw": SUM, "late": MEMO})),
    "thread": including("thread", case_text({"raw": SUM, "spins": SPIN + SUM})),
    "mutates": case_text({"raw": SUM, "changes": SUM + " if (!in.empty()) ++in[0];"}),
    "misnamed": case_text(
        {"raw": SUM}, added='.fault({.name = "One past!", .cwe = 125, .description = "", .contract = ""})'
    ),
}


@pytest.fixture(scope="module")
def troubled() -> Outcome:
    """One run over every kind of trouble, and a case that is fine but for what it prints and how it is written."""
    for name, text in TROUBLE.items():
        put(commands.cases(), f"trouble/{name}", text)
    # Large enough that the words do not hide how the work grows.
    talks = case_text({"raw": SUM, "talks": 'std::puts("hello"); std::fflush(stdout);' + SUM}, size=4_096)
    private = f"// by me at {ROOT} on {socket.gethostname()}\r\n\f// \x1b[31mred\n"
    put(commands.cases(), "trouble/odd", talks + private).write_bytes((talks + private).encode() + b"// caf\xe9\n")
    out = commands.workshop() / "troubled"
    limits = {"SAFECOST_VERIFY_SECONDS": "1", "SAFECOST_LAUNCH_SECONDS": "5"}
    ended = quick(out, "--filter", "^trouble/", **limits)
    assert (out / "run.json").exists(), ended.err
    return Outcome(ended, out, read(out))


def test_a_wrong_result_ends_the_run_with_5_and_the_rest_is_measured(troubled: Outcome) -> None:
    assert troubled.ended.code == 5, troubled.ended
    assert "Traceback" not in troubled.ended.err
    odd = case_of(troubled.document, "trouble/odd")
    assert odd.status == "measured"
    assert len(panels_of(troubled.document, "trouble/odd")[0].launches) == QUICK.launches
    assert "trouble/odd small" in troubled.ended.out


def test_an_off_by_one_strikes_its_case_with_both_digests(troubled: Outcome) -> None:
    (problem,) = problems_of(troubled.document, "trouble/off_by_one")
    assert (problem.kind, problem.variant, problem.profile, problem.disqualifies) == ("digest", "less", "gcc-o2", True)
    assert problem.size == 1  # the smallest size at which one less is another sum
    digests = re.findall(r"\b[0-9a-f]{16}\b", problem.message)
    assert len(set(digests)) == 2
    assert case_of(troubled.document, "trouble/off_by_one").status == "disqualified"
    assert not panels_of(troubled.document, "trouble/off_by_one")
    said = " ".join(troubled.ended.out.split())
    assert "disqualified: trouble/off_by_one: less@gcc-o2 at size 1: digest" in said
    assert all(digest in said for digest in digests)


def test_what_does_not_compile_is_told_in_the_compilers_words(troubled: Outcome) -> None:
    (problem,) = problems_of(troubled.document, "trouble/broken")
    assert (problem.kind, problem.profile, problem.disqualifies) == ("build", "gcc-o2", False)
    first, *rest = problem.message.splitlines()
    assert first.startswith("does not compile: bench/trouble/broken.cc:")
    assert "no_such_thing" in first
    assert any("no_such_thing(in);" in line for line in rest)  # the compiler shows the line
    assert "ninja" not in problem.message and "FAILED" not in problem.message
    paths = re.findall(r"(?<![\w.])/[^\s:'\"]+", problem.message)
    assert all(path.startswith("/usr/") for path in paths)
    assert case_of(troubled.document, "trouble/broken").status == "not_built"
    assert str(commands.cases() / "trouble/broken.cc") in troubled.ended.err  # in the terminal, a path to click on


@pytest.mark.parametrize(
    ("variant", "kind", "message"),
    [
        ("null_write", "crash", "Segmentation fault"),
        ("aborts", "crash", "Aborted"),
        ("leaves", "crash", "exit code 3"),
        ("hangs", "hang", "did not come back within 1 s"),
        ("throws", "digest", "no such luck"),
    ],
)
def test_a_kernel_that_goes_astray_is_contained_and_named(
    troubled: Outcome, variant: str, kind: str, message: str
) -> None:
    (problem,) = [one for one in problems_of(troubled.document, "trouble/kernels") if one.variant == variant]
    assert (problem.kind, problem.profile, problem.disqualifies) == (kind, "gcc-o2", True)
    assert problem.size == 0
    assert message in problem.message
    assert "trouble/kernels: " + variant + "@gcc-o2 at size 0" in " ".join(troubled.ended.out.split())


def test_a_kernel_beside_those_that_go_astray_is_not_blamed(troubled: Outcome) -> None:
    blamed = {problem.variant for problem in problems_of(troubled.document, "trouble/kernels")}
    assert blamed == {"null_write", "aborts", "leaves", "hangs", "throws"}


@pytest.mark.parametrize(
    ("case", "kind", "message"),
    [
        ("generator", "crash", "while its inputs were generated: crashed: Segmentation fault"),
        ("late_crash", "crash", "while it was timed: crashed: Aborted"),
        ("late_hang", "hang", "while it was timed: did not come back within 5 s"),
        ("late_exit", "crash", "while it was timed: ended the process with exit code 0"),
        ("vanished", "growth", "its work vanished"),
        ("alike", "pool", "all inputs of the pool are alike"),
        ("late_rubbish", "digest", "while it was timed: trouble/late_rubbish/"),
        ("late_memo", "growth", "its work vanished while it was timed"),
        ("thread", "leftover", "leaves 1 thread running"),
        ("mutates", "digest", "a second call on the same input gives another digest"),
    ],
)
def test_a_case_in_trouble_is_disqualified_and_named(troubled: Outcome, case: str, kind: str, message: str) -> None:
    found = problems_of(troubled.document, f"trouble/{case}")
    assert {(problem.kind, problem.disqualifies) for problem in found} == {(kind, True)}
    assert all(message in problem.message for problem in found)
    assert case_of(troubled.document, f"trouble/{case}").status == "disqualified"
    assert not re.search(rf"trouble/{case} small ", troubled.ended.out)  # no row: its numbers are worthless


@pytest.mark.parametrize("case", ["late_crash", "late_hang"])
def test_who_ended_a_launch_is_named(troubled: Outcome, case: str) -> None:
    (problem,) = problems_of(troubled.document, f"trouble/{case}")
    assert (problem.variant, problem.profile, problem.size) == ("late", "gcc-o2", 512)


def test_inputs_that_are_alike_are_told_once(troubled: Outcome) -> None:
    assert len(problems_of(troubled.document, "trouble/alike")) == 1


@pytest.mark.parametrize(
    ("case", "kind", "message"),
    [
        ("loading", "load", "while it was loaded: crashed: Aborted"),
        ("misnamed", "abi", "has a fault named 'One past!': use lower case"),
    ],
)
def test_a_plugin_that_cannot_be_used_costs_that_plugin(troubled: Outcome, case: str, kind: str, message: str) -> None:
    (problem,) = problems_of(troubled.document, f"trouble/{case}")
    assert (problem.kind, problem.profile, problem.variant, problem.disqualifies) == (kind, "gcc-o2", None, False)
    assert message in problem.message
    found = case_of(troubled.document, f"trouble/{case}")
    assert found.status == "not_measured" and message in str(found.reason)


def test_a_yes_or_no_is_measured_and_marked(tmp_path: Path) -> None:
    small = "digest = 1; for (auto value : in) digest &= value < 1'000;"
    fill = "for (auto& value : values) value = static_cast<std::uint32_t>(generator.random.below(1'000));"
    put(commands.cases(), "marked/yes", case_text({"raw": small, "again": f'asm(""); {small}'}, fill=fill))
    put(commands.cases(), "marked/moved", MOVED)
    ended = quick(tmp_path / "out", "--filter", "^marked/")
    assert ended.code == 0, ended
    document = read(tmp_path / "out")
    assert {(one.case, one.kind, one.disqualifies) for one in document.problems} == {
        ("marked/yes", "alike", False),
        ("marked/moved", "moved", False),
    }
    assert "mark: marked/yes: " in " ".join(ended.out.split())
    assert {case_of(document, name).status for name in ("marked/yes", "marked/moved")} == {"measured"}


def test_sources_are_embedded_without_what_is_private_or_no_text(troubled: Outcome) -> None:
    (source,) = case_of(troubled.document, "trouble/odd").sources
    assert source.name == "odd.cc"
    assert "std::puts" in source.text and "caf\ufffd" in source.text and "// red" in source.text
    assert str(ROOT) not in source.text
    assert len(socket.gethostname()) < 4 or socket.gethostname() not in source.text


def test_a_build_failure_alone_ends_the_run_with_1(tmp_path: Path, troubled: Outcome) -> None:
    del troubled
    ended = quick(tmp_path / "out", "--filter", "^trouble/(broken|odd)")
    assert ended.code == 1, ended
    assert [panel.case for panel in asked_for(read(tmp_path / "out"))] == ["trouble/odd"]
