"""Snippets: small files, each with one misuse of memory behind a switch, and what each compiler shall do with it.

A snippet lies at `bench/compile-time/<topic>/<misuse>[.<way>].<cc|rs>`. It begins with comments: a title, the fault
class, and one line for each compiler of its language.

    // An owner is copied: two would free one block.
    // cwe: 415
    // gcc: "use of deleted function"
    // clang: [-Wsomething]
    // gcc flags: -fanalyzer

An expectation is `accepts`, `n/a: <why>`, or a tag that the diagnostic must have: the option of a warning in brackets,
an error code or lint of rustc, or a part of the message in quotes. The line of the misuse ends with `// MISUSE`; where
such a comment has a line of its own, it means the line below; where a kernel is evaluated, it is on the line that
asks for that, since GCC points nowhere else. The switch is the macro MISUSE, in Rust cfg(misuse).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from safecost.core.errors import UsageError
from safecost.core.paths import BENCH
from safecost.document.judged import CompilerName, Way
from safecost.document.values import Language

# No case can lie here: the name of a family has no hyphen, so neither the build nor the driver takes these for cases.
FOLDER = BENCH / "compile-time"
COMPILERS: dict[Language, tuple[CompilerName, ...]] = {"c++": ("gcc", "clang"), "rust": ("rustc",)}
LARGEST = 20_000  # characters; a snippet is read as a whole

_PLACE = re.compile(r"([a-z][a-z0-9_]{0,63})(?:\.([a-z]+))?\.(cc|rs)")
_TOPIC = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ENTRY = re.compile(r"// (cwe|[a-z]+|[a-z]+ flags):(?: (.*))?")
_TAG = re.compile(r"\[(-W[a-z0-9+-]+)\]|(E\d{4}|[a-z]+(?:_[a-z]+)+)|\"([^\"]{3,100})\"")
# No flag that names a file or a plugin, or hands something on to another program.
_FLAG = re.compile(r"-W[a-z0-9=+-]+|-fanalyzer")
_MARK = "// MISUSE"
_SWITCH = {
    "c++": re.compile(r"^#if(?:n?def MISUSE| .*\bdefined\(MISUSE\))", re.MULTILINE),
    "rust": re.compile(r"cfg\((?:not\()?misuse\)"),
}

ExpectationKind = Literal["option", "code", "text", "accepts", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one compiler shall do; `value` is the option, code or part of the message, or why it is not applicable."""

    kind: ExpectationKind
    value: str
    flags: tuple[str, ...] = ()

    @property
    def written(self) -> str:
        """As a snippet has it."""
        form = {"option": "[{}]", "code": "{}", "text": '"{}"', "accepts": "accepts", "not_applicable": "n/a: {}"}
        return form[self.kind].format(self.value)


@dataclass(frozen=True, slots=True)
class Snippet:
    """One misuse, written in one way; `line` is that of the misuse, counted from 1."""

    topic: str
    misuse: str
    way: Way
    language: Language
    title: str
    cwe: int
    line: int
    source: str
    file: Path
    expectations: dict[CompilerName, Expectation]

    @property
    def name(self) -> str:
        """For messages: `topic/file`."""
        return f"{self.topic}/{self.file.name}"


def find(folder: Path = FOLDER) -> list[Snippet]:
    """Every snippet below the folder, in order of topic and misuse.

    Raises UsageError, naming the file, for a folder without any, for a file that is none, and for one that breaks the
    format.
    """
    files = sorted(path for path in folder.glob("*/*") if not path.name.startswith("."))
    if not files:
        raise UsageError(f"{folder} holds no snippet: each lies in a folder named after its topic.")
    return [read(file) for file in files]


def read(file: Path) -> Snippet:
    """The snippet in a file; raises UsageError saying what is wrong with its name or its text."""
    place, topic = _PLACE.fullmatch(file.name), file.parent.name
    if place is None or not _TOPIC.fullmatch(topic):
        raise _bad(file, "is no place of a snippet: use <topic>/<misuse>[.<way>].cc or .rs, in lower case")
    misuse, way, suffix = place.groups(default="plain")
    if way not in get_args(Way):
        raise _bad(file, f"is written in the way {way!r}: choose from {', '.join(get_args(Way))}")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(file, f"cannot be read: {error}") from error
    if len(text) > LARGEST:
        raise _bad(file, f"has {len(text)} characters, and {LARGEST} are the most")
    language: Language = "c++" if suffix == "cc" else "rust"
    title, entries = _header(file, text)
    if not _SWITCH[language].search(text):
        switch = "#ifdef MISUSE" if language == "c++" else "#[cfg(misuse)]"
        raise _bad(file, f"has no switch: put the misuse behind {switch}")
    return Snippet(
        topic=topic,
        misuse=misuse,
        way=way,  # type: ignore[arg-type]
        language=language,
        title=title,
        cwe=_cwe(file, entries.pop("cwe", "")),
        line=_marked(file, text),
        source=text,
        file=file,
        expectations=_expectations(file, language, entries),
    )


def _bad(file: Path, what: str) -> UsageError:
    return UsageError(f"snippet {file.parent.name}/{file.name} {what}.")


def _header(file: Path, text: str) -> tuple[str, dict[str, str]]:
    """The title, and the entries below it by name, from the comments that a snippet begins with."""
    title: list[str] = []
    entries: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("// "):
            break
        if match := _ENTRY.fullmatch(line):
            name, value = match[1], (match[2] or "").strip()
            if name in entries:
                raise _bad(file, f"has {name!r} twice")
            entries[name] = value
        elif entries:
            raise _bad(file, f"has the comment {line[:60]!r} below its entries: the title comes first")
        else:
            title.append(line.removeprefix("// ").strip())
    if not title or not title[-1].endswith("."):
        raise _bad(file, "does not begin with a comment that is a sentence: say what the program does wrong")
    return " ".join(title), entries


def _cwe(file: Path, value: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,4}", value):
        raise _bad(file, f"has the fault class {value!r}: write '// cwe: 416', with a number of cwe.mitre.org")
    return int(value)


def _expectations(file: Path, language: Language, entries: dict[str, str]) -> dict[CompilerName, Expectation]:
    compilers = COMPILERS[language]
    for name in entries:
        if name.removesuffix(" flags") not in compilers:
            raise _bad(file, f"has the unknown entry {name!r}: its compilers are {', '.join(compilers)}")
    found = {}
    for compiler in compilers:
        if compiler not in entries:
            raise _bad(file, f"does not say what {compiler} does: add '// {compiler}: accepts', a tag, or n/a")
        flags = tuple(entries.get(f"{compiler} flags", "").split())
        for flag in flags:
            if not _FLAG.fullmatch(flag):
                raise _bad(file, f"asks {compiler} for {flag!r}: only warnings and -fanalyzer are passed on")
        found[compiler] = _expectation(file, compiler, entries[compiler], flags)
    return found


def _expectation(file: Path, compiler: str, value: str, flags: tuple[str, ...]) -> Expectation:
    if value == "accepts":
        return Expectation("accepts", "", flags)
    if value.startswith("n/a: ") and value[5:].strip():
        return Expectation("not_applicable", value[5:].strip(), flags)
    if match := _TAG.fullmatch(value):
        option, code, text = match.groups()
        kind: ExpectationKind = "option" if option else "code" if code else "text"
        if (kind == "option") != (compiler != "rustc") and kind != "text":
            raise _bad(file, f"expects {value} of {compiler}, which has no such tags")
        return Expectation(kind, option or code or text, flags)
    raise _bad(
        file, f'expects {value!r} of {compiler}: write accepts, n/a: <why>, [-Woption], an error code, or "a message"'
    )


def _marked(file: Path, text: str) -> int:
    """The number of the line that holds the misuse."""
    lines = text.splitlines()
    marks = [number for number, line in enumerate(lines, 1) if line.rstrip().endswith(_MARK)]
    if len(marks) != 1:
        raise _bad(file, f"has {len(marks)} lines marked with {_MARK!r}, and needs one")
    return marks[0] + 1 if lines[marks[0] - 1].strip() == _MARK else marks[0]
