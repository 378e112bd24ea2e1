"""A comparison as JUnit XML: a suite for each metric, a test case for each row.

There is no standard. What is written fits both of the schemas that are in use: that of Apache Ant's tasks, which is the
narrower one (its order of elements, its required attributes, times without a zone), and that of Jenkins' xUnit plugin.
It is built with the standard library, since a package for JUnit would not keep to both of them either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

from safecost.compare.gate import Decision
from safecost.compare.outputs.words import METRIC_NAMES, about, closing, headline
from safecost.compare.rows import ComparisonRow
from safecost.core.text import shortened, visible

LONGEST = 2_000  # characters of one text
MOST_LINES = 200  # of what is said beside the rows


@dataclass(frozen=True, slots=True)
class _Case:
    """A test case; `kind` is None where it passes."""

    name: str
    place: str
    kind: str | None
    verdict: str
    said: str


def junit(decision: Decision, made: datetime) -> bytes:
    """The XML; `made` is when the comparison was made, in UTC."""
    root = ET.Element("testsuites")
    for metric, name in METRIC_NAMES.items():
        if rows := [row for row in decision.comparison.rows if row.metric == metric]:
            _suite(root, name, [_case(row, decision) for row in rows], decision, made)
    kind = "error" if decision.exit_code else None
    gate = _Case("gate", "safecost.gate", kind, f"exit {decision.exit_code}", headline(decision))
    _suite(root, "gate", [gate], decision, made, [f"{kind}: {line}" for kind, line in closing(decision)])
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _suite(
    root: ET.Element, name: str, cases: Sequence[_Case], decision: Decision, made: datetime, said: Sequence[str] = ()
) -> None:
    kinds = Counter(case.kind for case in cases)
    suite = ET.SubElement(
        root,
        "testsuite",
        name=name,
        package="safecost",
        id=str(len(root)),
        timestamp=made.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost",  # never the machine's: a report is to be shown to others
        tests=str(len(cases)),
        failures=str(kinds["failure"]),
        errors=str(kinds["error"]),
        skipped=str(kinds["skipped"]),
        time="0",
    )
    properties = ET.SubElement(suite, "properties")
    for which, side in (("base", decision.comparison.base), ("head", decision.comparison.head)):
        for what, value in (("name", side.name), *side.facts):
            ET.SubElement(properties, "property", name=_line(f"{which} {what}"), value=_line(value))
    for case in cases:
        element = ET.SubElement(suite, "testcase", name=case.name, classname=case.place, time="0")
        if case.kind is not None:
            line = _line(case.said)
            ET.SubElement(element, case.kind, type=case.verdict, message=line).text = line
    ET.SubElement(suite, "system-out").text = "\n".join(_line(line) for line in said[:MOST_LINES])
    ET.SubElement(suite, "system-err").text = ""


def _case(row: ComparisonRow, decision: Decision) -> _Case:
    """A row by its name and what it is over, since readers take cases of one name for one; they fold by the place."""
    place = ".".join(part for part in (*row.place.case.split("/"), row.place.variant) if part)
    name = row.name + (f" over {row.place.against}" if row.place.against else "")
    return _Case(_line(name), _line(place), _kind(row, decision), row.verdict, about(row))


def _kind(row: ComparisonRow, decision: Decision) -> str | None:
    """Failure for what is worse, error for what is missing, skipped for what does not count or is not decided."""
    status = decision.status(row)
    if status == "fails":
        return "error" if row.verdict == "missing" else "failure"
    return "skipped" if status in ("advisory", "excused") or row.verdict == "inconclusive" else None


def _line(text: str) -> str:
    """One line that is not empty; so nothing that was read stands at the beginning of one, as a command of CI would."""
    # All that XML cannot hold is among what is drawn as nothing, and so spelled out.
    return " ".join(shortened(visible(text), LONGEST).split()) or "none"
