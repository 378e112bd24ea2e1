"""What becomes of a fault where a program and its control were not looked at in the same worlds."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from safecost.catch import classify
from safecost.catch.mechanism import Checks
from safecost.document.outcome import Outcome
from safecost.testing.sample_evidence import fault, proof, world

LEAK: dict[str, Any] = {"leak": {"blocks": 1, "bytes": 24, "first": None}}


@pytest.mark.parametrize(("control", "words"), [(world(), "silent: leaked"), (world(**LEAK), "silent: nothing seen")])
def test_a_leak_is_held_against_a_control_in_another_world(control: Any, words: str) -> None:
    made = proof()
    point = replace(made.points[0], reference=None, control={"R": control, "A": control})
    point = replace(point, faulted={"R": world(), "G": world(**LEAK)})
    name = Outcome("family/case", "gcc-o2", "at", "safe", "fault", "no_verdict")
    leaking = fault(cwe=401, oracles=["ledger"], reference=False)
    made = replace(made, points=(point,))
    assert classify.judge(name, leaking, made, Checks.of_flags((), {}), ()).words == words
