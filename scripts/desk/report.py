"""Writes the report of a run: a page that opens from disk without a network, and the same in Markdown.

Documents come from strangers. Whatever is printed is escaped by the template engine, never by hand; the page forbids
itself everything but its own style and script, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import math
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from desk import charts
from desk.charts import KINDS, NULL_LIMIT, Chart, Row, percent, ratio_text, visible
from desk.document import Document

TEMPLATES = Path(__file__).parent / "templates"
VERDICTS = ("equivalent", "slower", "faster", "unresolved")
SHAPES = {"slower": "▶", "equivalent": "■", "faster": "◀", "unresolved": "○"}
MARKDOWN_ROWS = 300  # code hosts refuse to render longer pages


@dataclass(frozen=True)
class Nulls:
    """How far pairs of identical code stray from 1: shares, so 0.005 is 0.5 %."""

    count: int
    strays: int
    median: float
    worst: float


def write(document: Document, folder: Path) -> Path:
    """Writes report.html, report.md and charts/*.svg into the folder and returns the path of report.html.

    The same document gives the same bytes.
    """
    drawn = charts.draw(document)
    (folder / "charts").mkdir(parents=True, exist_ok=True)
    for chart in drawn:
        _save(folder / "charts" / f"{chart.name}.svg", chart.svg)
    _save(folder / "report.md", markdown(document, drawn))
    _save(folder / "report.html", page(document, drawn))
    return folder / "report.html"


def _save(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


# ---- what the report says ------------------------------------------------------------------------------------------


def headline(document: Document) -> str:
    """The verdicts over all idiom costs in a sentence or two, without those of struck cases."""
    tally = Counter(row.verdict for row in charts.rows(document) if row.kind == "idiom" and not row.struck)
    total = tally.total()
    margin = percent(document.run.margin)
    phrases = {
        "equivalent": f"equivalent to raw within {margin}",
        "slower": "slower",
        "faster": "faster",
        "unresolved": "unresolved",
    }
    parts = [f"{tally[verdict]} {phrases[verdict]}" for verdict in VERDICTS if tally[verdict]]
    if parts:
        count, _, rest = parts[0].partition(" ")
        parts[0] = f"{count} {'is' if count == '1' else 'are'} {rest}"
    sentence = (
        f"Of {charts.count(total, 'idiom–profile pair')} {', '.join(parts)}."
        if total
        else "No idiom has been measured."
    )
    struck = [case.name for case in document.cases if case.status == "struck"]
    if struck:
        verb = "case was" if len(struck) == 1 else "cases were"
        sentence += f" {len(struck)} {verb} struck because a result was wrong."
    return sentence


def summary(document: Document) -> str:
    """What ran, where and when, in one line."""
    run, machine, suite = document.run, document.machine, document.suite
    state = "complete" if run.complete else "interrupted: it holds what was measured until then"
    commit = f" at {suite.commit[:12]}" if suite.commit else ""
    changed = ", modified" if suite.modified else ""
    chosen = f", filter {run.filter}" if run.filter else ""
    started, cpus = run.started[:16].replace("T", " "), charts.count(machine.logical_cpus, "CPU")
    return (
        f"{run.mode.capitalize()} run of {started} UTC on {machine.cpu} ({machine.architecture}, {cpus}), "
        f"{charts.count(run.launches, 'launch', 'launches')} "
        f"per panel{chosen}, {state}; safecost {suite.version}{commit}{changed}."
    )


def nulls(found: Sequence[Row]) -> Nulls | None:
    """How the nulls of a run stray; None where it has none."""
    distances = [math.expm1(abs(math.log(row.ratio))) for row in found if row.kind == "null" and not row.struck]
    if not distances:
        return None
    strays = sum(distance > NULL_LIMIT for distance in distances)
    return Nulls(len(distances), strays, statistics.median(distances), max(distances))


def advisories(document: Document) -> tuple[str, ...]:
    """Why the times of this run are to be taken as advice only; empty for a quiet, complete run with calm nulls."""
    machine, strayed = document.machine, nulls(charts.rows(document))
    reasons = []
    if not document.run.complete:
        reasons.append("The run was interrupted.")
    if strayed is None:
        reasons.append("No null was measured, so nothing shows how far identical code strays here.")
    elif strayed.strays > 0.05 * strayed.count:
        reasons.append(
            f"{strayed.strays} of {charts.count(strayed.count, 'null')} "
            f"{'stray' if strayed.strays > 1 else 'strays'} by more than {percent(NULL_LIMIT)}."
        )
    if machine.steal_share > 0.05:
        reasons.append(f"The host took {percent(machine.steal_share)} of the processor time away.")
    if machine.load_before > machine.logical_cpus:
        cpus = charts.count(machine.logical_cpus, "CPU")
        reasons.append(f"The load before the run was {machine.load_before:.2f} on {cpus}.")
    return tuple(reasons)


def by_profile(document: Document, found: Sequence[Row]) -> list[tuple[str, Counter[str]]]:
    """Verdicts over idiom costs and language gaps per measured profile, in the document's order."""
    tallies = []
    for profile in document.profiles:
        kind = "language" if profile.language == "rust" else "idiom"
        tally = Counter(
            row.verdict for row in found if row.profile == profile.name and row.kind == kind and not row.struck
        )
        if tally:
            tallies.append((profile.name, tally))
    return tallies


def worst_first(found: Sequence[Row]) -> list[Row]:
    """Rows by kind of comparison, in each the highest ratio first."""
    order = list(KINDS)
    return sorted(
        found, key=lambda row: (order.index(row.kind), -row.ratio, row.family, row.case, row.variant, row.profile)
    )


# ---- how values are written ----------------------------------------------------------------------------------------


def nanoseconds(value: float) -> str:
    """A time with about four significant digits, never in powers of ten."""
    return f"{value:,.{3 if value < 10 else 2 if value < 100 else 1 if value < 1000 else 0}f}"


def size_text(count: int) -> str:
    """Bytes in binary units, such as `48 KiB`."""
    value, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.3g} {units[0]}" if value < 1000 else f"{value:.0f} {units[0]}"


def interval(row: Row) -> str:
    """The interval of a pair, a dash where there are too few launches for one."""
    return "–" if row.low is None or row.high is None else f"{ratio_text(row.low)} – {ratio_text(row.high)}"


def machine_facts(document: Document) -> list[tuple[str, str]]:
    """Machine, suite and schedule as name and value."""
    machine, run, suite = document.machine, document.run, document.suite
    told = {True: "on", False: "off", None: "not known"}
    caches = ", ".join(f"L{cache.level} {cache.kind} {size_text(cache.bytes)}" for cache in machine.caches)
    randomization = machine.address_randomization
    state = {True: "modified", False: "clean", None: "state not known"}[suite.modified]
    load = f"{machine.load_before:.2f} before, {machine.load_after:.2f} after"
    benchmark = f"Google Benchmark {run.runner.benchmark_version} ({run.runner.benchmark_build})"
    epochs = f"epochs of {1e6 * run.epoch_seconds:g} µs, {1e3 * run.contender_seconds:g} ms per contender and launch"
    spent = f"{run.seconds.build:.1f} s to build, {run.seconds.verify:.1f} s to verify"
    return [
        ("Processor", f"{machine.cpu}, {machine.architecture}, {charts.count(machine.logical_cpus, 'logical CPU')}"),
        ("Caches", caches or "not known"),
        ("Memory", size_text(machine.memory_bytes)),
        ("System", f"{machine.distribution}, {machine.kernel}"),
        ("Virtualization", machine.virtualization or "none seen"),
        ("Frequency", f"governor {machine.governor or 'not known'}, turbo {told[machine.turbo]}"),
        ("Address randomization", "not known" if randomization is None else str(randomization)),
        ("Hardware counters", "available" if machine.hardware_counters else "not available"),
        ("Load", f"{load}; {percent(machine.steal_share)} stolen by the host"),
        ("Suite", f"safecost {suite.version}, commit {suite.commit or 'not known'}, {state}"),
        ("Runner", f"{run.runner.compiler}; {benchmark}; ABI {run.runner.abi_version}"),
        ("Run", f"{run.mode}, seed {run.seed}, from {run.started} to {run.finished or 'an interruption'}"),
        ("Schedule", f"{charts.count(run.launches, 'launch', 'launches')} per panel, {epochs}"),
        ("Time taken", f"{spent}, {run.seconds.measure:.1f} s to measure"),
        ("Margin", f"±{percent(run.margin)}"),
        ("Filter", run.filter or "none"),
    ]


# ---- the two outputs -----------------------------------------------------------------------------------------------


def _shared(document: Document, drawn: Sequence[Chart]) -> dict[str, Any]:
    found = charts.rows(document)
    return {
        "document": document,
        "run": document.run,
        "summary": summary(document),
        "headline": headline(document),
        "advisories": advisories(document),
        "rows": worst_first(found),
        "tallies": by_profile(document, found),
        "nulls": nulls(found),
        "facts": machine_facts(document),
        "charts": drawn,
        "families": list(dict.fromkeys(chart.family for chart in drawn if chart.family is not None)),
        "kinds": KINDS,
        "verdicts": VERDICTS,
        "shapes": SHAPES,
        "null_limit": NULL_LIMIT,
        "percent": percent,
        "ratio": ratio_text,
        "interval": interval,
        "nanoseconds": nanoseconds,
        "size": size_text,
    }


def _environment(**options: Any) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def page(document: Document, drawn: Sequence[Chart]) -> str:
    """The report as one self-contained HTML page."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    allowed = f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    environment = _environment(autoescape=True, finalize=_printable)
    return environment.get_template("report.html.jinja").render(
        **_shared(document, drawn),
        policy=Markup(policy),
        style=Markup(style),
        script=Markup(script),
        inline=lambda chart: Markup(chart.inline),
    )


def markdown(document: Document, drawn: Sequence[Chart]) -> str:
    """The report for a code host; charts are referred to as charts/<name>.svg."""
    environment = _environment(autoescape=False, finalize=_markdown)
    return environment.get_template("report.md.jinja").render(**_shared(document, drawn), limit=MARKDOWN_ROWS)


def _printable(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _markdown(value: object) -> str:
    """A value as inline Markdown that says just what the value says: one line, nothing in it is obeyed."""
    line = " ".join(visible(str(value)).split())
    line = line if len(line) <= 400 else line[:400] + "…"
    line = re.sub(r"([\\`*\[\]~|#!$])", r"\\\1", html.escape(line, quote=False))
    # An underscore inside a word is only an underscore.
    line = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", line)
    # Neither addresses nor people are to become links.
    line = line.replace("://", "&#58;//").replace("@", "&#64;").replace("www.", "www&#46;")
    # At its start a line could still become a list, a heading or a rule.
    return re.sub(r"^(\d*)([-+=]|[.)](?=\s|$))", r"\1\\\2", line)
