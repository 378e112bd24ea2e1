"""Tests that the programs of src/runner take and refuse the plans that the types of this package do."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from safecost.core.paths import ORACLE, PROVER, ROOT, RUNNER
from safecost.document.plan import PROTOCOL, AnyPlan, ConfirmPlan, CountPlan, PanelPlan, ProvePlan, SoloPlan, VerifyPlan
from safecost.testing.sample_plans import PLANS, REFUSED
from safecost.toolchain import build

READERS: dict[type[Any], tuple[Path, str]] = {
    VerifyPlan: (RUNNER, "verify"),
    PanelPlan: (RUNNER, "time"),
    SoloPlan: (RUNNER, "solo"),
    CountPlan: (RUNNER, "count"),
    ProvePlan: (PROVER, "prove"),
    ConfirmPlan: (ORACLE, "confirm"),
}
# What a program says once it has read a plan whose plugin is nowhere.
BEYOND = ("load: ", "exports: ", "cannot be loaded", "watches")


def said_of(plan: AnyPlan, plain: Any) -> str:
    """What the program that a plan is for says of its JSON."""
    build.build_runner()
    program, verb = READERS[type(plan)]
    text = json.dumps(plain)
    words = [] if verb == "count" else ["--plan=-"]
    text = f"{text}\n0 raw\n\n" if verb == "count" else text
    done = subprocess.run([program, verb, *words], input=text, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_both_sides_know_the_same_protocol() -> None:
    header = (ROOT / "src/runner/protocol.h").read_text(encoding="utf-8")
    assert re.findall(r"kProtocol = (\d+);", header) == [str(PROTOCOL)]


@pytest.mark.build
@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: type(plan).__name__)
def test_a_plan_is_taken(plan: AnyPlan) -> None:
    said = said_of(plan, msgspec.to_builtins(plan))
    assert any(word in said for word in BEYOND), said
    assert "must be" not in said and "missing" not in said and "no part" not in said


@pytest.mark.build
@pytest.mark.parametrize(("plan", "place", "value"), REFUSED)
def test_a_plan_that_the_types_refuse_is_refused_by_its_place(plan: AnyPlan, place: str, value: object) -> None:
    plain = msgspec.to_builtins(plan)
    *path, last = place.split(".")
    part = plain
    for step in path:
        part = part[int(step) if step.isdigit() else step]
    part[last] = value
    said = said_of(plan, plain)
    named = re.sub(r"\.(\d+)", r"[\1]", place)
    assert re.search(rf"{re.escape(named)}(\[0\])?(\.variant)? (is|has)\b|{re.escape(last)}.*is no part", said), said


@pytest.mark.build
@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: type(plan).__name__)
@pytest.mark.parametrize("protocol", [PROTOCOL + 1, None])
def test_a_plan_of_another_protocol_is_refused_by_name(plan: AnyPlan, protocol: int | None) -> None:
    plain = msgspec.to_builtins(plan) | {"protocol": protocol}
    said = said_of(plan, plain)
    assert f"protocol: this program speaks {PROTOCOL}, and the plan is of {json.dumps(protocol)}: remove" in said
    del plain["protocol"]
    assert f"protocol: this program speaks {PROTOCOL}, and the plan names none: remove" in said_of(plan, plain)
