"""The document of a self-test, and its page for readers: JSON, Markdown and HTML with charts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from markupsafe import Markup

from safecost.core import compressed, glossary, pages
from safecost.core.errors import UsageError
from safecost.core.text import percent, shown
from safecost.document import io as document
from safecost.lab.selftest import charts
from safecost.lab.selftest.figures import SelfTest
from safecost.report.charts import Chart, save

SCHEMA, SCHEMA_VERSION = "safecost-selftest", 2
FILE = "selftest.json"  # as a self-test writes it
RECORD_FILE = FILE + compressed.SUFFIX  # as it is published
_CHARTS = re.compile(r"selftest-[a-z-]+\.svg")
# What version 1 called by other names.
_EARLIER_KEYS = {"null": "aa", "company": "background", "nulls": "aa_pairs", "strays": "outliers"}
_EARLIER_VALUES = {"unresolved": "inconclusive", "controls/": "calibration/"}


def write(made: SelfTest, folder: Path, margin: float) -> Path:
    """Write selftest.json, selftest.md, selftest.html and charts/selftest-*.svg; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION} | document.to_json(made)
    pages.save(folder / FILE, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    return draw(made, folder, margin)


def draw(made: SelfTest, folder: Path, margin: float) -> Path:
    """Write all of that but the document."""
    drawn = charts.draw(made, margin)
    save(drawn, folder, _CHARTS)
    pages.save(folder / "selftest.md", markdown(made, drawn))
    pages.save(folder / "selftest.html", page(made, drawn))
    glossary.write(folder)
    return folder / "selftest.html"


def read(file: Path) -> SelfTest:
    """The self-test in a file; raises UsageError that says what is wrong with it."""
    name = shown(str(file), quoted=False, limit=400)
    plain = document.read_json(file, f"the {FILE} of a self-test")
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        raise UsageError(f"{name} is not the document of a self-test: its schema is not {SCHEMA}.")
    version = plain.get("schema_version")
    if version not in (1, SCHEMA_VERSION):
        raise UsageError(f"{name} has schema {shown(version)}, and this safecost reads 1 and {SCHEMA_VERSION}.")
    try:
        return msgspec.convert(_upgraded(plain) if version == 1 else plain, SelfTest)
    except msgspec.ValidationError as error:
        raise UsageError(f"{name} is malformed: {shown(str(error), quoted=False)}.") from error


def _upgraded(value: Any) -> Any:
    """A document of version 1 in today's words."""
    if isinstance(value, dict):
        return {_EARLIER_KEYS.get(key, key): _upgraded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_upgraded(entry) for entry in value]
    for earlier, today in _EARLIER_VALUES.items():
        if isinstance(value, str) and value.startswith(earlier):
            return today + value.removeprefix(earlier)
    return value


def write_record(file: Path, folder: Path, command: str, margin: float) -> Path:
    """Write what is published of a self-test: its document compressed, selftest.md, which it returns, and one chart."""
    self_test = read(file)
    drawn = charts.draw(self_test, margin)[:1]
    compressed.publish(document.read_bytes(file), folder / RECORD_FILE, document.SIZE_LIMIT)
    save(drawn, folder, _CHARTS)
    pages.save(folder / "selftest.md", markdown(self_test, drawn, command))
    return folder / "selftest.md"


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
    }


def page(made: SelfTest, drawn: tuple[Chart, ...]) -> str:
    """The self-test as one self-contained page."""
    return pages.html("selftest.html.jinja", inline=lambda one: Markup(one.inline), **_shared(made, drawn))


def markdown(made: SelfTest, drawn: tuple[Chart, ...], command: str = "") -> str:
    """The self-test for a code host; `command` makes the rest of it, where it is not beside it."""
    return pages.markdown("selftest.md.jinja", command=command, **_shared(made, drawn))
