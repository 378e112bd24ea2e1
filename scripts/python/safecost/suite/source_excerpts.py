"""The parts of a case's files that a variant is written in, found from the line that registers it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from safecost.document.types import Case, Source, Variant

MOST_LINES = 90  # of an excerpt that begins before the kernel
MOST_OF_HEADERS = 120  # lines
_SHORT = 4  # lines of a body that leaves its work to others
_TOKEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])' | [{}]""", re.VERBOSE | re.DOTALL
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_COMMENT = re.compile(r"//[^\n]*")
_TYPE = re.compile(r"(?:struct|class|union|using)\s+(\w+)(?:\s*[:=]([^{;]*))?\s*[{;]")
_FUNCTION = re.compile(r"SAFECOST_HELPER\b[^=;(]*?\b(\w+)\(")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a source file; `first` is the number of the first one, counted from 1."""

    file: str
    first: int
    text: str


@dataclass(frozen=True, slots=True)
class _Definition:
    """A type of a header with all up to the next type, or a function: lines from `first` to `last`."""

    source: Source
    name: str
    bases: tuple[str, ...]
    first: int
    last: int

    @property
    def excerpt(self) -> Excerpt:
        lines = self.source.text.split("\n")[self.first : self.last + 1]
        return Excerpt(self.source.name, self.first + 1, "\n".join(lines).rstrip())


def find(case: Case, variant: Variant) -> tuple[Excerpt, ...]:
    """The kernel of a variant, and what it names of the case's headers.

    The kernel comes with the comment above it; where it only calls helpers, with those that stand before it. If it
    cannot be found, the whole file is given. Of headers come types with the functions that follow them, their bases,
    and functions of which there is one. Nothing where no file of the case is in the variant's language.
    """
    suffix = ".rs" if variant.language == "rust" else ".cc"
    sources = [source for source in case.sources if source.name.endswith(suffix)]
    for source in sources:
        registered = _registered(source, variant, case)
        if registered is None:
            continue
        headers = [one for one in case.sources if one.name.endswith(".h")]  # where one function plays every variant
        excerpt = next(filter(None, (_kernel(place, registered[0]) for place in [source, *headers])), None)
        if excerpt is not None:
            return excerpt, *_companions(case, f"{registered[1]} {excerpt.text}")
    return (Excerpt(sources[0].name, 1, sources[0].text.rstrip()),) if sources else ()


def _registered(source: Source, variant: Variant, case: Case) -> tuple[str, str] | None:
    """The function behind a variant's name, and as it is registered, with its arguments."""
    if variant.language == "rust":
        return variant.name, variant.name
    wanted = variant.name
    if variant.role == "aa":  # the first raw variant's source once more
        wanted = next((one.name for one in case.variants if one.role == "raw" and one.language == "c++"), wanted)
    registration = rf'\.\s*(?:raw|safe|calibration)\s*<\s*&?(([\w:]+)[^;"]*?)>\s*\(\s*"{re.escape(wanted)}"'
    found = re.search(registration, source.text)
    return (found[2].rpartition("::")[2], found[1]) if found else None


def _companions(case: Case, text: str) -> list[Excerpt]:
    """What the text names of the case's headers, in their order."""
    named: dict[str, list[_Definition]] = {}
    for source in case.sources:
        if source.name.endswith(".h"):
            for definition in _definitions(source):
                named.setdefault(definition.name, []).append(definition)
    chosen: list[_Definition] = []
    words = list(dict.fromkeys(_WORD.findall(_COMMENT.sub("", text))))
    room = MOST_OF_HEADERS
    for word in words:  # bases are added while it is walked
        definitions = named.get(word, [])
        if len(definitions) != 1 or any(_within(definitions[0], other) for other in chosen):
            continue
        one = definitions[0]
        room -= one.last + 1 - one.first
        if room < 0:
            break
        chosen = [other for other in chosen if not _within(other, one)] + [one]
        words += [base for base in one.bases if base not in words]
    chosen.sort(key=lambda one: (one.source.name, one.first))
    return [one.excerpt for one in chosen]


def _within(inner: _Definition, outer: _Definition) -> bool:
    return inner.source is outer.source and outer.first <= inner.first and inner.last <= outer.last


def _definitions(source: Source) -> Iterator[_Definition]:
    """Types and functions of a header that stand at the beginning of a line."""
    lines = source.text.split("\n")
    types = {at: found for at, line in enumerate(lines) if (found := _TYPE.match(line))}
    starts = [_with_what_belongs(lines, at) for at in types]
    ends = [at for at, line in enumerate(lines) if re.match(r"}\s*//\s*namespace", line)]
    for at, found in types.items():
        first = _with_what_belongs(lines, at)
        last = min((end - 1 for end in [*starts, *ends] if end > at), default=len(lines) - 1)
        yield _Definition(source, found[1], tuple(_WORD.findall(found[2] or "")), first, last)
    for at, line in enumerate(lines):
        if found := _FUNCTION.match(line):
            yield _Definition(source, found[1], (), _with_what_belongs(lines, at), _end(lines, at))


def _kernel(source: Source, name: str) -> Excerpt | None:
    lines = source.text.split("\n")
    begins = re.compile(rf"\s*(?:SAFECOST_KERNEL\s+|(?:pub\s+)?(?:unsafe\s+)?fn\s+){re.escape(name)}\s*[(<]")
    start = next((at for at, line in enumerate(lines) if begins.match(line)), None)
    if start is None:
        return None
    end = _end(lines, start)
    first = _with_what_belongs(lines, start)
    if end - start <= _SHORT:
        others = [at for at in range(start) if re.match(r"\s*(?:SAFECOST_KERNEL\b|Input \w+\()", lines[at])]
        after = _end(lines, others[-1]) + 1 if others else 0
        first = min(first, max(after, end + 1 - MOST_LINES))
        while first < start and lines[first].strip():  # not in the middle of something
            first += 1
        while first < start and not lines[first].strip():
            first += 1
    return Excerpt(source.name, first + 1, "\n".join(lines[first : end + 1]))


def _with_what_belongs(lines: list[str], start: int) -> int:
    """The first line of the comment, attributes and template heading right above a function."""
    first = start
    while first > 0 and re.match(r"\s*(?://|#\[|template\b)", lines[first - 1]):
        first -= 1
    return first


def _end(lines: list[str], start: int) -> int:
    """The line on which the braces that open from `start` on are closed, or the last one."""
    depth, text = 0, "\n".join(lines[start:])
    for found in _TOKEN.finditer(text):  # braces in comments and texts are parts of these
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if found[0] in "{}" and depth <= 0:
            return start + text.count("\n", 0, found.start())
    return len(lines) - 1
