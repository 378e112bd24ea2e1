"""What compilers reject: each snippet with its misuse switched on must fail as it says, and compile without it.

A claim that does not hold, in either direction, is broken: a diagnostic that is missing or points elsewhere, a
corrected version that draws one. One exception: a compiler that rejects what it was said to accept has become better,
which is reported and breaks nothing.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safecost.core import locks, processes
from safecost.core.errors import UsageError
from safecost.core.privacy import scrub
from safecost.core.progress import Steps
from safecost.core.tools import closed_environment
from safecost.document.judged import DIFFERS, CompilerName, Rejection, Ruling, RulingOutcome
from safecost.machine.doctor import examine_tool, search_path
from safecost.reject.diagnostics import Diagnostic, Said, as_one, understand
from safecost.suite import snippets
from safecost.suite.snippets import Expectation, Snippet
from safecost.suite.toolbox import compilers as tools

PATIENCE = 60.0  # seconds for one compilation; half a second is usual
SUBJECTS: dict[CompilerName, str] = {"gcc": "GCC", "clang": "Clang", "rustc": "Rust"}

# "Accepts" shall mean that no warning there is would have helped, so all are on that speak of what a program does.
# -c and -O2: GCC's warnings that follow values through a function come from its optimizer.
_GCC = (
    "-Wall -Wextra -Wpedantic -Wnull-dereference -Wconversion -Wsign-conversion -Wshadow -Wformat=2 -Wcast-align"
    " -Wcast-qual -Wuse-after-free=3 -Warray-bounds=2 -Wstringop-overflow=4 -Wdangling-pointer=2 -Wlogical-op"
    " -Wduplicated-cond -Wduplicated-branches -Wuninitialized -Wmaybe-uninitialized -Wtrampolines -Wuseless-cast"
)
# Clang has a switch for all; off are those of style, layout and older language versions, and two that ban constructs.
_CLANG = (
    "-Weverything -Wno-c++98-compat -Wno-c++98-compat-pedantic -Wno-pre-c++14-compat -Wno-pre-c++17-compat"
    " -Wno-pre-c++20-compat-pedantic -Wno-missing-prototypes -Wno-padded -Wno-weak-vtables -Wno-switch-default"
    " -Wno-unsafe-buffer-usage -Wno-thread-safety-negative"
)
FLAGS: dict[CompilerName, tuple[str, ...]] = {
    "gcc": ("-std=c++23", "-O2", "-c", "-Werror", "-fdiagnostics-plain-output", *_GCC.split()),
    "clang": (
        *("-std=c++23", "-O2", "-c", "-Werror", "-fno-color-diagnostics", "-fno-caret-diagnostics", "-ferror-limit=0"),
        *_CLANG.split(),
    ),
    # --emit=obj: some errors, and lints that know values, come only when code is made.
    "rustc": (
        "--edition=2021",
        "--crate-type=lib",
        "--crate-name=snippet",
        "--emit=obj",
        "--error-format=json",
        "-Dwarnings",
        "--check-cfg=cfg(misuse)",
    ),
}
_SWITCH: dict[CompilerName, tuple[str, ...]] = {
    "gcc": ("-DMISUSE",),
    "clang": ("-DMISUSE",),
    "rustc": ("--cfg", "misuse"),
}
# The versions that the snippets' expectations were written for: others word, and know, things otherwise.
WRITTEN_FOR: dict[CompilerName, str] = {"gcc": "12", "clang": "19", "rustc": "1.95"}
# Messages in English, whatever the user speaks; a warning must not depend on who compiles.
_ENVIRONMENT = {"LC_ALL": "C", "LANGUAGE": "en", "RUST_BACKTRACE": "0"}


@dataclass(frozen=True, slots=True)
class Compiler:
    """A compiler that was looked for: its path and version, or why there is none."""

    name: CompilerName
    path: Path | None
    version: str | None
    reason: str | None = None
    libstdcxx: str | None = None  # of the GCC whose headers Clang reads

    @property
    def is_expected(self) -> bool:
        """Is this the version that expectations were written for, with the standard library of that time?"""
        own, library = f"{self.version or WRITTEN_FOR[self.name]}.", f"{self.libstdcxx or WRITTEN_FOR['gcc']}."
        return own.startswith(f"{WRITTEN_FOR[self.name]}.") and library.startswith(f"{WRITTEN_FOR['gcc']}.")

    @property
    def differs(self) -> str:
        """How the reason of a ruling begins that is not what was expected of that version."""
        library = f" with libstdc++ {WRITTEN_FOR['gcc']}" if self.name == "clang" else ""
        return f"{DIFFERS}{SUBJECTS[self.name]} {WRITTEN_FOR[self.name]}{library}"


def compilers_here() -> dict[CompilerName, Compiler]:
    """The newest of each compiler on this machine, as profiles find them."""
    by_subject = {tool.subject: tool for tool in tools()}
    found: dict[CompilerName, Compiler] = {}
    for name, subject in SUBJECTS.items():
        finding, path = examine_tool(by_subject[subject], search_path())
        reason = None if path else f"{subject}: {finding.detail}; 'scripts/safecost doctor' tells how to get it"
        version = finding.detail.rpartition(", ")[0] if path else None
        found[name] = Compiler(name, path, version, reason, found["gcc"].version if name == "clang" else None)
    return found


def chosen(names: str | None) -> list[CompilerName]:
    """The compilers that `--compilers` names; raises UsageError for one that there is not."""
    known = {name: name for name in SUBJECTS}
    if names is None:
        return list(known)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in known:
            raise UsageError(f"--compilers: no compiler {name!r}: choose from {', '.join(known)}.")
    if not wanted:
        raise UsageError(f"--compilers {names!r} names none: choose from {', '.join(known)}.")
    return [known[name] for name in known if name in wanted]


def collect(
    found: Sequence[Snippet] | None = None,
    compilers: dict[CompilerName, Compiler] | None = None,
    patience: float = PATIENCE,
) -> list[Rejection]:
    """Compile every snippet with and without its misuse; `compilers` are those to ask, None all of this machine."""
    found = snippets.find() if found is None else found
    compilers = compilers_here() if compilers is None else compilers
    asked = [(snippet, compilers[name]) for snippet in found for name in snippet.expectations if name in compilers]
    with (
        Steps("compile snippets", len(asked)) as steps,
        locks.scratch() as scratch,
        processes.workers(os.cpu_count()) as pool,
    ):

        def one(pair: tuple[Snippet, Compiler]) -> Ruling:
            ruling = rule(*pair, scratch, patience)
            steps.step()
            return ruling

        rulings = list(pool.map(one, asked))
    by_snippet: dict[str, list[Ruling]] = {}
    for (snippet, _), ruling in zip(asked, rulings, strict=True):
        by_snippet.setdefault(snippet.name, []).append(ruling)
    return [
        Rejection(
            topic=one.topic,
            misuse=one.misuse,
            way=one.way,
            language=one.language,
            cwe=one.cwe,
            title=scrub(one.title, (), 4_000),
            line=one.line,
            source=scrub(one.source, ()),
            rulings=tuple(by_snippet[one.name]),
        )
        for one in found
        if one.name in by_snippet
    ]


def rule(snippet: Snippet, compiler: Compiler, scratch: Path, patience: float = PATIENCE) -> Ruling:
    """Let one compiler judge one snippet; nothing is left in `scratch`."""
    expected = snippet.expectations[compiler.name]
    outcome: RulingOutcome
    saw: Diagnostic | None = None
    if expected.kind == "not_applicable":
        outcome, reason = "not_applicable", expected.value
    elif compiler.path is None:
        outcome, reason = "absent", compiler.reason or "not found"
    else:
        corrected = _compile(compiler, snippet, (), scratch, patience)
        misuse = _compile(compiler, snippet, _SWITCH[compiler.name], scratch, patience)
        if snippet.way == "evaluated":
            misuse = replace(misuse, diagnostics=as_one(misuse.diagnostics))
        outcome, saw, reason = judge(expected, corrected, misuse, snippet.line)
        if outcome == "newly_rejected" and not compiler.is_expected:
            reason = f"{compiler.differs}: {reason}"
        elif outcome == "broken" and not compiler.is_expected:
            what = reason.rpartition("; ")[0] or reason  # without the advice to correct what is right for its version
            outcome, saw, reason = judge_otherwise(corrected, misuse, snippet.line, f"{compiler.differs}: {what}")
    said = None if saw is None else f"{saw.level}: {saw.message}"
    return Ruling(
        by=compiler.name,
        version=compiler.version,
        flags=" ".join(expected.flags),
        expected=scrub(expected.written, (), 200),
        outcome=outcome,
        tag=None if saw is None or saw.tag is None else scrub(saw.tag, (), 200),
        said=None if said is None else scrub(said, (), 2_000),
        reason=scrub(reason, (), 4_000) or None,
    )


def _compile(compiler: Compiler, snippet: Snippet, switch: Sequence[str], scratch: Path, patience: float) -> Said:
    file = snippet.file.name
    flags = (*FLAGS[compiler.name], *snippet.expectations[compiler.name].flags, *switch)
    with tempfile.TemporaryDirectory(dir=scratch) as out:
        command = [str(compiler.path), *flags, "-o", f"{out}/snippet.o", file]
        try:
            done = processes.run(
                command,
                seconds=patience,
                cwd=snippet.file.parent,
                env=closed_environment() | _ENVIRONMENT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except subprocess.TimeoutExpired:
            return Said(None, f"no answer within {patience:g} s")
    return understand(compiler.name, done.returncode, done.stdout.decode(errors="replace"), file)


Judgement = tuple[RulingOutcome, Diagnostic | None, str]


def judge(expected: Expectation, corrected: Said, misuse: Said, line: int) -> Judgement:
    """The outcome, the diagnostic that decides it, and why it is so where that needs words.

    `corrected` and `misuse` are what was said with the switch off and on, `line` is the marked one.
    """
    for what, said in (("the corrected version", corrected), ("the misuse", misuse)):
        if said.code is None:
            return "broken", None, f"{what} was not compiled: {said.text}; make the snippet smaller"
        if said.crashed:
            return "broken", None, f"{what} crashed the compiler (exit code {said.code}): {_last(said.text)}"
    if corrected.code != 0 or corrected.diagnostics:
        saw = corrected.diagnostics[0] if corrected.diagnostics else None
        what = _told(saw) if saw else f"exit code {corrected.code}: {_last(corrected.text)}"
        return "broken", saw, f"the corrected version draws a diagnostic: {what}; correct it"
    on_line = [diagnostic for diagnostic in misuse.diagnostics if line in diagnostic.lines]
    # What is said of a header alone follows from what was said of the snippet.
    elsewhere = [d for d in misuse.diagnostics if d.lines and line not in d.lines]
    if expected.kind == "accepts":
        return _judge_accepted(misuse, on_line, line)
    text, wanted = expected.kind == "text", expected.value
    matching = [one for one in misuse.diagnostics if (one.says(wanted) if text else one.tag == wanted)]
    right = [diagnostic for diagnostic in matching if diagnostic in on_line and diagnostic.level == "error"]
    if right and misuse.code != 0 and not elsewhere:
        return "rejected", _worded(expected, right[0]), ""
    if right and elsewhere:
        return "broken", elsewhere[0], f"something else is wrong as well: {_told(elsewhere[0])}; leave one misuse"
    if matching:
        saw = matching[0]
        return "broken", saw, f"the diagnostic does not point to the marked line {line}: {_told(saw)}; move the mark"
    if misuse.diagnostics:
        saw = (on_line or elsewhere or misuse.diagnostics)[0]
        return "broken", saw, f"expected {expected.written}, and was reported: {_told(saw)}; correct the expectation"
    if misuse.code != 0:
        return "broken", None, f"exit code {misuse.code} without a diagnostic: {_last(misuse.text)}"
    return "broken", None, f"expected {expected.written}, and it compiles; write 'accepts' if that is what is shown"


def judge_otherwise(corrected: Said, misuse: Said, line: int, reason: str) -> Judgement:
    """What a version makes of a snippet that does not do what was expected of another one: it breaks no claim."""
    if corrected.code != 0 or corrected.diagnostics or misuse.code is None or misuse.crashed:
        return "not_applicable", None, reason
    if misuse.code != 0:
        saw = [*(one for one in misuse.diagnostics if line in one.lines), *misuse.diagnostics]
        return "rejected", saw[0] if saw else None, reason
    return "accepted", None, reason


def _judge_accepted(misuse: Said, on_line: Sequence[Diagnostic], line: int) -> Judgement:
    if misuse.code == 0 and not misuse.diagnostics:
        return "accepted", None, ""
    if on_line:
        what = f"said to be accepted, and now rejected: {_told(on_line[0])}"
        return "newly_rejected", on_line[0], what
    if misuse.diagnostics:
        saw = misuse.diagnostics[0]
        return (
            "broken",
            saw,
            f"said to be accepted, and line {line} is, but: {_told(saw)}; correct the snippet",
        )
    return "broken", None, f"exit code {misuse.code} without a diagnostic: {_last(misuse.text)}"


def _worded(expected: Expectation, diagnostic: Diagnostic) -> Diagnostic:
    """The diagnostic in the words that were expected, where a note has them."""
    if expected.kind != "text" or expected.value in diagnostic.message:
        return diagnostic
    return replace(diagnostic, tag=None, message=next(note for note in diagnostic.notes if expected.value in note))


def _told(diagnostic: Diagnostic) -> str:
    place = "" if diagnostic.line is None else f"line {diagnostic.line}: "
    tag = f" [{diagnostic.tag}]" if diagnostic.tag else ""
    return f"{place}{diagnostic.level}: {diagnostic.message[:300]}{tag}"


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"


def broken(rejections: Sequence[Rejection]) -> list[tuple[Rejection, Ruling]]:
    """The claims that do not hold."""
    return [(one, ruling) for one in rejections for ruling in one.rulings if ruling.outcome == "broken"]
