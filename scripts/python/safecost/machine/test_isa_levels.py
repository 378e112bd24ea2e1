"""Tests of the levels of x86-64, on what Linux says of processors."""

from __future__ import annotations

import pytest

from safecost.machine.isa_levels import LEVELS, gap

V2 = "processor\t: 0\nflags\t\t: fpu " + " ".join(LEVELS["x86-64-v2"]) + "\n"
V3 = V2.rstrip("\n") + " " + " ".join(LEVELS["x86-64-v3"]) + "\n"


@pytest.mark.parametrize("flag", ["-march=x86-64-v3", "-Ctarget-cpu=x86-64-v3", "-C target-cpu=x86-64-v3"])
def test_code_for_a_level_runs_where_all_of_its_features_are(flag: str) -> None:
    assert gap(["-O3", flag], V3) is None
    assert gap([flag], V3.replace(" bmi2", "").replace(" fma", "")) == "this processor lacks bmi2, fma of x86-64-v3"
    assert gap([flag], V2.replace(" popcnt", "")).startswith("this processor lacks popcnt, abm")  # type: ignore[union-attr]
    assert gap([flag], "processor\t: 0\n") is not None


def test_other_flags_are_not_judged() -> None:
    assert gap(["-O2", "-march=native", "-march=znver4", "-Copt-level=3"], "") is None


def test_the_last_level_counts_as_it_does_for_a_compiler() -> None:
    assert gap(["-march=x86-64-v4", "-march=x86-64-v2"], V2) is None
