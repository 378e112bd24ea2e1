"""Answers of the runner and the prover for tests, as they are where nothing is remarkable, with changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from safecost.core.decoding import convert
from safecost.document.evidence import (
    DeclaredFault,
    DescribedPoint,
    DescribedVariant,
    PluginDescription,
    PointProof,
    TimeAnswer,
    WorldRun,
    WorldsProof,
)
from safecost.document.measured import RoundTimes
from safecost.document.outcome import World
from safecost.document.values import Role

WORLDS: tuple[World, ...] = ("R", "A", "B", "G", "F")
POINT: Mapping[str, Any] = {"size": 2048, "rate": None, "threads": None, "label": "L1", "tier": 0}


def variant(name: str = "raw", **changes: Any) -> DescribedVariant:
    """A variant of a plugin."""
    plain = {
        "name": name, "role": "raw", "planted": None, "summary": "", "algorithm": None, "practised": False,
        "origin": None, "trusted_core": False, "gap": None, "address": None, **changes,
    }  # fmt: skip
    return convert(plain, DescribedVariant)


def planned(name: str, role: Role, planted: float | None = None) -> DescribedVariant:
    """A variant of that role; `planted` is the ratio to raw that it has by construction."""
    return variant(name, role=role, planted=planted)


def point(size: int, rate: float | None, label: str, tier: int) -> DescribedPoint:
    """A point at which a case is timed."""
    return DescribedPoint(size=size, rate=rate, threads=None, label=label, tier=tier)


def described(
    *variants: DescribedVariant, points: Iterable[Mapping[str, Any]] = (POINT,), **changes: Any
) -> PluginDescription:
    """A plugin of these variants."""
    plain = {
        "profile": "gcc-o2", "case": "family/case", "language": "c++", "layout": "{0:u4}4", "system_bound": False,
        "straight": False,
        "minimum_size": 0, "facts": {}, "parameters": list(points), "variants": list(variants), "faults": [], **changes,
    }  # fmt: skip
    return convert(plain, PluginDescription)


def fault(name: str = "fault", **changes: Any) -> DeclaredFault:
    """A fault whose prevention gives the digest of ten."""
    plain = {
        "name": name, "kind": "input", "cwe": 125, "size": 8, "description": "", "contract": "",
        "oracles": ["guard"], "stops": ["assertion", "trap"], "reference": True, **changes,
    }  # fmt: skip
    return convert(plain, DeclaredFault)


def digest(number: int) -> str:
    """A number as evidence has it."""
    return f"{number:016x}"


def world(**changes: Any) -> WorldRun:
    """A process of a proof that returned."""
    plain = {"end": "returned", "stage": "release", "result": digest(10), "digest": digest(0), **changes}
    return convert(plain, WorldRun)


def proof(
    runs: Mapping[str, WorldRun] | None = None,
    control: Mapping[str, WorldRun] | None = None,
    claim: str | None = None,
    reference: str | None = f"{10:016x}",
) -> WorldsProof:
    """A proof at one size in which every world returned, but for these."""
    at = PointProof(
        size=8,
        seed=1,
        reference=reference,
        control={letter: (control or {}).get(letter, world()) for letter in WORLDS},
        faulted={letter: (runs or {}).get(letter, world()) for letter in WORLDS},
    )
    return WorldsProof(
        variant="at",
        fault="fault",
        claim=claim,
        inexpressible=None,
        written=True,
        points=(at,),
    )


def rounds(nanoseconds: Sequence[Sequence[float]], **changes: Any) -> RoundTimes:
    """The times of a launch, [contender][round]."""
    plain = {
        "case": "indexing/sum", "order_seed": 0, "calls": 200, "calls_confirmed": True, "prepared": [], "inputs": 8,
        "estimate": "", "layings": [{"mode": "adjacent", "offset": 0}], "placements": [0] * len(nanoseconds[0]),
        "nanoseconds": nanoseconds, "calm_beat": 1000, "beats": [[1000] * len(of_one) for of_one in nanoseconds],
        **changes,
    }  # fmt: skip
    return convert(plain, RoundTimes)


def times(names: Iterable[str], safecost: RoundTimes) -> TimeAnswer:
    """A launch as the runner answers it."""
    return TimeAnswer(context={}, benchmarks=tuple({"name": name} for name in names), safecost=safecost)
