"""The document of a self-test, and its page for readers: JSON, Markdown and HTML with charts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

from safecost.core import pages
from safecost.core.text import percent
from safecost.document import io as document
from safecost.lab.selftest import charts
from safecost.lab.selftest.figures import SelfTest
from safecost.report.charts import Chart

SCHEMA, SCHEMA_VERSION = "safecost-selftest", 1


def write(made: SelfTest, folder: Path, margin: float) -> Path:
    """Write selftest.json, selftest.md, selftest.html and charts/selftest-*.svg; returns the page."""
    drawn = charts.draw(made, margin)
    (folder / "charts").mkdir(parents=True, exist_ok=True)
    for chart in drawn:
        pages.save(folder / "charts" / f"{chart.name}.svg", chart.svg)
    plain = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION} | document.to_json(made)
    pages.save(folder / "selftest.json", json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    pages.save(folder / "selftest.md", markdown(made, drawn))
    pages.save(folder / "selftest.html", page(made, drawn))
    return folder / "selftest.html"


def headline(made: SelfTest) -> str:
    """How many targets are met, in one sentence."""
    decided = [one for one in made.targets if one.status != "not measured"]
    met = sum(one.status == "met" for one in decided)
    missed = sum(one.status == "missed" for one in decided)
    open_ones = len(decided) - met - missed
    parts = [f"{met} of {len(decided)} targets are met"]
    parts += [f"{missed} {'is' if missed == 1 else 'are'} missed"] if missed else []
    parts += [f"{open_ones} cannot be decided by so short a test"] if open_ones else []
    return ", ".join(parts) + "."


def surroundings(made: SelfTest) -> str:
    """Where and when, in one line."""
    on, suite = made.machine, made.suite
    virtual = f", {on.virtualization}" if on.virtualization else ""
    commit = f" at {suite.commit[:12]}" if suite.commit else ""
    kind = "Quick self-test" if made.quick else "Self-test"
    state = "" if made.complete else ", interrupted"
    return (
        f"{kind} of {made.started[:16].replace('T', ' ')} UTC{state}, seed {made.seed}, on {on.cpu}, {on.logical_cpus}"
        f" CPUs{virtual}, {on.distribution}; load {on.load_before:.2f} before, {percent(on.steal_share)} stolen;"
        f" safecost {suite.version}{commit}{', modified' if suite.modified else ''}."
    )


def _shared(made: SelfTest, drawn: tuple[Chart, ...]) -> dict[str, Any]:
    return {
        "made": made,
        "headline": headline(made),
        "surroundings": surroundings(made),
        "charts": drawn,
        "percent": percent,
    }


def page(made: SelfTest, drawn: tuple[Chart, ...]) -> str:
    """The self-test as one self-contained page."""
    return pages.html("selftest.html.jinja", inline=lambda one: Markup(one.inline), **_shared(made, drawn))


def markdown(made: SelfTest, drawn: tuple[Chart, ...]) -> str:
    """The self-test for a code host."""
    return pages.markdown("selftest.md.jinja", **_shared(made, drawn))
