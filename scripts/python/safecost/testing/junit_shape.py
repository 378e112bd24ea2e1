"""What readers of JUnit XML demand: the rules that the schemas in use have in common, or the narrower one of them.

Written after the schema of Apache Ant's tasks (Windy Road's JUnit.xsd) and that of Jenkins' xUnit plugin
(junit-10.xsd): elements in order, attributes that must be there, and what may stand in them.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

TOKEN = r"\S(?:.*\S)?"  # xs:token once spaces within are single
DECIMAL = r"[0-9]+(\.[0-9]*)?"
INTEGER = r"[0-9]+"
SUITE = {
    "name": TOKEN,
    "package": TOKEN,
    "id": INTEGER,
    "timestamp": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}",
    "hostname": TOKEN,
    "tests": INTEGER,
    "failures": INTEGER,
    "errors": INTEGER,
    "skipped": INTEGER,
    "time": DECIMAL,
}
CASE = {"name": TOKEN, "classname": TOKEN, "time": DECIMAL}
SUITE_CHILDREN = r"properties( testcase)* system-out system-err"


def check(data: bytes) -> ET.Element:
    """The root of a report; an AssertionError names the first place that a reader would refuse."""
    root = ET.fromstring(data)
    assert (root.tag, root.attrib) == ("testsuites", {})
    for number, suite in enumerate(root):
        assert suite.tag == "testsuite"
        _attributes(suite, SUITE)
        assert suite.get("id") == str(number)
        assert re.fullmatch(SUITE_CHILDREN, " ".join(child.tag for child in suite))
        for one in suite.findall("properties/*"):
            assert one.tag == "property"
            _attributes(one, {"name": TOKEN, "value": "(?s:.*)"})
        cases = suite.findall("testcase")
        for case in cases:
            _attributes(case, CASE)
            assert len(case) <= 1
            for told in case:
                assert told.tag in {"skipped", "error", "failure"}
                _attributes(told, {"type": TOKEN, "message": "(?s:.*)"})
                assert len(told) == 0
        assert suite.get("tests") == str(len(cases))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(attribute) == str(len(suite.findall(f"testcase/{tag}"))), (suite.get("name"), attribute)
    return root


def _attributes(element: ET.Element, wanted: dict[str, str]) -> None:
    assert element.keys() == wanted.keys() or set(element.keys()) == set(wanted), (element.tag, element.attrib)
    for name, expression in wanted.items():
        value = element.get(name, "")
        if expression == TOKEN:
            assert value == " ".join(value.split()), (element.tag, name, value)
        assert re.fullmatch(expression, value), (element.tag, name, value)
