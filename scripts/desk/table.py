"""The table in the terminal: what each idiom costs over raw code, worst first, and what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from desk.document import Case, Contender, Document, Pair, Panel, Problem, Verdict, contender_name
from desk.statistics import STRAY_NULL

MOST_ROWS = 40
ROWS_WHEN_MORE = 30
MOST_LINES = 20
MOST_REASONS = 5

_STYLES: dict[Verdict, str] = {"slower": "red", "faster": "green", "equivalent": "", "unresolved": "yellow"}
_WITHIN = "*"
_SHOWN_FIRST = ("full", "language", "idiom")


@dataclass(frozen=True, slots=True)
class Row:
    """One pair with the panel it was measured in."""

    panel: Panel
    pair: Pair

    @property
    def numerator(self) -> Contender:
        """The contender whose cost it is."""
        return self.panel.contenders[self.pair.numerator]

    @property
    def denominator(self) -> Contender:
        """The contender it is compared with."""
        return self.panel.contenders[self.pair.denominator]

    @property
    def name(self) -> str:
        """The full name of the numerator."""
        arm = self.numerator
        return contender_name(self.panel.case, arm.variant, self.panel.size, self.panel.rate, arm.profile)


def render(document: Document, console: Console) -> None:
    """Prints the table of `document`, its problems above and what is missing below.

    Nothing from the document is read as markup. Colours repeat what a word says, and only a terminal gets them.
    """
    for line, style in _problem_lines(document):
        _say(console, line, style)
    rows = table_rows(document)
    if rows:
        shown = rows if len(rows) <= MOST_ROWS else rows[:ROWS_WHEN_MORE]
        console.print(_table(shown, _within_hardened(document, shown), console))
        if len(shown) < len(rows):
            _say(console, f"{len(rows) - len(shown)} more rows, all with smaller ratios, are in the report")
    else:
        _say(console, "no ratio was measured")
    for line in (*_summary_lines(document, rows), *_missing_lines(document)):
        _say(console, line)


def table_rows(document: Document) -> list[Row]:
    """The pairs worth a line, largest ratio first: one per safe contender, at each size and rate.

    In a plain profile that is its idiom cost (over raw in the same profile); in a hardened one its full cost (over
    raw in the plain sibling), which holds the idiom cost; for Rust the language gap. Struck cases have no rows:
    their numbers time something else than they say.
    """
    best: dict[str, Row] = {}
    for row in _pairs(document, _SHOWN_FIRST):
        if row.numerator.role != "safe":
            continue
        other = best.get(row.name)
        if other is None or _SHOWN_FIRST.index(row.pair.kind) < _SHOWN_FIRST.index(other.pair.kind):
            best[row.name] = row
    return sorted(best.values(), key=lambda row: (-row.pair.ratio, row.name))


def _pairs(document: Document, kinds: Iterable[str]) -> list[Row]:
    """The pairs of these kinds in cases that were not struck."""
    wanted, struck = set(kinds), {case.name for case in document.cases if case.status == "struck"}
    panels = [panel for panel in document.panels if panel.case not in struck]
    return [Row(panel, pair) for panel in panels for pair in panel.pairs if pair.kind in wanted]


def _within_hardened(document: Document, rows: Sequence[Row]) -> list[Row]:
    """Rows of hardened profiles that lack a full cost, so that the raw code they are compared with is hardened too."""
    hardened = {profile.name for profile in document.profiles if profile.plain != profile.name}
    return [row for row in rows if row.pair.kind == "idiom" and row.numerator.profile in hardened]


def _table(rows: Sequence[Row], marked: Sequence[Row], console: Console) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for heading in ("case", "idiom", "profile"):
        table.add_column(heading, overflow="fold")
    table.add_column("ratio (interval)", no_wrap=True, min_width=max(len(_ratio(row.pair)) for row in rows))
    table.add_column("verdict", no_wrap=True, min_width=len("unresolved"))
    for row in rows:
        profile = row.numerator.profile + (_WITHIN if row in marked else "")
        cells = (_case(row.panel), row.numerator.variant, profile, _ratio(row.pair))
        verdict = Text(row.pair.verdict, style=_STYLES[row.pair.verdict])
        table.add_row(*(Text(_printable(cell, console)) for cell in cells), verdict)
    return table


def _case(panel: Panel) -> str:
    return f"{panel.case} {panel.label or f'size {panel.size}'}"


def _ratio(pair: Pair) -> str:
    if pair.low is None or pair.high is None:
        return f"{_number(pair.ratio)} ({len(pair.ratios)} launches)"
    return f"{_number(pair.ratio)} ({_number(pair.low)}-{_number(pair.high)})"


def _number(ratio: float) -> str:
    """Three decimals where a thousandth can be told, else four digits."""
    return f"{ratio:.3f}" if 0.01 <= ratio < 10.0 else f"{ratio:.4g}"


def _problem_lines(document: Document) -> list[tuple[str, str]]:
    lines = []
    if not document.run.complete:
        lines.append(("interrupted: this run holds what was measured until then", "red"))
    problems = sorted(document.problems, key=lambda problem: not problem.strikes)
    lines += [(line, "red") for line in _first([_problem(problem) for problem in problems], "problems")]
    explained = {problem.case for problem in problems if problem.strikes}
    for case in document.cases:
        if case.status == "struck" and case.name not in explained:
            lines.append((f"struck: {_with_reason(case)}", "red"))
    return lines


def _problem(problem: Problem) -> str:
    """For instance `struck: indexing/sum: at@gcc-o2 at size 4097: digest ...`."""
    place = "@".join(filter(None, (problem.variant, problem.profile)))
    if problem.size is not None:
        place += f" at size {problem.size}"
    if problem.rate is not None:
        place += f" at rate {problem.rate:g}"
    first, *more = problem.message.strip().splitlines() or [""]
    message = first if first.startswith(problem.kind) else f"{problem.kind}: {first}"
    if more:
        message += f" ({len(more)} more {'line' if len(more) == 1 else 'lines'} in the report)"
    head = "struck" if problem.strikes else "problem"
    return ": ".join(filter(None, (head, problem.case, place.strip(), message)))


def _summary_lines(document: Document, rows: Sequence[Row]) -> list[str]:
    lines = []
    if rows:
        counts = Counter(row.pair.verdict for row in rows)
        verdicts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in _STYLES if counts[verdict])
        lines.append(f"{len(rows)} ratios: {verdicts}; equivalent is within {_percent(document.run.margin)}")
        lines += _denominator_lines(document, rows)
    seen = [row.pair.detectable for row in rows if row.pair.detectable is not None]
    if seen:
        lines.append(f"detectable: half of them would have shown an effect of {_percent(float(np.median(seen)))}")
    unresolved = [row for row in rows if row.pair.verdict == "unresolved"]
    lines += [f"unresolved: {row.name}: {row.pair.reason}" for row in unresolved[:MOST_REASONS] if row.pair.reason]
    if len(unresolved) > MOST_REASONS:
        lines.append(f"unresolved: {len(unresolved) - MOST_REASONS} more, with their reasons in the report")
    return [*lines, *_null_line(document), *_profile_line(document)]


def _denominator_lines(document: Document, rows: Sequence[Row]) -> list[str]:
    """What the ratios are ratios of."""
    others = {row.numerator.profile: row.denominator.profile for row in rows if row.pair.kind != "idiom"}
    places = ["of the same profile", *(f"of {other} for {profile}" for profile, other in sorted(others.items()))]
    lines = [f"a ratio is time over that of raw code, {', '.join(places)}: above 1 is slower"]
    if _within_hardened(document, rows):
        lines.append(f"{_WITHIN} over raw code of the same hardened profile: there is no full cost")
    return lines


def _null_line(document: Document) -> list[str]:
    nulls = _pairs(document, ("null",))
    if not nulls:
        return ["nulls: none, so nothing shows that identical code reads as equal here"]
    strays = {id(row): abs(np.log(row.pair.ratio)) for row in nulls}
    calm = sum(stray <= np.log1p(STRAY_NULL) for stray in strays.values())
    worst = max(nulls, key=lambda row: strays[id(row)])
    line = f"nulls: {calm} of {len(nulls)} within ±{_percent(STRAY_NULL)}, the worst at {worst.pair.ratio:.4f}"
    return [line if calm == len(nulls) else f"{line} ({worst.name})"]


def _profile_line(document: Document) -> list[str]:
    pairs = sorted(_pairs(document, ("profile",)), key=lambda row: row.pair.ratio)
    if not pairs:
        return []
    low, high = pairs[0], pairs[-1]
    return [
        f"profiles: {len(pairs)} hardened over plain, {_number(low.pair.ratio)} to {_number(high.pair.ratio)}"
        f" ({high.name})"
    ]


def _missing_lines(document: Document) -> list[str]:
    profiles = [profile for profile in document.profiles if profile.status == "absent"]
    cases = [case for case in document.cases if case.status in ("not_built", "not_measured")]
    return [
        *_first([f"skipped: {profile.name}: {profile.reason or 'absent'}" for profile in profiles], "skipped profiles"),
        *_first([f"{case.status.replace('_', ' ')}: {_with_reason(case)}" for case in cases], "cases not measured"),
        *_first([f"gap: {gap.case}/{gap.variant}@{gap.profile}: {gap.reason}" for gap in document.gaps], "gaps"),
    ]


def _first(lines: Sequence[str], what: str) -> list[str]:
    """As many of the lines as a reader of a terminal reads, and how many more there are."""
    rest = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"{rest} more {what} are in the report"] if rest > 0 else list(lines)


def _with_reason(case: Case) -> str:
    return f"{case.name}: {case.reason}" if case.reason else case.name


def _percent(share: float) -> str:
    return f"{100.0 * share:.2g} %"


def _say(console: Console, line: str, style: str = "") -> None:
    console.print(Text(_printable(" ".join(line.split()), console), style=style, overflow="fold"))


def _printable(text: str, console: Console) -> str:
    """The text with question marks for what the terminal's encoding lacks, so that a plain one ends no run."""
    return text.encode(console.encoding, "replace").decode(console.encoding)
