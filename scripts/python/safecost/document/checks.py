"""What a run document must be beyond JSON: it fits the schema, its references lead somewhere, it holds nothing private.

Each refusal is one printable sentence that begins with the name it was given.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from safecost.core.decoding import Misfit, convert, leaves, place_words, refuse_leaves, strict
from safecost.core.errors import ToolError, UsageError
from safecost.core.privacy import secrets_here
from safecost.core.text import CONTROL, shown
from safecost.document.earlier import OLDEST, upgraded
from safecost.document.judged import Proof
from safecost.document.measured import Pair, Panel
from safecost.document.outcome import DETAILS
from safecost.document.types import SCHEMA, SCHEMA_VERSION, Case, Document, Run

_ESCAPED = re.compile(r"\\[ubfr]")  # a control character as JSON writes it, or a backslash before such a letter

# Entries whose values the schema holds to names and fixed words: a host called "safe" does not show in them.
_NAMES = frozenset(
    {"schema", "mode", "role", "language", "library", "kind", "status", "verdict", "family", "case", "variant"}
    | {"topic", "misuse", "way", "by", "outcome"}
    | {"fault", "detail", "attribution", "algorithm", "oracles", "stops"}
    | {"profile", "plain", "against", "name", "commit", "sha256", "started", "finished"}
)


def well_formed(plain: Any, name: str) -> dict[str, Any]:
    """Decoded JSON in the words of today's schema, whatever version it was written in.

    Raises UsageError naming the first place where it breaks the schema, or what a schema cannot say.
    """
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        raise UsageError(f"{name} is not a run document: its schema is not {SCHEMA}.")
    version = plain.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UsageError(
            f"{name} was written by a newer safecost (schema {shown(version)}; this one reads {SCHEMA_VERSION}):"
            " update."
        )
    if isinstance(version, int) and version < OLDEST:
        raise UsageError(
            f"{name} was written by an older safecost (schema {shown(version)}; this one reads {OLDEST} and newer):"
            " measure again, or read it with the safecost that wrote it."
        )
    if _is_suspicious(plain):
        refuse_leaves(plain, name)
    made = upgraded(plain, version) if isinstance(version, int) else plain
    try:
        convert(made, strict(Document), "the document")
    except Misfit as misfit:
        refuse_leaves(plain, name)
        raise UsageError(f"{name}: {misfit}.") from misfit
    return made


def _is_suspicious(plain: Any) -> bool:
    """May a leaf hold what no schema excludes? Asked of all its text at once, which takes a tenth of the time."""
    try:
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return True
    return CONTROL.search(text) is not None or _ESCAPED.search(text) is not None


def refuse_contradictions(document: Document, name: str) -> None:
    """Raises UsageError naming the first part of a document that another part contradicts."""
    complaint = next(_contradictions(document), None)
    if complaint is not None:
        raise UsageError(f"{name}: {complaint}.")


def refuse_private(plain: Any, name: str) -> None:
    """Raises ToolError naming the first place of a document, as JSON, that holds something private."""
    secrets = secrets_here()
    for place, leaf in leaves(plain):
        if not isinstance(leaf, str) or place[-1] in _NAMES:
            continue
        for secret in secrets:
            if secret.expression.search(leaf):
                raise ToolError(
                    f"{name} was not written: {place_words(place)} holds {secret.what}, which must not leave this"
                    " machine: pass the text through document.scrub."
                )


def _contradictions(document: Document) -> Iterator[str]:
    """What is wrong between the parts of a document that fits the schema, as sentences without a full stop."""
    yield from _time_contradictions(document.run)
    profiles = {profile.name for profile in document.profiles}
    cases = {case.name: case for case in document.cases}
    yield from _repeated("profiles", [profile.name for profile in document.profiles])
    yield from _repeated("cases", [case.name for case in document.cases])
    for index, case in enumerate(document.cases):
        # The Rust twin of a case may give an idiom the name it has in C++; the profile tells them apart.
        yield from _repeated(f"cases[{index}].variants", [f"{v.name} ({v.language})" for v in case.variants])
        yield from _repeated(f"cases[{index}].sources", [source.name for source in case.sources])
        yield from _repeated(f"cases[{index}].faults", [fault.name for fault in case.faults])
    for part in ("plugins", "gaps", "counts", "codes", "proofs", "problems"):
        for index, entry in enumerate(getattr(document, part)):
            if entry.case is not None and entry.case not in cases:
                yield f"{part}[{index}] names the case {entry.case}, which the document does not have"
            if entry.profile is not None and entry.profile not in profiles:
                yield f"{part}[{index}] names the profile {entry.profile}, which the document does not have"
    for index, profile in enumerate(document.profiles):
        for key, other in (("plain", profile.plain), ("against", profile.against)):
            if other is not None and other not in profiles:
                yield f"profiles[{index}].{key} is {other}, a profile that the document does not have"
    yield from _proof_contradictions(document.proofs, cases)
    yield from _repeated("rejections", [f"{r.topic}/{r.misuse} ({r.way}, {r.language})" for r in document.rejections])
    for index, rejection in enumerate(document.rejections):
        yield from _repeated(f"rejections[{index}].rulings", [ruling.by for ruling in rejection.rulings])
        if rejection.line > len(rejection.source.splitlines()):
            yield f"rejections[{index}].line is {rejection.line}, beyond the end of its source"
    for index, panel in enumerate(document.panels):
        for complaint in _panel_contradictions(panel, cases.get(panel.case), profiles):
            yield f"panels[{index}]{complaint}"


def _time_contradictions(run: Run) -> Iterator[str]:
    if run.finished is not None and run.finished < run.started:  # text of one form, which sorts as time does
        yield f"run.finished is {run.finished}, before it was started, {run.started}"


def _proof_contradictions(proofs: Sequence[Proof], cases: Mapping[str, Case]) -> Iterator[str]:
    """What is wrong with proofs beyond the case and the profile that each names."""
    variants = {name: {variant.name for variant in case.variants} for name, case in cases.items()}
    faults = {name: {fault.name for fault in case.faults} for name, case in cases.items()}
    for index, proof in enumerate(proofs):
        if proof.variant not in variants.get(proof.case, ()):
            yield f"proofs[{index}] names the variant {proof.variant}, which {proof.case} does not have"
        if proof.fault not in faults.get(proof.case, ()):
            yield f"proofs[{index}] names the fault {proof.fault}, which {proof.case} does not have"
        if proof.detail is not None and proof.detail not in DETAILS.get(proof.outcome, ()):
            yield f"proofs[{index}] is {proof.outcome}, which cannot be {proof.detail}"
    names = [f"{one.case}/{one.variant}/{one.fault}@{one.profile}" for one in proofs]
    yield from _repeated("proofs", names)


def _panel_contradictions(panel: Panel, case: Case | None, profiles: set[str]) -> Iterator[str]:
    """What is wrong within a panel, to be put behind the panel's place."""
    if case is None:
        yield f" names the case {panel.case}, which the document does not have"
        return
    if panel.place not in {parameter.place for parameter in case.parameters}:
        yield f" is at size {panel.size}{panel.beside}, which {panel.case} does not list among its parameters"
    variants = {variant.name for variant in case.variants}
    launches, contenders = len(panel.launches), len(panel.contenders)
    for profile in (panel.profile, *(contender.profile for contender in panel.contenders)):
        if profile not in profiles:
            yield f" names the profile {profile}, which the document does not have"
    noted = ((index, len(launch.latencies)) for index, launch in enumerate(panel.launches))
    yield from (
        f".launches[{index}] has {count} latencies for {contenders} contenders"
        for index, count in noted
        if count not in {0, contenders}
    )
    for index, contender in enumerate(panel.contenders):
        if contender.variant not in variants:
            yield f".contenders[{index}] names the variant {contender.variant}, which {panel.case} does not have"
        if len(contender.nanoseconds) != launches:
            yield f".contenders[{index}] has {len(contender.nanoseconds)} times for {launches} launches"
    for index, pair in enumerate(panel.pairs):
        if max(pair.numerator, pair.denominator) >= contenders:
            wrong = max(pair.numerator, pair.denominator)
            yield f".pairs[{index}] names contender {wrong}, and the panel has {contenders}, counted from 0"
        elif pair.numerator == pair.denominator:
            yield f".pairs[{index}] compares contender {pair.numerator} with itself"
        if len(pair.ratios) != launches:
            yield f".pairs[{index}] has {len(pair.ratios)} ratios for {launches} launches"
        yield from (f".pairs[{index}] {complaint}" for complaint in _interval_contradictions(pair))


def _interval_contradictions(pair: Pair) -> Iterator[str]:
    if pair.low is None or pair.high is None or pair.level is None:
        if (pair.low, pair.high, pair.level) != (None, None, None):
            yield "has part of an interval: low, high and level belong together"
        if pair.verdict != "inconclusive":
            yield f"is called {pair.verdict} without an interval"
    elif not pair.low <= pair.ratio * (1 + 1e-9) or not pair.ratio <= pair.high * (1 + 1e-9):
        yield f"has the ratio {pair.ratio} outside of its interval, {pair.low} to {pair.high}"


def _repeated(place: str, names: Sequence[str]) -> Iterator[str]:
    yield from (f"{place} has {name} twice" for name, count in Counter(names).items() if count > 1)
