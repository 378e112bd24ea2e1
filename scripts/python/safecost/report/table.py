"""The table in the terminal: what each idiom costs over raw code, worst first, and what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.table import Table
from rich.text import Text

from safecost.core.console import new_table, printable, say, show_table
from safecost.core.text import counted, number, percent
from safecost.document.rows import PairRow, valid_rows
from safecost.document.types import NOT_REACHED, Case, Document, Problem
from safecost.document.values import PairKind
from safecost.report import compilers, hardening
from safecost.report.dispatch import dispatch_lines
from safecost.report.raw_code import incomplete_lines, llvm_versions
from safecost.report.safety import filter_note, shares, terminal_gaps, terminal_rows, terminal_standards
from safecost.report.training import effects as training
from safecost.stats.pairs import Verdict
from safecost.validity.advisories import advisories, contended_share
from safecost.validity.data_quality import TOLERANCE, aa_pairs, calibrations, distance

MOST_ROWS = 40
ROWS_WHEN_MORE = 30
MOST_LINES = 20
MOST_REASONS = 5

_STYLES: dict[Verdict, str] = {"slower": "red", "faster": "green", "equivalent": "", "inconclusive": "yellow"}
_WITHIN = "*"
_BETWEEN = 2  # columns of the terminal between two of the table
_SHOWN_FIRST: tuple[PairKind, ...] = ("full", "language", "idiom")


def render(document: Document, console: Console) -> None:
    """Prints the table of `document`, its problems above, what is missing below, and last the price of safety.

    Nothing from the document is read as markup. Colours repeat what a word says, and only a terminal gets them.
    """
    for line, style in _problem_lines(document):
        say(console, line, style)
    rows = table_rows(document)
    if rows:
        shown = rows if len(rows) <= MOST_ROWS else rows[:ROWS_WHEN_MORE]
        show_table(console, _table(shown, _within_hardened(document, shown), console))
        if len(shown) < len(rows):
            say(console, f"{len(rows) - len(shown)} more rows, all with smaller ratios, are in the report")
    else:
        say(console, "no ratio was measured")
    about = (*_summary_lines(document, rows), *dispatch_lines(document)) if document.panels else ()
    for line in (*about, *_missing_lines(document)):
        say(console, line)
    if not document.panels:
        return
    for line in advisories(document):
        say(console, f"advisory: {line}", "yellow")
    _say_price(document, console)


def _say_price(document: Document, console: Console) -> None:
    """The frontier, where a reader of a terminal looks first: at the end."""
    rows = terminal_rows(document)
    if not rows:
        return
    table = new_table("profile", "idioms", "every fault", "cases", "worst case", "spatial alone")
    for row in rows:
        table.add_row(*(Text(printable(cell, console)) for cell in row))
    console.print()
    what = "time of the cheapest idiom that stops every fault of a case, over ordinary raw code of the plain build"
    say(console, "; ".join(filter(None, (f"price of safety: {what}", llvm_versions(document)))))
    show_table(console, table)
    for line in (
        filter_note(document),
        *incomplete_lines(document),
        *terminal_gaps(document),
        *terminal_standards(document),
        shares(document),
    ):
        if line:
            say(console, line)


def table_rows(document: Document) -> list[PairRow]:
    """The pairs worth a line, largest ratio first: one per safe contender, at each size and rate.

    In a plain profile that is its idiom cost (over raw in the same profile), or its full cost where another raw
    variant is faster than the first; in a hardened one its full cost (over the fastest raw in the plain sibling),
    which holds the idiom cost; for Rust the language gap. Disqualified cases have no rows:
    their numbers time something else than they say.
    """
    best: dict[str, PairRow] = {}
    for row in valid_rows(document):
        if row.role != "safe" or row.kind not in _SHOWN_FIRST:
            continue
        other = best.get(row.name)
        if other is None or _SHOWN_FIRST.index(row.kind) < _SHOWN_FIRST.index(other.kind):
            best[row.name] = row
    return sorted(best.values(), key=lambda row: (-row.ratio, row.name))


def _within_hardened(document: Document, rows: Sequence[PairRow]) -> list[PairRow]:
    """Rows of hardened profiles that lack a full cost, so that the raw code they are compared with is hardened too."""
    hardened = {profile.name for profile in document.profiles if profile.plain != profile.name}
    return [row for row in rows if row.kind == "idiom" and row.profile in hardened]


def _table(rows: Sequence[PairRow], marked: Sequence[PairRow], console: Console) -> Table:
    cells = [
        [
            printable(f"{row.task} {row.parameters}", console),
            printable(row.variant, console),
            printable(row.profile + (_WITHIN if row in marked else ""), console),
        ]
        for row in rows
    ]
    ratio, verdict = max(len(_ratio(row)) for row in rows), len("inconclusive")
    headings = ("case", "idiom", "profile")
    natural = [max(map(len, (heading, *column))) for heading, *column in zip(headings, *cells, strict=True)]
    # Exact counts are worth a column, but not a second line for each row.
    exact = len("instr.") + _BETWEEN
    fits = sum(natural) + ratio + verdict + exact + _BETWEEN * (len(headings) + 1) + 1 <= console.width
    counted = fits and any(row.instruction_ratio is not None for row in rows)
    table = new_table(*headings)
    table.add_column("ratio (interval)", no_wrap=True, min_width=ratio)
    if counted:
        table.add_column("instr.", no_wrap=True, min_width=len("instr."), justify="right")
    table.add_column("verdict", no_wrap=True, min_width=verdict)
    for row, line in zip(rows, cells, strict=True):
        exactly = [Text(_instruction_ratio(row))] if counted else []
        table.add_row(*map(Text, line), Text(_ratio(row)), *exactly, Text(row.verdict, style=_STYLES[row.verdict]))
    return table


def _ratio(row: PairRow) -> str:
    if row.low is None or row.high is None:
        return f"{number(row.ratio)} ({len(row.ratios)} launches)"
    return f"{number(row.ratio)} ({number(row.low)}-{number(row.high)})"


def _instruction_ratio(row: PairRow) -> str:
    """The ratio of instructions with as many digits as its column has room for, a dash where there is none."""
    value = row.instruction_ratio
    return "-" if value is None else number(value) if 0.001 <= value < 1000 else f"{value:.0e}"


def _problem_lines(document: Document) -> list[tuple[str, str]]:
    lines = []
    if not document.run.complete:
        lines.append(("interrupted: this run holds what was measured until then", "red"))
    problems = sorted(document.problems, key=lambda problem: not problem.disqualifies)
    lines += [(line, "red") for line in _first([_problem(problem) for problem in problems], "problems")]
    explained = {problem.case for problem in problems if problem.disqualifies}
    for case in document.cases:
        if case.status == "disqualified" and case.name not in explained:
            lines.append((f"disqualified: {_with_reason(case)}", "red"))
    return lines


def _problem(problem: Problem) -> str:
    """For instance `disqualified: indexing/sum: at@gcc-o2 at size 4097: digest ...`."""
    place = "@".join(filter(None, (problem.variant, problem.profile)))
    if problem.size is not None:
        place += f" at size {problem.size}"
    place += problem.beside
    first, *more = problem.message.strip().splitlines() or [""]
    message = first if first.startswith(problem.kind) else f"{problem.kind}: {first}"
    if more:
        message += f" ({counted(len(more), 'more line')} in the report)"
    head = "disqualified" if problem.disqualifies else "mark" if problem.is_mark else "problem"
    return ": ".join(filter(None, (head, problem.case, place.strip(), message)))


def _summary_lines(document: Document, rows: Sequence[PairRow]) -> list[str]:
    lines = []
    if rows:
        counts = Counter(row.verdict for row in rows)
        verdicts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in _STYLES if counts[verdict])
        lines.append(f"{len(rows)} ratios: {verdicts}; equivalent is within {percent(document.run.margin)}")
        lines += _denominator_lines(document, rows)
        lines += _count_lines(document, rows)
    seen = [row.detectable for row in rows if row.detectable is not None]
    if seen:
        lines.append(f"detectable: half of them would have shown an effect of {percent(median(seen))}")
    inconclusive = [row for row in rows if row.verdict == "inconclusive"]
    lines += [f"inconclusive: {row.name}: {row.reason}" for row in inconclusive[:MOST_REASONS] if row.reason]
    if len(inconclusive) > MOST_REASONS:
        lines.append(f"inconclusive: {len(inconclusive) - MOST_REASONS} more, with their reasons in the report")
    return [
        *lines,
        *_aa_line(document),
        *_contended_line(document),
        *_calibration_line(document),
        *hardening.terminal_lines(document),
        *compilers.terminal_lines(document),
        *training.terminal_lines(document),
    ]


def _denominator_lines(document: Document, rows: Sequence[PairRow]) -> list[str]:
    """What the ratios are ratios of."""
    others = {row.profile: row.against_profile for row in rows if row.kind != "idiom"}
    apart = [f"of {other} for {profile}" for profile, other in sorted(others.items()) if other != profile]
    but = f", but {' and '.join(apart)}" if apart else ""
    lines = [f"a ratio is time over that of raw code of the same profile{but}: above 1 is slower"]
    if _within_hardened(document, rows):
        lines.append(f"{_WITHIN} over raw code of the same hardened profile: there is no full cost")
    return lines


def _count_lines(document: Document, rows: Sequence[PairRow]) -> list[str]:
    """What the column of instructions means, or why there is none; how many idioms allocate."""
    counting = document.counting
    if counting.status == "absent":
        lines = [f"instructions: not counted: {counting.reason or 'no reason is given'}"]
    elif any(row.instruction_ratio is not None for row in rows):
        tool = counting.tool or "a tool that is not named"
        lines = [f"instr. (in wide terminals and the report): over those of the same raw code, exact, by {tool}"]
    else:
        lines = []
    known = [row for row in rows if row.allocations is not None]
    if known:
        some = sum(1 for row in known if row.allocations)
        lines.append(f"allocations: {some} of {len(known)} allocate while they are timed")
    return lines


def _aa_line(document: Document) -> list[str]:
    found = [row for row in valid_rows(document) if row.kind == "aa"]
    spread = aa_pairs(found)
    if spread is None:
        return ["A/A pairs: none, so nothing shows that identical code reads as equal here"]
    worst = max(found, key=lambda row: distance(row.ratio))
    calm = spread.count - spread.outliers
    line = f"A/A pairs: {calm} of {spread.count} within ±{percent(TOLERANCE)}, the worst at {worst.ratio:.4f}"
    return [f"{line} ({worst.name})" if spread.outliers else line]


def _contended_line(document: Document) -> list[str]:
    share = contended_share(document)
    if not share:
        return []
    return [f"contended: somebody else used the core beside {percent(share)} of the epochs, which do not count"]


def _calibration_line(document: Document) -> list[str]:
    """What the run read where it was built in, for instance `calibrations: 8 of 8 planted differences found, ...`."""
    measured = calibrations(valid_rows(document))
    if not measured:
        return ["calibrations: none, so nothing shows that a difference would be found here"]
    planted = [calibration for calibration in measured if calibration.finding is not None]
    found = [calibration for calibration in planted if calibration.finding != "not found"]
    worst = max(measured, key=lambda calibration: calibration.error)
    line = f"calibrations: {len(found)} of {counted(len(planted), 'planted difference')} found"
    return [f"{line}, the worst read {worst.row.ratio:.4f} for {worst.planted:.4f} ({worst.row.name})"]


def _missing_lines(document: Document) -> list[str]:
    profiles = [profile for profile in document.profiles if profile.status == "absent"]
    cases = [case for case in document.cases if case.status in ("not_built", "not_measured")]
    interrupted = [case for case in cases if case.reason == NOT_REACHED]
    lines = [f"not measured: {counted(len(interrupted), 'case')}: {NOT_REACHED}"] if interrupted else []
    lines += [f"{case.status.replace('_', ' ')}: {_with_reason(case)}" for case in cases if case not in interrupted]
    return [
        *_first([f"skipped: {profile.name}: {profile.reason or 'absent'}" for profile in profiles], "skipped profiles"),
        *_first(lines, "cases not measured"),
        *_first(_gap_lines(document), "gaps"),
    ]


def _gap_lines(document: Document) -> list[str]:
    """One line for each idiom and reason, with all the profiles that lack it, and for each point that was not timed."""
    lacking: dict[tuple[str, str], list[str]] = {}
    for gap in document.gaps:
        lacking.setdefault((f"{gap.case}/{gap.variant}", gap.reason), []).append(gap.profile)
    lines = [f"gap: {idiom}@{','.join(profiles)}: {reason}" for (idiom, reason), profiles in lacking.items()]
    points = ((case.name, point) for case in document.cases for point in case.parameters if point.gap is not None)
    return [*lines, *(f"gap: {name} at size {point.size}{point.beside}: {point.gap}" for name, point in points)]


def _first(lines: Sequence[str], what: str) -> list[str]:
    """As many of the lines as a reader of a terminal reads, and how many more there are."""
    rest = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"{rest} more {what} are in the report"] if rest > 0 else list(lines)


def _with_reason(case: Case) -> str:
    return f"{case.name}: {case.reason}" if case.reason else case.name
