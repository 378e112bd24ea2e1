"""The part of a case's file that a variant is written in, found from the line that registers it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from desk.document_types import Case, Source, Variant

MOST_LINES = 90  # of an excerpt that begins before the kernel
_SHORT = 4  # lines of a body that leaves its work to others
_TOKEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])' | [{}]""", re.VERBOSE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a source file; `first` is the number of the first one, counted from 1."""

    file: str
    first: int
    text: str


def find(case: Case, variant: Variant) -> Excerpt | None:
    """The kernel of a variant with the comment above it; where it only calls helpers, with what stands before it.

    The whole file where the kernel cannot be found, None where no file of the case is in the variant's language.
    """
    suffix = ".rs" if variant.language == "rust" else ".cc"
    sources = [source for source in case.sources if source.name.endswith(suffix)]
    names = [_registered(source, variant, case) for source in sources]
    for source, name in zip(sources, names, strict=True):
        excerpt = _kernel(source, name) if name is not None else None
        if excerpt is not None:
            return excerpt
    return Excerpt(sources[0].name, 1, sources[0].text.rstrip()) if sources else None


def _registered(source: Source, variant: Variant, case: Case) -> str | None:
    """The function behind a variant's name."""
    if variant.language == "rust":
        return variant.name
    wanted = variant.name
    if variant.role == "null":  # the first raw variant's source once more
        wanted = next((one.name for one in case.variants if one.role == "raw" and one.language == "c++"), wanted)
    found = re.search(rf'\.\s*(?:raw|safe|control)\s*<\s*&?([\w:]+)[^;"]*?>\s*\(\s*"{re.escape(wanted)}"', source.text)
    return found[1].rpartition("::")[2] if found else None


def _kernel(source: Source, name: str) -> Excerpt | None:
    lines = source.text.split("\n")
    begins = re.compile(rf"\s*(?:SAFECOST_KERNEL\s+|(?:pub\s+)?(?:unsafe\s+)?fn\s+){re.escape(name)}\s*[(<]")
    start = next((at for at, line in enumerate(lines) if begins.match(line)), None)
    if start is None:
        return None
    end = _end(lines, start)
    first = _with_what_belongs(lines, start)
    if end - start <= _SHORT:
        kernels = [at for at in range(start) if re.match(r"\s*SAFECOST_KERNEL\b", lines[at])]
        after = _end(lines, kernels[-1]) + 1 if kernels else 0
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
    depth = 0
    for line, brace in _braces(lines, start):
        depth += 1 if brace == "{" else -1
        if depth <= 0:
            return line
    return len(lines) - 1


def _braces(lines: list[str], start: int) -> Iterator[tuple[int, str]]:
    """Braces from a line on, those in comments and texts left out."""
    text = "\n".join(lines[start:])
    for found in _TOKEN.finditer(text):
        if found[0] in "{}":
            yield start + text.count("\n", 0, found.start()), found[0]
