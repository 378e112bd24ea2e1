"""Writes the report of a run: pages that open from disk without a network, and the same in Markdown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from safecost.core import glossary, pages
from safecost.core.text import counted, number, percent, size_text, visible
from safecost.document.io import REPORT_FILE
from safecost.document.machine_facts import machine_facts
from safecost.document.rows import KINDS, ExactValues, PairRow, count_rows, latency_rows, rows, valid_rows
from safecost.document.types import Document, Run
from safecost.reject import rows as rejected_rows
from safecost.report import (
    answers,
    case_page,
    charts,
    compilers,
    dispatch,
    hardening,
    raw_code,
    safety,
    sections,
    words,
)
from safecost.report.charts import Chart
from safecost.report.training import effects as training
from safecost.stats.pairs import Verdict
from safecost.suite.weaknesses import name_of
from safecost.validity import words as validity_words
from safecost.validity.advisories import advisories, conclusion
from safecost.validity.data_quality import quality

VERDICTS: tuple[Verdict, ...] = ("equivalent", "slower", "faster", "inconclusive")
SHAPES: dict[Verdict, str] = {"slower": "▶", "equivalent": "■", "faster": "◀", "inconclusive": "○"}
MARKDOWN_ROWS = 300  # code hosts refuse to render longer pages


def write(document: Document, folder: Path) -> Path:
    """Writes report.html and its pages, report.md, charts/*.svg and cases/*.html; returns the path of report.html.

    The same document gives the same bytes. Charts that an earlier report left in the folder are removed.
    """
    drawn = charts.draw(document)
    charts.save(drawn, folder, charts.FILE_NAME)
    pages.save(folder / "report.md", markdown(document, drawn))
    case_page.write(document, folder)
    glossary.write(folder)
    made = site(document, drawn)
    for path in folder.glob("charts-*.html"):  # of families that an earlier report had
        if path.name not in made and path.is_file():
            path.unlink()
    for name, text in made.items():
        pages.save(folder / name, text)  # the first page is the last: where it is, all is there
    return folder / REPORT_FILE


# ---- what the report says ------------------------------------------------------------------------------------------


def headline(document: Document) -> str:
    """The verdicts over all idiom costs in a sentence or two, without those of disqualified cases."""
    tally = Counter(row.verdict for row in valid_rows(document) if row.kind == "idiom" and row.role == "safe")
    total = tally.total()
    margin = percent(document.run.margin)
    phrases: dict[Verdict, str] = {
        "equivalent": f"equivalent to raw within {margin}",
        "slower": "slower",
        "faster": "faster",
        "inconclusive": "inconclusive",
    }
    parts = [f"{tally[verdict]} {phrases[verdict]}" for verdict in VERDICTS if tally[verdict]]
    if parts:
        first, _, rest = parts[0].partition(" ")
        parts[0] = f"{first} {'is' if first == '1' else 'are'} {rest}"
    sentence = (
        f"Of {counted(total, 'idiom–profile pair')} {', '.join(parts)}." if total else "No idiom has been measured."
    )
    disqualified = [case.name for case in document.cases if case.status == "disqualified"]
    if disqualified:
        verb = "case was" if len(disqualified) == 1 else "cases were"
        promises = {problem.kind == "claim" for problem in document.problems if problem.disqualifies}
        why = {True: "results, work or a claim did not hold", False: "results or work did not hold"}[True in promises]
        sentence += f" {len(disqualified)} {verb} disqualified because {why}."
    return sentence


def summary(document: Document) -> str:
    """What ran, where and when, in one line."""
    run, machine, suite = document.run, document.machine, document.suite
    state = "complete" if run.complete else "interrupted: it holds what was measured until then"
    commit = f" at {suite.commit[:12]}" if suite.commit else ""
    changed = ", modified" if suite.modified else ""
    chosen = f", filter {run.filter}" if run.filter else ""
    started, cpus = run.started[:16].replace("T", " "), counted(machine.logical_cpus, "CPU")
    return (
        f"{run.mode.capitalize()} run of {started} UTC on {machine.cpu} ({machine.architecture}, {cpus}), "
        f"{_launches(run)} per panel{chosen}, {state}; safecost {suite.version}{commit}{changed}."
    )


def _launches(run: Run) -> str:
    """How many launches a panel has, or has at most."""
    most = counted(run.launches, "launch", "launches")
    return most if len(run.analyses) < 2 else f"up to {most}"


def by_profile(document: Document, found: Sequence[PairRow]) -> list[tuple[str, Counter[Verdict]]]:
    """Verdicts over idiom costs and language gaps per measured profile, in the document's order."""
    tallies = []
    for profile in document.profiles:
        kind = "language" if profile.language == "rust" else "idiom"
        tally = Counter(
            row.verdict for row in found if row.profile == profile.name and row.kind == kind and not row.disqualified
        )
        if tally:
            tallies.append((profile.name, tally))
    return tallies


def _facts(document: Document) -> list[tuple[str, str]]:
    """Machine, suite and schedule as name and value."""
    machine, run, suite = document.machine, document.run, document.suite
    state = {True: "modified", False: "clean", None: "state not known"}[suite.modified]
    load = f"{machine.load_before:.2f} before, {machine.load_after:.2f} after"
    benchmark = f"Google Benchmark {run.runner.benchmark_version} ({run.runner.benchmark_build})"
    epochs = f"epochs of {1e6 * run.epoch_seconds:g} µs, {1e3 * run.contender_seconds:g} ms per contender and launch"
    analyses = f", which may end after {', '.join(map(str, run.analyses[:-1]))}" if len(run.analyses) > 1 else ""
    resumed = f"; taken up again {counted(run.resumed, 'time')}" if run.resumed else ""
    seconds = run.seconds
    spent = f"{seconds.build:.1f} s to build, {seconds.verify:.1f} s to verify, {seconds.count:.1f} s to count"
    return [
        *((fact.name, fact.words) for fact in machine_facts(machine)),
        ("Memory", size_text(machine.memory_bytes)),
        ("Hardware counters", "available" if machine.hardware_counters else "not available"),
        ("Load", f"{load}; {percent(machine.steal_share)} stolen by the host"),
        ("Suite", f"safecost {suite.version}, commit {suite.commit or 'not known'}, {state}"),
        ("Runner", f"{run.runner.compiler}; {benchmark}; ABI {run.runner.abi_version}"),
        ("Run", f"{run.mode}, seed {run.seed}, from {run.started} to {run.finished or 'an interruption'}"),
        ("Schedule", f"{_launches(run)} per panel{analyses}, {epochs}{resumed}"),
        ("Time taken", f"{spent}, {run.seconds.measure:.1f} s to measure"),
        ("Margin", f"±{percent(run.margin)}"),
        ("Filter", run.filter or "none"),
    ]


# ---- the two outputs -----------------------------------------------------------------------------------------------


def _shared(document: Document, drawn: Sequence[Chart]) -> dict[str, Any]:
    found = rows(document)
    known = quality(found)
    values = {
        "document": document,
        "run": document.run,
        "summary": summary(document),
        "headlines": [sentence for sentence in (safety.headline(document), headline(document)) if sentence],
        "advisories": advisories(document),
        "conclusion": conclusion(document),
        "rows": words.worst_first([row for row in found if row.kind != "calibration"]),
        "counted": count_rows(document),
        "exact_metrics": [spec for spec in ExactValues.SPECS if spec.of == "count" or document.codes],
        "amount": words.amount,
        "tallies": by_profile(document, found),
        "quality": known,
        "aa_sentences": validity_words.aa_sentences(known),
        "coverage": validity_words.coverage_sentence(known.coverage, "1"),
        "calibration_coverage": validity_words.coverage_sentence(known.calibration_coverage, "the planted ratio"),
        "finding": validity_words.finding,
        "held": validity_words.held,
        "noise": validity_words.noise(document),
        "facts": _facts(document),
        "frontier": safety.lines(document),
        "three_prices": safety.three_prices(document),
        "comparisons": [
            *safety.comparisons(document),
            *safety.later(document),
            *raw_code.incomplete_lines(document),
            *dispatch.dispatch_lines(document),
        ],
        "incomplete": raw_code.raw_incomplete(document),
        "filtered": safety.filter_note(document),
        "shares": safety.shares(document),
        "matrices": safety.matrices(document),
        "outcome_words": safety.words(),
        "owed": safety.owed,
        "hardening": hardening.hardening(document),
        "reach": hardening.reach,
        "highest": hardening.highest,
        "with_interval": hardening.with_interval,
        "newly_caught": hardening.newly_caught,
        "compilers": compilers.side_by_side(document),
        "anchor": case_page.anchor,
        "step_words": compilers.step_words,
        "tally_words": compilers.tally_words,
        "change_words": compilers.change_words,
        "cost_words": compilers.cost_words,
        "latencies": latency_rows(document),
        "training": training.training(document),
        "training_changed": training.changed,
        "training_left": training.left,
        "margin": percent(document.run.margin),
        "number": number,
        "charts": drawn,
        "has_chart": lambda kind: any(chart.kind == kind for chart in drawn),
        "families": list(
            dict.fromkeys(chart.family for chart in drawn if chart.family is not None and chart.kind != "matrix")
        ),
        "kinds": KINDS,
        "verdicts": VERDICTS,
        "shapes": SHAPES,
        "interval": words.interval,
        "rejected": rejected_rows,
        "rejections": document.rejections,
        "exact": words.exact,
        "exact_interval": words.exact_interval,
        "explained": case_page.addresses(document),
        "tasks": answers.tasks(document),
        "weaknesses": answers.weaknesses(document),
        "again": answers.again,
    }
    return {**values, "shown": list(sections.shown_sections(sections.SECTIONS, values))}


def site(document: Document, drawn: Sequence[Chart]) -> dict[str, str]:
    """Every page but those of cases, as self-contained HTML by the name of its file; the first page comes last."""
    values = _shared(document, drawn)
    made = sections.pages_of(values["shown"])
    beside = {
        "report": {"index": _data(_index(document, values["explained"]))},
        "pairs": {"pairs_data": _data(_cells(values))},
    }
    return {
        here.file: pages.html(
            "report.html.jinja",
            inline=lambda chart: Markup(chart.inline),
            site=made,
            here=here,
            **values,
            **beside.get(here.name, {}),
        )
        for here in reversed(made)
    }


def _data(value: object) -> Markup:
    """A value as JSON that a page may hold: no markup can end or begin in it."""
    text = json.dumps(_shown(value), ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _shown(value: object) -> object:
    """The value with every text as pages show it."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    return {key: _shown(item) for key, item in value.items()} if isinstance(value, dict) else value


def _index(document: Document, explained: dict[str, str]) -> list[tuple[str, str, str]]:
    """What the search of the first page finds: words, what they are, and where it leads."""
    found = [
        (f"{weakness.name} (CWE-{weakness.cwe})", "weakness", f"faults.html#cwe-{weakness.cwe}")
        for weakness in answers.weaknesses(document)
    ]
    for case in document.cases:
        if (where := explained.get(case.name)) is None:
            continue
        found.append((case.name, case.question, where))
        found += [(f"{case.name}: {one.name}", one.summary, f"{where}#idiom-{one.name}") for one in case.variants]
        found += [
            (f"{case.name}: {one.name}", f"fault, {name_of(one.cwe)}: {one.description}", f"{where}#fault-{one.name}")
            for one in case.faults
        ]
    return found


def _cells(values: Mapping[str, Any]) -> list[list[object]]:
    """The rows of all pairs as report.js draws them."""
    return [_row(row, values["explained"].get(row.task)) for row in values["rows"]]


def _row(row: PairRow, where: str | None) -> list[object]:
    spread = row.spread
    shares = f"placements {percent(spread.placements)}, rounds {percent(spread.rounds)}" if spread else ""
    verdict = "disqualified" if row.disqualified else row.verdict
    idiom = {"words": row.variant, "link": f"{where}#{case_page.anchor(row)}"} if where else row.variant
    return [
        {"words": row.task, "group": row.family},
        idiom,
        {"words": f"{row.size:,} {row.label}", "value": row.size, "under": row.beside[2:]},
        row.profile,
        KINDS[row.kind].name,
        {"words": number(row.ratio), "value": row.ratio},
        {"words": words.interval(row), "value": "" if row.low is None else row.low},
        {"words": f"{SHAPES[row.verdict]} {verdict}", "value": verdict, "under": row.reason or "", "kind": row.verdict},
        _share(row.detectable, "±"),
        _share(row.level),
        {**_share(spread.launches if spread else None), "under": shares},
        {"words": number(row.numerator_ns), "value": row.numerator_ns},
        {"words": number(row.denominator_ns), "value": row.denominator_ns},
        f"{row.against}@{row.against_profile}",
    ]


def _share(value: float | None, sign: str = "") -> dict[str, object]:
    return {"words": "–", "value": ""} if value is None else {"words": sign + percent(value), "value": value}


def markdown(document: Document, drawn: Sequence[Chart], command: str = "") -> str:
    """The report for a code host; charts are referred to as charts/<name>.svg.

    `command` makes the rest of the report, where it is not beside it.
    """
    return pages.markdown("report.md.jinja", **_shared(document, drawn), limit=MARKDOWN_ROWS, command=command)
