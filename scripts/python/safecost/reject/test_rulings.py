"""Tests of the judgement on snippets: with planted words of compilers, planted compilers, lies, and in earnest."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from safecost.core import pages
from safecost.core.paths import ROOT
from safecost.document.judged import CompilerName, Rejection, RulingOutcome
from safecost.reject import rows
from safecost.reject import rulings as rejected
from safecost.reject.command import show
from safecost.reject.diagnostics import Diagnostic, Said
from safecost.reject.rows import STATUSES, by_status, cell, lines, misuses
from safecost.reject.rulings import Compiler, judge, judge_otherwise
from safecost.suite import snippets
from safecost.suite.snippets import Expectation
from safecost.suite.test_snippets import CXX, RUST, put
from safecost.testing.commands import safecost
from safecost.testing.sample_rejections import sample_rejections

PAGE = ROOT / "docs" / "REJECTED.md"
TAG = Expectation("option", "-Wright")
ACCEPTS = Expectation("accepts", "")
CLEAN = Said(0, "")
LINE = 7


def said(*found: Diagnostic, code: int | None = 1, text: str = "") -> Said:
    return Said(code, text, found)


def error(tag: str | None, *of: int, message: str = "no") -> Diagnostic:
    return Diagnostic("error", tag, message, of[0] if of else None, set(of))


@pytest.mark.parametrize(
    ("expected", "twin", "misuse", "outcome", "reason"),
    [
        (TAG, CLEAN, said(error("-Wright", LINE)), "rejected", ""),
        (TAG, CLEAN, said(error("-Wright", 3, LINE)), "rejected", ""),  # a note points there
        (TAG, CLEAN, said(error("-Wright", LINE), error("-Wother", LINE)), "rejected", ""),
        (TAG, CLEAN, said(error("-Wright", LINE), error(None)), "rejected", ""),  # a header's, which follows from it
        (TAG, CLEAN, said(error("-Wright", 3)), "broken", "does not point to the marked line 7: line 3: error: no"),
        (
            TAG,
            CLEAN,
            said(error("-Wother", LINE)),
            "broken",
            "expected [-Wright], and was reported: line 7: error: no [-Wot",
        ),
        (TAG, CLEAN, said(error("-Wright", LINE), error(None, 2)), "broken", "something else is wrong as well: line 2"),
        (TAG, CLEAN, CLEAN, "broken", "expected [-Wright], and it compiles; write 'accepts'"),
        (TAG, CLEAN, said(text="ld: gone"), "broken", "exit code 1 without a diagnostic: ld: gone"),
        (TAG, CLEAN, said(Diagnostic("warning", "-Wright", "no", LINE, {LINE}), code=0), "broken", "does not point"),
        (
            TAG,
            said(error("-Wunused", 2)),
            said(error("-Wright", LINE)),
            "broken",
            "the corrected version draws",
        ),
        (TAG, said(error(None)), said(error("-Wright", LINE)), "broken", "the corrected version draws"),
        (TAG, said(Diagnostic("warning", "-Wx", "eh", 1, {1}), code=0), CLEAN, "broken", "the corrected version draws"),
        (TAG, said(text="cannot run"), said(error("-Wright", LINE)), "broken", "exit code 1: cannot run"),
        (
            TAG,
            CLEAN,
            said(error("-Wright", LINE), code=-11),
            "broken",
            "misuse crashed the compiler (exit code -11)",
        ),
        (TAG, CLEAN, said(error("-Wright", LINE), text="internal compiler error: in x"), "broken", "crashed"),
        (TAG, said(code=101), CLEAN, "broken", "the corrected version crashed the compiler (exit code 101)"),
        (TAG, CLEAN, said(code=None, text="no answer within 1 s"), "broken", "not compiled: no answer within 1 s"),
        (ACCEPTS, CLEAN, CLEAN, "accepted", ""),
        (ACCEPTS, CLEAN, said(error("-Wnew", LINE)), "newly_rejected", "and now rejected: line 7: error: no [-Wnew]"),
        (ACCEPTS, CLEAN, said(error("-Wunused", 2)), "broken", "said to be accepted, and line 7 is, but: line 2"),
        (ACCEPTS, CLEAN, said(text="ld: gone"), "broken", "without a diagnostic"),
        (ACCEPTS, said(error("-Wunused", 2)), CLEAN, "broken", "the corrected version draws"),
        (ACCEPTS, CLEAN, said(code=139), "broken", "crashed"),
    ],
)
def test_judgement(expected: Expectation, twin: Said, misuse: Said, outcome: RulingOutcome, reason: str) -> None:
    found, _, words = judge(expected, twin, misuse, LINE)
    assert found == outcome, words
    assert reason in words


@pytest.mark.parametrize(
    ("twin", "misuse", "outcome"),
    [
        (CLEAN, said(error("-Wother", LINE)), "rejected"),  # in other words
        (CLEAN, said(error("-Wright", 3)), "rejected"),  # pointing elsewhere
        (CLEAN, CLEAN, "accepted"),
        (said(error("-Wnew", 2)), said(error("-Wright", LINE)), "not_applicable"),
        (CLEAN, said(code=139), "not_applicable"),
    ],
)
def test_another_version_breaks_no_claim(twin: Said, misuse: Said, outcome: RulingOutcome) -> None:
    assert judge(TAG, twin, misuse, LINE)[0] == "broken"
    found, _, reason = judge_otherwise(twin, misuse, LINE, "why")
    assert (found, reason) == (outcome, "why")


@pytest.mark.parametrize(("version", "outcome"), [("12.2.0", "broken"), ("16.2.0", "accepted"), ("1", "accepted")])
def test_a_claim_is_of_the_version_it_was_written_for(
    tmp_path: Path, version: str, outcome: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, "a/b.cc", CXX)
    (one,) = snippets.find(tmp_path)
    file = planted(tmp_path, "exit 0")["gcc"].path
    made = rejected.collect([one], {"gcc": Compiler("gcc", file, version)})
    (ruling,) = made[0].rulings
    assert (ruling.outcome, ruling.differs) == (outcome, outcome == "accepted")
    show(made, Console(width=200))
    assert ("differs: a/b.cc with gcc: GCC 12: expected" in capsys.readouterr().out) == ruling.differs
    assert cell(ruling) == ("accepts, differs" if ruling.differs else "BROKEN")


def test_what_a_newer_version_rejects_is_no_snippets_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, "a/b.cc", CXX.replace("[-Wuse-after-free]", "accepts"))
    (one,) = snippets.find(tmp_path)
    file = planted(tmp_path, f'[ -z "$misuse" ] || {{ echo "b.cc:{one.line}:3: error: no [-Werror=new]"; exit 1; }}')
    for version, words in (("12.2.0", "now rejected: a/b.cc"), ("16.2.0", "differs: a/b.cc with gcc: GCC 12: said")):
        show(rejected.collect([one], {"gcc": Compiler("gcc", file["gcc"].path, version)}), Console(width=200))
        out = capsys.readouterr().out
        assert words in out and ("let the snippet say so" in out) == (version == "12.2.0")


@pytest.mark.parametrize(("library", "same"), [(None, True), ("12.2.0", True), ("16.2.0", False)])
def test_clang_says_other_things_of_another_libstdcxx(library: str | None, same: bool) -> None:
    version = f"{rejected.WRITTEN_FOR['clang']}.1.0"
    assert Compiler("clang", None, version, libstdcxx=library).is_expected is same


def test_a_text_is_found_in_notes_and_shown() -> None:
    one = Diagnostic("error", "-Wx", "evaluation failed", LINE, {LINE}, ["read of freed block", "in call"])
    outcome, saw, _ = judge(Expectation("text", "freed block"), CLEAN, said(one), LINE)
    assert (outcome, saw and saw.message, saw and saw.tag) == ("rejected", "read of freed block", None)


def planted(folder: Path, script: str) -> dict[CompilerName, Compiler]:
    """A compiler of our own; `$misuse` is set where the switch is on."""
    file = folder / "compiler"
    file.write_text(
        f'#!/bin/sh\ncase " $* " in *MISUSE*) misuse=1;; esac\n{script}\n',
        encoding="utf-8",
    )
    file.chmod(0o755)
    return {"gcc": Compiler("gcc", file, "12.2.0")}


def ruling(folder: Path, script: str, patience: float = 20) -> tuple[str, str | None]:
    one = snippets.read(put(folder, "a/b.cc", CXX))
    ((only,),) = [r.rulings for r in rejected.collect([one], planted(folder, script), patience)]
    return only.outcome, only.reason


@pytest.mark.parametrize(
    ("script", "outcome", "reason"),
    [
        ('[ -z "$misuse" ] || { echo "b.cc:9:3: error: no [-Werror=use-after-free]"; exit 1; }', "rejected", None),
        ('[ -z "$misuse" ] || { echo "b.cc:7:3: error: no [-Werror=use-after-free]"; exit 1; }', "broken", "line 9"),
        ("exit 0", "broken", "it compiles"),
        ("echo 'b.cc:1:1: warning: eh [-Wx]'", "broken", "the corrected version"),
        ("kill -SEGV $$", "broken", "crashed the compiler"),
        ("echo 'b.cc:1:1: internal compiler error: oh'; exit 1", "broken", "crashed the compiler"),
    ],
)
def test_planted_compilers(tmp_path: Path, script: str, outcome: str, reason: str | None) -> None:
    found, words = ruling(tmp_path, script)
    assert found == outcome
    assert reason is None or reason in str(words)


def test_a_compiler_that_hangs_is_ended(tmp_path: Path) -> None:
    start = time.monotonic()
    assert ruling(tmp_path, "sleep 60", patience=0.3) == (
        "broken",
        "the corrected version was not compiled: no answer within 0.3 s; make the snippet smaller",
    )
    assert time.monotonic() - start < 30


def test_what_a_compiler_says_is_scrubbed(tmp_path: Path) -> None:
    script = "printf 'b.cc:9:3: error: \\033[31m/home/somebody/x\\342\\200\\256 no\\n'; exit 1"
    _, words = ruling(tmp_path, script)
    assert "\x1b" not in str(words)
    assert "somebody" not in str(words)
    assert "\u202e" not in str(words)


def test_an_absent_compiler_is_a_gap(tmp_path: Path) -> None:
    one = snippets.read(put(tmp_path, "a/b.rs", RUST))
    (made,) = rejected.collect([one], {"rustc": Compiler("rustc", None, None, "Rust: not found")})
    assert [(r.outcome, r.reason) for r in made.rulings] == [("absent", "Rust: not found")]
    assert rejected.broken([made]) == []


def test_what_is_not_asked_is_not_there(tmp_path: Path) -> None:
    one = snippets.read(put(tmp_path, "a/b.rs", RUST))
    assert rejected.collect([one], {"gcc": Compiler("gcc", None, None)}) == []


# ---- tables --------------------------------------------------------------------------------------------------------


def test_lines_set_languages_side_by_side() -> None:
    found = lines(sample_rejections())
    assert [
        (line.head.misuse, line.head.way, [cell(line.rulings.get(by)) for by in ("gcc", "clang", "rustc")])
        for line in found
    ] == [
        ("inner_scope", "plain", ["accepts", "now rejects -Wdangling", "–"]),
        ("copied_owner", "plain", ["rejects -Wmade-up", "rejects -Wmade-up", "–"]),
        ("freed_block", "plain", ["BROKEN", "accepts", "rejects E0382"]),
        ("freed_block", "attribute", ["–", "rejects -Wconsumed", "–"]),
        ("never_freed", "plain", ["accepts", "accepts", "not here"]),
    ]
    assert [line.head.title for line in found][2] == "A made-up freed_block."


def test_standings() -> None:
    found = {one.head.misuse: one for one in misuses(sample_rejections())}
    statuses = {name: one.status for name, one in found.items()}
    assert statuses == {"inner_scope": "one", "copied_owner": "both", "freed_block": "helped", "never_freed": "never"}
    assert found["freed_block"].cxx == "with attributes: Clang -Wconsumed"
    assert (found["freed_block"].rust, found["copied_owner"].rust) == ("rejects E0382", "–")
    rust_only = [one for one in sample_rejections() if one.language == "rust"]
    assert {one.status for one in misuses(rust_only)} == {"unknown"}
    assert [status for status, _, _ in by_status(sample_rejections())] == list(STATUSES)[:4]


def test_the_terminal_names_what_is_broken_and_what_is_better(capsys: pytest.CaptureFixture[str]) -> None:
    show(sample_rejections(), Console(width=200))
    out = capsys.readouterr().out
    assert "broken: ownership/freed_block.cc with gcc: expected [-Wuse-after-free], and was reported: -Wother" in out
    assert "now rejected: lifetimes/inner_scope.cc with clang" in out
    assert "1 misuse: not rejected in C++, in any way tried" in out


# ---- in earnest ----------------------------------------------------------------------------------------------------


@cache
def here() -> Sequence[Rejection]:
    return rejected.collect()


def skip_where_claims_are_of_others() -> None:
    others = [f"{one.name} {one.version}" for one in rejected.compilers_here().values() if not one.is_expected]
    if others:
        pytest.skip(f"snippets are claimed of {rejected.WRITTEN_FOR}, and here is {', '.join(others)}")


@pytest.mark.build
def test_every_snippet_is_what_it_says() -> None:
    assert [(one.topic, one.misuse, one.way, r.by, r.reason) for one, r in rejected.broken(here())] == []
    asked = {r.by for one in here() for r in one.rulings if r.outcome in {"rejected", "accepted"}}
    assert {"gcc", "clang"} <= asked  # the toolchains of all tests; without Rust its rows are gaps


@pytest.mark.build
def test_the_page_is_what_the_command_writes() -> None:
    """Where the compilers are those the page names; others may say other things."""
    written, now = (
        PAGE.read_text(encoding="utf-8"),
        pages.markdown("rejected_page.md.jinja", rejected=rows, rejections=here()),
    )
    about, found = (re.findall(r"^- (.+) rejects \d+ of", text, re.MULTILINE) for text in (written, now))
    assert len(about) == 3
    if about != found:
        pytest.skip(f"the page is about {', '.join(about)}, and here is {', '.join(found)}")
    assert written == now, "scripts/safecost rejected --write docs/REJECTED.md"


@pytest.mark.build
@pytest.mark.parametrize(
    ("file", "true", "lie", "words"),
    [
        (
            "ownership/use_after_free.cc",
            "gcc: [-Wuse-after-free]",
            "gcc: [-Wdangling-pointer]",
            "and was reported: line",
        ),
        ("ownership/use_after_move.cc", "clang: accepts", "clang: [-Wconsumed]", "and it compiles"),
        ("ownership/use_after_move.rs", "rustc: E0382", "rustc: E0505", "expected E0505, and was reported"),
        ("bounds/constant_index.rs", "// MISUSE", "", "lines marked"),
        ("bounds/constant_index.cc", "#include", "", ""),
    ],
)
def test_lies_are_found_by_the_command(tmp_path: Path, file: str, true: str, lie: str, words: str) -> None:
    skip_where_claims_are_of_others()
    copy = tmp_path / file
    copy.parent.mkdir()
    shutil.copy(snippets.FOLDER / file, copy)
    text = copy.read_text(encoding="utf-8")
    if true in text:
        copy.write_text(text.replace(true, lie), encoding="utf-8")
    ended = safecost("rejected", "--snippets", tmp_path)
    if not words:
        assert ended.code == 0, ended.out + ended.err  # untouched, so that the others fail for their lie
    elif words == "lines marked":
        assert (ended.code, words in ended.err) == (2, True)
    else:
        assert ended.code == 5, ended.out + ended.err
        assert f"broken: {file} with" in " ".join(ended.out.split())
        assert words in " ".join(ended.out.split())


@pytest.mark.build
def test_a_compiler_that_became_better_breaks_nothing(tmp_path: Path) -> None:
    file = put(tmp_path, "ownership/use_after_free.cc", "")
    text = (snippets.FOLDER / "ownership/use_after_free.cc").read_text(encoding="utf-8")
    file.write_text(text.replace("gcc: [-Wuse-after-free]", "gcc: accepts"), encoding="utf-8")
    ended = safecost("rejected", "--snippets", tmp_path, "--compilers", "gcc")
    assert ended.code == 0, ended.out
    assert re.search("(now rejected|differs): ownership/use_after_free.cc with gcc", ended.out)


@pytest.mark.build
def test_a_missing_header_shows_in_the_twin(tmp_path: Path) -> None:
    skip_where_claims_are_of_others()
    file = put(tmp_path, "lifetimes/view.cc", "")
    text = (snippets.FOLDER / "lifetimes/view_of_temporary.cc").read_text(encoding="utf-8")
    file.write_text(text.replace("#include <string_view>", "").replace("#include <string>", ""), encoding="utf-8")
    ended = safecost("rejected", "--snippets", tmp_path, "--compilers", "clang")
    assert ended.code == 5
    assert "the corrected version draws a diagnostic" in " ".join(ended.out.split())
