"""Which plugins compilers are asked about, and where their remarks go; no compiler is started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from safecost.core.errors import ToolError
from safecost.core.paths import Folders
from safecost.document.measured import Code
from safecost.document.types import Document
from safecost.run import remarks
from safecost.run.schedule import QUICK
from safecost.run.state import RunOptions, RunState, begun
from safecost.suite import profiles
from safecost.testing import commands
from safecost.testing.made_up_panel import Arm, make_panel
from safecost.testing.sample_cases import SUM_L1
from safecost.testing.sample_evidence import described, variant
from safecost.toolchain import remarks as of_compilers
from safecost.toolchain.build import Built

KEY = ("a/b", "gcc-o2")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunState:
    """A case that two profiles have built, whose kernels lie at 16 and 32."""
    commands.put(tmp_path / "cases", "a/b", commands.case_text({"raw": commands.SUM, "at": commands.AT}))
    chosen = profiles.choose("gcc-o2,gcc-o3", ())
    made = begun(RunOptions(QUICK, chosen, Folders.of([tmp_path / "cases"]), None, tmp_path))
    plugins = {("a/b", profile.name): tmp_path / profile.name for profile in chosen}
    kernels = described(variant("raw", address=16), variant("at", address=32), variant("gap", gap="none"))
    codes = [Code("a/b", profile.name, name, 4, 1, 0, 0, 0, "ret") for profile in chosen for name in ("raw", "at")]
    compilers = {profile.name: "GNU 12.2.0" for profile in chosen}
    monkeypatch.setattr(
        remarks, "ElfFile", lambda _: SimpleNamespace(symbol_at=lambda at: SimpleNamespace(name=f"at{at}"))
    )
    return replace(
        made, built=Built(plugins, {}, compilers), descriptions=dict.fromkeys(plugins, kernels), codes=tuple(codes)
    )


def test_remarks_go_to_the_kernels_of_the_plugins_that_are_asked_about(
    state: RunState, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"at16": ("b.cc:3: vectorized loop",), "another": ("b.cc:9: vectorized loop",)}
    monkeypatch.setattr(of_compilers, "of_plugin", lambda *_: said)
    made = remarks.asked(state, {KEY, ("a/b", "not built")})
    found = {(code.profile, code.variant): code.remarks for code in made.codes}
    assert found == {
        ("gcc-o2", "raw"): ("b.cc:3: vectorized loop",),
        ("gcc-o2", "at"): (),
        ("gcc-o3", "raw"): (),
        ("gcc-o3", "at"): (),
    }
    assert remarks.asked(state, {("gone/gone", "gcc-o2")}) is state


def test_a_compiler_that_cannot_be_asked_is_reported_and_costs_nothing(
    state: RunState, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise ToolError("g++ could not be asked for remarks: it broke")

    monkeypatch.setattr(of_compilers, "of_plugin", fails)
    assert remarks.asked(state, {KEY}).codes == state.codes
    assert "no remarks of a/b with gcc-o2: g++ could not be asked for remarks: it broke" in capsys.readouterr().err


def test_only_where_versions_differ_anything_is_asked(state: RunState) -> None:
    assert not remarks.has_versions(state)  # gcc-o2 and gcc-o3 are of one compiler
    old = replace(state.profiles[0], name="old", compiler="g++-11")
    both = replace(state, profiles=(*state.profiles, old))
    both.built.compilers["old"] = "GNU 11.4.0"
    assert remarks.has_versions(both)
    both.built.compilers["old"] = "Clang 19.1.7"
    assert not remarks.has_versions(both)
    both.built.compilers["old"], both.built.absent["old"] = "GNU 11.4.0", "it is not there"
    assert not remarks.has_versions(both)


def test_cases_are_asked_about_in_which_a_cost_or_vectors_differ(sample_document: Document) -> None:
    (plain,) = [profile for profile in sample_document.profiles if profile.name == "gcc-o2"]
    old = replace(plain, name="old", plain="old", compiler="GNU 11.4.0")

    def measured(cost: float, packed: int = 0) -> Document:
        arms = [
            [Arm("raw", name, "raw", 100.0, 0.0), Arm("at", name, "safe", 100.0 * each, 0.0)]
            for name, each in (("gcc-o2", 1.0), ("old", cost))
        ]
        panels = tuple(make_panel("indexing/sum", each[0].profile, SUM_L1, each, [("idiom", 1, 0)]) for each in arms)
        codes = tuple(
            Code("indexing/sum", name, "at", 4, 1, 0, packed * (name == "old"), 0, "ret") for name in ("old", "gcc-o2")
        )
        return replace(sample_document, profiles=(plain, old), panels=panels, codes=codes)

    both = {("indexing/sum", "gcc-o2"), ("indexing/sum", "old")}
    assert set(remarks.differing(measured(1.005))) == set()
    assert set(remarks.differing(measured(1.02))) == both
    assert set(remarks.differing(measured(0.98))) == both
    assert set(remarks.differing(measured(1.0, packed=4))) == both
    assert set(remarks.differing(replace(measured(2.0), profiles=(plain,), panels=(), codes=()))) == set()
