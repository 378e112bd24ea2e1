"""What a compiler says of the loops that it made of a case: vectorised, or why not, function by function.

It is asked in compilations of their own, by the command that built the plugin, since a record of it costs time and
GCC writes the option into the object.
"""

from __future__ import annotations

import gzip
import json
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safecost.core import processes
from safecost.core.errors import ToolError
from safecost.core.tools import closed_environment

MOST = 50  # of a function
_LONGEST = 300  # characters of one; GCC quotes whole statements
_SECONDS = 600.0
_YAML = re.compile(r"^--- !(\w+)\n(.*?)^\.\.\.$", re.MULTILINE | re.DOTALL)
_YAML_PLACE = re.compile(r"^DebugLoc:\s+\{ File: (.*?),\s+Line: (\d+),\s+Column: (\d+) \}$", re.MULTILINE | re.DOTALL)
_YAML_FUNCTION = re.compile(r"^Function:\s+(.*)$", re.MULTILINE)
_YAML_ARGUMENT = re.compile(r"^  - \w+:[ \t]*(.*)$", re.MULTILINE)
# What GCC says of a loop, and of its parts where it is of use to a reader.
_OF_GCC = re.compile(
    r"loop vectorized\b.*|not vectorized: (?!no grouped stores).*|versioning for alias required"
    r"|some scalar iterations would need to be peeled"
    r"|[\w ]+ not supported by target|[\w ,:]+ not profitable\b|statement clobbers memory"
)
# Clang's beside one with the reason; GCC's of the last that it tried, which is without vectors.
_BARE = re.compile(r"loop not vectorized|not vectorized: unsupported data-type.*")


@dataclass(frozen=True, slots=True)
class LoopRemark:
    """One remark: the mangled name of the function, the loop's place, whether it was vectorised, and the words."""

    function: str
    file: str
    line: int
    vectorised: bool
    words: str


def of_plugin(plugin: Path, case: str, compiler: str) -> dict[str, tuple[str, ...]]:
    """Remarks by mangled name on all functions of a case's sources, such as `sum.cc:41: loop not vectorized: ...`.

    `plugin` lies in the build folder of its profile, `compiler` is what that says of its compiler. Raises ToolError
    where the compiler fails, and gives nothing where it is neither GCC nor Clang.
    """
    family = compiler.partition(" ")[0]
    if family not in ("GNU", "Clang"):
        return {}
    remarks: list[LoopRemark] = []
    for directory, words in _commands(plugin.parents[1] / "compile_commands.json", case):
        with tempfile.TemporaryDirectory(prefix="safecost-") as scratch:
            remarks += (_asked_gcc if family == "GNU" else _asked_clang)(directory, words, Path(scratch))
    return by_function(remarks)


def by_function(remarks: Iterable[LoopRemark]) -> dict[str, tuple[str, ...]]:
    """The words of each function in the order of its lines, once each.

    Of a loop that was vectorised at last, why it was not at first does not count.
    """
    found: dict[str, dict[tuple[str, int], list[LoopRemark]]] = {}
    for remark in remarks:
        found.setdefault(remark.function, {}).setdefault((remark.file, remark.line), []).append(remark)
    return {function: tuple(dict.fromkeys(_in_order(loops)))[:MOST] for function, loops in found.items()}


def _in_order(loops: Mapping[tuple[str, int], Sequence[LoopRemark]]) -> Iterator[str]:
    for (file, line), of_loop in sorted(loops.items()):
        yield from (f"{file}:{line}: {words}" for words in _lasting(of_loop))


def _lasting(remarks: Sequence[LoopRemark]) -> list[str]:
    at_last = [one.words for one in remarks if one.vectorised]
    reasons = [one.words for one in remarks if not _BARE.fullmatch(one.words)]
    return at_last or reasons or [one.words for one in remarks]


def _commands(file: Path, case: str) -> Iterator[tuple[str, list[str]]]:
    """The folder and the words of each compilation of a case, without where its object goes."""
    try:
        entries: Sequence[Mapping[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ToolError(f"{file} cannot be read: build the case again.") from error
    target = f"CMakeFiles/{case.replace('/', '.')}.dir/"
    for entry in entries:
        words = shlex.split(entry["command"])
        at = words.index("-o")
        if words[at + 1].startswith(target):
            yield entry["directory"], [*words[:at], *words[at + 2 :]]


def _asked_gcc(directory: str, words: Sequence[str], scratch: Path) -> list[LoopRemark]:
    record = ["-fsave-optimization-record", "-dumpdir", f"{scratch}/", "-o", str(scratch / "object.o")]
    _compile([*words, *record], directory)
    return [remark for file in scratch.glob("*.json.gz") for remark in of_gcc(gzip.decompress(file.read_bytes()))]


def _asked_clang(directory: str, words: Sequence[str], scratch: Path) -> list[LoopRemark]:
    file = scratch / "remarks.yaml"
    passes = ["-fsave-optimization-record", "-foptimization-record-passes=^loop-vectorize$"]
    _compile([*words, *passes, f"-foptimization-record-file={file}", "-o", str(scratch / "object.o")], directory)
    return list(of_clang(file.read_text(encoding="utf-8", errors="replace"))) if file.exists() else []


def _compile(command: Sequence[str], directory: str) -> None:
    try:
        done = processes.run(
            command,
            seconds=_SECONDS,
            cwd=directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=closed_environment(),
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"{command[0]} could not be asked for remarks: {error}.") from error
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").splitlines() or ["it said nothing"]
        raise ToolError(f"{command[0]} could not be asked for remarks: {lines[0]}")


def of_clang(text: str) -> Iterator[LoopRemark]:
    """The remarks of LLVM's loop vectoriser in its YAML."""
    for kind, body in _YAML.findall(text):
        place, function = _YAML_PLACE.search(body), _YAML_FUNCTION.search(body)
        if place is None or function is None:
            continue
        words = "".join(map(_scalar, _YAML_ARGUMENT.findall(body)))
        yield LoopRemark(
            _scalar(function[1]), Path(_scalar(place[1])).name, int(place[2]), kind == "Passed", words[:_LONGEST]
        )


def _scalar(text: str) -> str:
    """A scalar of YAML in one line."""
    text = text.strip()
    if text[:1] == text[-1:] == "'" and len(text) > 1:
        return text[1:-1].replace("''", "'")
    if text[:1] == text[-1:] == '"' and len(text) > 1:
        return text[1:-1].replace('\\"', '"')
    return text


def of_gcc(data: bytes) -> Iterator[LoopRemark]:
    """The remarks of GCC's loop vectoriser in a record of its optimisations."""
    try:
        _, passes, records = json.loads(data)
        wanted = {one["id"] for one in _nested(passes) if one["name"] == "vect"}
        yield from _vectorising(records, wanted)
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError("GCC's record of its optimisations is none that is known.") from error


def _nested(passes: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for each in passes:
        yield each
        yield from _nested(each.get("children", ()))


def _vectorising(
    records: Iterable[Mapping[str, Any]], passes: set[str], loop: Mapping[str, Any] | None = None
) -> Iterator[LoopRemark]:
    """Remarks on loops; what is said of a part of one, deeper in the record, is told of the loop."""
    for record in records:
        place = loop or record.get("location")
        words = "".join(part if isinstance(part, str) else _quoted(part) for part in record.get("message", ()))
        first = _OF_GCC.match(words)
        if record.get("pass") in passes and place is not None and first is not None and record["kind"] != "note":
            yield LoopRemark(
                record["function"],
                Path(place["file"]).name,
                place["line"],
                record["kind"] == "success",
                first[0][:_LONGEST],
            )
        yield from _vectorising(record.get("children", ()), passes, place)


def _quoted(part: Mapping[str, Any]) -> str:
    """A statement, an expression or a symbol within a message of GCC."""
    return next((str(part[key]) for key in ("expr", "stmt", "symtab_node") if key in part), "")
