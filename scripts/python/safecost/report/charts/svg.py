"""Turns what Matplotlib writes into SVG that a strict page may hold and that is as short as it can be.

No tool that shortens SVG does it, as half of this adds something: tooltips, and ids that no two charts of a page share.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}href"
# Matplotlib numbers its groups; such ids say nothing.
_NUMBERED = re.compile(r"(figure|axes|patch|line2d|text|[xy]tick|LineCollection|matplotlib.axis)_\d+")
_REPEATED = ("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-linejoin")


def clean(raw: bytes, name: str, tips: Mapping[str, Sequence[str]]) -> ET.Element:
    """The drawing with plain attributes for styles (a strict page forbids styles), ids of its own, and tooltips.

    Every id begins with `name`, so that the drawings of one page do not collide. `tips` has for an id the texts of
    its marks, in their order.
    """
    ET.register_namespace("", _SVG[1:-1])
    root = ET.fromstring(raw)
    parents = {child: parent for parent in root.iter() for child in parent}
    for element in list(root.iter()):
        if element.tag in {f"{_SVG}metadata", f"{_SVG}style"}:
            parents[element].remove(element)
            continue
        element.tail = None
        if element.text is not None and not element.text.strip():
            element.text = None
        _plain_attributes(element, name)
        identity = element.attrib.pop("id", "")
        if identity and not _NUMBERED.fullmatch(identity):
            element.set("id", f"{name}.{identity}")
            marks = element.findall(f".//{_SVG}use") or [element]
            for mark, tip in zip(marks, tips.get(identity, []), strict=False):
                ET.SubElement(mark, f"{_SVG}title").text = tip
    _thin(root)
    root.set("width", root.attrib["width"].removesuffix("pt"))
    root.set("height", root.attrib["height"].removesuffix("pt"))
    root.set("stroke-linejoin", "round")
    return root


def _plain_attributes(element: ET.Element, name: str) -> None:
    """Styles as attributes, references led to the drawing's own ids, coordinates of two decimals."""
    for part in element.attrib.pop("style", "").split(";"):
        key, _, value = part.strip().partition(": ")
        if key and key != "font-family":
            element.set(key, value)
    if element.get("transform", "").startswith(("rotate(-0 ", "rotate(0 ")):
        del element.attrib["transform"]
    if _XLINK in element.attrib:
        element.set("href", f"#{name}.{element.attrib.pop(_XLINK)[1:]}")
    for key, value in element.attrib.items():
        if value.startswith("url(#"):
            element.set(key, f"url(#{name}.{value[5:]}")
        elif key in {"d", "x", "y", "width", "height"}:
            short = re.sub(r"-?\d+\.\d+", lambda found: f"{round(float(found[0]), 2):g}", value)
            element.set(key, " ".join(short.split()))


def _thin(element: ET.Element) -> None:
    """Unwraps groups that say nothing, and lets a group say once what all its marks repeat, to save bytes."""
    for child in element:
        _thin(child)
    group = f"{_SVG}g"
    idle = [child.tag == group and not child.attrib for child in element]
    element[:] = [kept for child, unwrap in zip(element, idle, strict=True) for kept in (child if unwrap else [child])]
    marks = element.findall(f"{_SVG}use")
    if element.tag != group or len(marks) < 2 or len(marks) != len(element):
        return
    for key in _REPEATED:
        values = {mark.get(key) for mark in marks}
        if len(values) == 1 and (value := values.pop()) is not None:
            element.set(key, value)
            for mark in marks:
                del mark.attrib[key]


def without(root: ET.Element, prefix: str) -> None:
    """Removes every element whose id begins with `prefix`."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.get("id", "").startswith(prefix):
                parent.remove(child)
