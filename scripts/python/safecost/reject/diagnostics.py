"""What compilers say, brought into one form: which diagnostic, and which lines of the file it points to.

GCC and Clang are read as text: GCC's JSON lacks the lines that tell from where a template was used or a function
inlined, and its text is parsed by every editor and has not changed in form for decades. rustc is read as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from safecost.document.judged import CompilerName

_PLACED = re.compile(r"(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? *(?P<rest>.*)")
_LEVEL = re.compile(r"(?P<level>fatal error|error|warning|note|sorry, unimplemented): (?P<message>.*)")
_INLINED = re.compile(r"inlined from .* at (?P<file>[^\s:][^:\n]*):(?P<line>\d+)")
_OPTION = re.compile(r" \[(?:-Werror,|-Werror=)?(?P<option>-?[^\]\s,=]+)(?:=\d*)?\]$")
_CRASH = re.compile(
    r"internal compiler error|PLEASE submit a bug report|PLEASE ATTACH THE FOLLOWING|compiler unexpectedly panicked"
    r"|Segmentation fault|fatal error: Killed signal|frontend command failed due to signal"
)


@dataclass(slots=True)
class Diagnostic:
    """An error or a warning; `tag` is its option, code or lint, `lines` those of the file it and its notes point to.

    `line` is its own line where that is in the file, `notes` what its notes say.
    """

    level: Literal["error", "warning"]
    tag: str | None
    message: str
    line: int | None = None
    lines: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def says(self, text: str) -> bool:
        """Is the text part of the message, or of a note?"""
        return any(text in message for message in (self.message, *self.notes))


@dataclass(frozen=True, slots=True)
class Said:
    """How a compilation ended: exit code, None where it took too long, and all that was said."""

    code: int | None
    text: str
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def crashed(self) -> bool:
        """Did the compiler itself fail?"""
        return self.code not in {None, 0, 1} or _CRASH.search(self.text) is not None


def as_one(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """All that was said of one failed evaluation: where it failed, where it was asked for, and on what way."""
    if not diagnostics:
        return ()
    first, *more = diagnostics
    lines = first.lines.union(*(other.lines for other in more))
    notes = [*first.notes, *(text for other in more for text in (other.message, *other.notes))]
    return (Diagnostic(first.level, first.tag, first.message, first.line, lines, notes),)


def understand(compiler: CompilerName, code: int | None, text: str, file: str) -> Said:
    """What a compiler said of `file`, the name it was given."""
    return Said(code, text, tuple(_rustc(text, file) if compiler == "rustc" else _text(text, file)))


def _text(text: str, file: str) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    before: set[int] = set()  # lines of the file that lead to what comes next: uses of templates, inlined calls
    for line in text.splitlines():
        placed = _PLACED.fullmatch(line)
        told = _LEVEL.match(placed["rest"] if placed else re.sub(r"^[\w+.-]+: ", "", line))
        here = {int(placed["line"])} if placed and placed["file"] == file else set()
        if told is None:
            inlined = _INLINED.search(line)
            before |= {int(inlined["line"])} if inlined and inlined["file"] == file else here
        elif told["level"] == "note":
            if found:
                found[-1].lines |= here | before
                found[-1].notes.append(told["message"])
            before = set()
        else:
            found.append(_diagnostic(told["level"], told["message"], here, before))
            before = set()
    return found


def _diagnostic(level: str, message: str, here: set[int], before: set[int]) -> Diagnostic:
    option = _OPTION.search(message)
    tag = None
    if option:
        if option["option"] != "-Werror":  # all that GCC names where a warning has no option of its own
            tag = option["option"] if option["option"].startswith("-") else f"-W{option['option']}"
        message = message[: option.start()]
    place = next(iter(here), None)
    return Diagnostic("warning" if level == "warning" else "error", tag, message, place, here | before)


def _rustc(text: str, file: str) -> list[Diagnostic]:
    found = []
    for line in text.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if not isinstance(said, dict) or said.get("level") not in {"error", "warning"}:
            continue
        code, message = said.get("code"), str(said.get("message", ""))
        if not code and not said.get("spans"):
            continue  # the summary: "aborting due to 1 previous error"
        children = said.get("children", ())
        spans = [*said.get("spans", ()), *(span for child in children for span in child["spans"])]
        primary = next((span["line_start"] for span in said.get("spans", ()) if span["is_primary"]), None)
        notes = [str(child["message"]) for child in children]
        tag = code["code"] if code else None
        found.append(Diagnostic(said["level"], tag, message, primary, _lines(spans, file), notes))
    return found


def _lines(spans: Sequence[dict[str, Any]], file: str) -> set[int]:
    """Lines of the file in which spans begin, also where they lie in a macro that the file uses."""
    lines = set()
    for span in spans:
        at: Any = span
        while at is not None:
            if at["file_name"] == file:
                lines.add(at["line_start"])
            at = at["expansion"]["span"] if at.get("expansion") else None
    return lines
