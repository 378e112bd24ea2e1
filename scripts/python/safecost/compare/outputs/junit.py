"""A comparison as JUnit XML: a suite for each metric, a test case for each row.

There is no standard. What is written fits both of the schemas that are in use: that of Apache Ant's tasks, which is the
narrower one (its order of elements, its required attributes, times without a zone), and that of Jenkins' xUnit plugin.
It is built with the standard library, since a package for JUnit would not keep to both of them either.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree as ET

from safecost.compare.gate import Decision
from safecost.compare.outputs.words import METRIC_NAMES, about, closing, headline
from safecost.compare.rows import ComparisonRow
from safecost.core.text import visible

LONGEST = 2_000  # characters of one text
MOST_LINES = 200  # of what is said beside the rows


def junit(decision: Decision, made: datetime) -> bytes:
    """The XML; `made` is when the comparison was made, in UTC."""
    root = ET.Element("testsuites")
    for index, (metric, name) in enumerate(METRIC_NAMES.items()):
        rows = [row for row in decision.comparison.rows if row.metric == metric]
        if rows:
            _suite(root, name, rows, decision, made, index)
    gate = ET.SubElement(root, "testsuite", _attributes("gate", 1, decision, made, len(METRIC_NAMES)))
    gate.set("errors", str(int(decision.exit_code != 0)))
    _properties(gate, decision)
    case = ET.SubElement(gate, "testcase", name="gate", classname="safecost.gate", time="0")
    if decision.exit_code:
        _told(case, "error", f"exit {decision.exit_code}", headline(decision))
    _outputs(gate, [f"{kind}: {line}" for kind, line in closing(decision)])
    for number, suite in enumerate(root):
        suite.set("id", str(number))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _suite(
    root: ET.Element, name: str, rows: Sequence[ComparisonRow], decision: Decision, made: datetime, index: int
) -> None:
    suite = ET.SubElement(root, "testsuite", _attributes(name, len(rows), decision, made, index))
    _properties(suite, decision)
    told = {"failure": 0, "error": 0, "skipped": 0}
    for row in rows:
        case = ET.SubElement(suite, "testcase", name=_name(row), classname=_class(row), time="0")
        kind = _kind(row, decision)
        if kind is not None:
            told[kind] += 1
            _told(case, kind, row.verdict, about(row))
    suite.set("failures", str(told["failure"]))
    suite.set("errors", str(told["error"]))
    suite.set("skipped", str(told["skipped"]))
    _outputs(suite, [])


def _kind(row: ComparisonRow, decision: Decision) -> str | None:
    """Failure for what is worse, error for what is missing, skipped for what does not count or is not decided."""
    status = decision.status(row)
    if status == "fails":
        return "error" if row.verdict == "missing" else "failure"
    return "skipped" if status in ("advisory", "excused") or row.verdict == "inconclusive" else None


def _attributes(name: str, tests: int, decision: Decision, made: datetime, index: int) -> dict[str, str]:
    return {
        "name": name,
        "package": "safecost",
        "id": str(index),
        "timestamp": made.strftime("%Y-%m-%dT%H:%M:%S"),
        "hostname": "localhost",  # never the machine's: a report is to be shown to others
        "tests": str(tests),
        "failures": "0",
        "errors": "0",
        "skipped": "0",
        "time": "0",
    }


def _properties(suite: ET.Element, decision: Decision) -> None:
    properties = ET.SubElement(suite, "properties")
    for which, side in (("base", decision.comparison.base), ("head", decision.comparison.head)):
        for what, said in (("name", side.name), *side.facts):
            ET.SubElement(properties, "property", name=_line(f"{which} {what}"), value=_line(said))


def _outputs(suite: ET.Element, said: Sequence[str]) -> None:
    ET.SubElement(suite, "system-out").text = "\n".join(_line(one) for one in said[:MOST_LINES])
    ET.SubElement(suite, "system-err").text = ""


def _told(case: ET.Element, kind: str, verdict: str, said: str) -> None:
    line = _line(said)
    ET.SubElement(case, kind, type=verdict, message=line).text = line


def _class(row: ComparisonRow) -> str:
    """The case with dots, which readers fold by."""
    return _line(".".join(part for part in (*row.place.case.split("/"), row.place.variant) if part))


def _name(row: ComparisonRow) -> str:
    """The row's name and what it is over: readers take cases of one name for one case."""
    return _line(row.name + (f" over {row.place.against}" if row.place.against else ""))


def _line(text: str) -> str:
    """One line that is not empty; so nothing that was read stands at the beginning of one, as a command of CI would."""
    return " ".join(_text(text).split()) or "none"


def _text(text: str) -> str:
    """The text, shortened, with whatever is drawn as nothing spelled out; all that XML cannot hold is among that."""
    clean = visible(text)
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + "…"
