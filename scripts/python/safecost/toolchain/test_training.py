"""Training: an instrumented build counts on inputs of its own, and what it counted guides the build that is timed."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from safecost.code import disassembly
from safecost.core.paths import BENCH, Folders
from safecost.document.measured import Code
from safecost.run.command import run as run_command
from safecost.suite import cases, profiles
from safecost.testing import plugin_abi
from safecost.toolchain import build, runner, training
from safecost.toolchain.build import Built

CASE = "planted/rare"
# Whether the branch is taken, and so the call worth inlining, is known to nobody but whoever has run it.
SOURCE = """\
// How often is a value negative?
#include <cstdint>
#include <vector>

#include "kernel/case.h"

namespace planted::rare {

struct Input {
  const std::int32_t* values;
  std::size_t count;
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  for (std::int32_t& value : values)
    value = static_cast<std::int32_t>(generator.random.below(1'000)) - BELOW_ZERO;
  return {values.data(), values.size()};
}

struct Values {
  explicit Values(const Input& input) : values(input.values, input.values + input.count) {}
  std::vector<std::int32_t> values;
};

inline std::uint64_t seldom(std::uint64_t sum, std::int32_t value) {
  for (int i = 0; i < 100; ++i) sum = (sum ^ static_cast<std::uint64_t>(value)) * 0x100000001b3u;
  return sum;
}

SAFECOST_KERNEL raw(const Values& in) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < in.values.size(); ++i) {
    if (in.values[i] < 0) {
      sum = seldom(sum, in.values[i]);
    } else {
      sum += static_cast<std::uint64_t>(in.values[i]);
    }
  }
  return sum;
}

SAFECOST_KERNEL at(const Values& in) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < in.values.size(); ++i) {
    if (in.values.at(i) < 0) {
      sum = seldom(sum, in.values.at(i));
    } else {
      sum += static_cast<std::uint64_t>(in.values.at(i));
    }
  }
  CRASHES
  return sum;
}

auto the_case = safecost::Case<Input>(generate)
                    .size(512, "L1")
                    .raw<raw>("raw", "an index that nobody looks at")
                    .safe<at>("at", "vector::at");

}  // namespace planted::rare

SAFECOST_EXPORT(planted::rare::the_case)
"""
TRAINED = ("gcc-o2-trained", "clang-o2-trained")


def planted(folder: Path, below_zero: int = 0, crashes: str = "") -> Folders:
    file = folder / "cases" / f"{CASE}.cc"
    file.parent.mkdir(parents=True, exist_ok=True)
    text = SOURCE.replace("BELOW_ZERO", str(below_zero)).replace("CRASHES", crashes)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    return Folders((folder / "cases",), folder / "build")


def built_with(folders: Folders, names: Sequence[str]) -> Built:
    known = profiles.shipped()
    return build.build_all(folders, cases.find(folders), [known[name] for name in names])


def codes(built: Built, profile: str) -> dict[str, Code]:
    plugin = {(CASE, profile): built.plugins[CASE, profile]}
    (described,) = runner.describe(CASE, {profile: built.plugins[CASE, profile]})
    codes_read, complaints = disassembly.of_run(plugin, {(CASE, profile): described})
    assert complaints == []
    return {code.variant: code for code in codes_read}


# ---- pieces --------------------------------------------------------------------------------------------------------


def tool(folder: Path, name: str, version: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho 'LLVM version {version}'\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def test_only_the_tool_of_the_same_llvm_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(tmp_path / "bin", "llvm-profdata", "14.0.6")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert training.gap("GNU 12.2.0") is None
    assert training.gap("Clang 14.0.6") is None
    gap = training.gap("Clang 19.1.7") or ""
    assert gap.startswith("llvm-profdata of LLVM 19, ") and gap.endswith("apt install llvm-19")
    tool(tmp_path / "bin", "llvm-profdata-19", "19.1.7")
    assert training.gap("Clang 19.1.7") is None
    tool(tmp_path / "bin", "llvm-profdata-19", "18.1.8")  # whatever its name says
    assert training.gap("Clang 19.1.7") is not None


def test_no_run_draws_what_was_trained_on() -> None:
    (seed,) = (option for option in run_command.params if option.name == "seed")
    assert isinstance(seed.type, click.IntRange) and seed.type.max is not None
    assert seed.type.max < training.SEED


@pytest.mark.parametrize(
    "name", ["CMakeFiles/a.b.dir/x/one.cc.gcda", "CMakeFiles/a.b.dir/two.cc.gcda", "training/a.b.profdata"]
)
def test_counts_are_handed_over_when_they_are_others(tmp_path: Path, name: str) -> None:
    instrumented, trained = tmp_path / "instrumented", tmp_path / "trained"
    counts, copy, note = instrumented / name, trained / name, trained / "training" / "a.b.sha256"
    counts.parent.mkdir(parents=True)
    counts.write_bytes(b"one")
    (counts.parent / "a.bc.profdata").write_bytes(b"of another case")
    first = training.hand_over("a/b", instrumented, trained)
    assert copy.read_bytes() == b"one" and note.read_text() == first
    written = note.stat().st_mtime_ns
    assert training.hand_over("a/b", instrumented, trained) == first
    assert note.stat().st_mtime_ns == written  # a newer one would build the plugin again
    counts.write_bytes(b"two")
    second = training.hand_over("a/b", instrumented, trained)
    assert second != first and copy.read_bytes() == b"two" and note.read_text() == second
    copy.unlink()  # as where the build folder was cleared
    assert training.hand_over("a/b", instrumented, trained) == second and copy.exists()
    assert list(trained.rglob("a.bc*")) == []


# ---- real builds ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The case as it is."""
    return built_with(planted(tmp_path_factory.mktemp("trained")), TRAINED)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


def skip_without(built: Built, profile: str) -> None:
    if profile in built.absent:
        pytest.skip(built.absent[profile])


@pytest.mark.build
@pytest.mark.parametrize("profile", TRAINED)
def test_a_trained_plugin_shows_and_names_no_more_than_others(trained: Built, profile: str) -> None:
    skip_without(trained, profile)
    assert trained.failures == {}
    plugin = trained.plugins[CASE, profile]
    assert plugin_abi.exported(plugin) == [plugin_abi.ENTRY]
    assert plugin_abi.holds(plugin, *plugin_abi.machine_folders(), plugin.parents[1]) == []
    # Nothing counts in what is timed.
    assert not re.search(rb"gcov|__llvm_profile|gcda|profraw", plugin.read_bytes())
    assert re.search(
        rb"gcov|__llvm_profile", plugin.parents[3].joinpath("instrumented", profile, f"{CASE}.so").read_bytes()
    )


@pytest.mark.build
def test_the_hash_is_of_what_the_compiler_read(trained: Built) -> None:
    (counts,) = trained.plugins[CASE, "gcc-o2-trained"].parents[1].rglob("*.gcda")
    inner = hashlib.sha256(counts.read_bytes()).digest()
    assert trained.trained[CASE, "gcc-o2-trained"] == hashlib.sha256(counts.name.encode() + inner).hexdigest()


@pytest.mark.build
def test_the_same_source_gives_the_same_bytes_and_other_inputs_other_code(trained: Built, elsewhere: Path) -> None:
    present = [name for name in TRAINED if name not in trained.absent]
    again = built_with(planted(elsewhere), present)
    for profile in present:
        assert build.sha256(again.plugins[CASE, profile]) == build.sha256(trained.plugins[CASE, profile])
    before = {profile: codes(again, profile)["raw"] for profile in present}
    often = built_with(planted(elsewhere, below_zero=1_000), present)
    for profile in present:
        # The constant that differs is the generator's.
        assert not codes(often, profile)["raw"].same_as(before[profile])


@pytest.mark.build
def test_a_case_is_trained_anew_when_it_was_edited_and_only_then(elsewhere: Path) -> None:
    profile = "gcc-o2-trained"
    often = built_with(planted(elsewhere, below_zero=1_000), [profile])
    plugin = often.plugins[CASE, profile]
    built_at = plugin.stat().st_mtime_ns
    assert (
        built_with(planted(elsewhere, below_zero=1_000), [profile]) == often and plugin.stat().st_mtime_ns == built_at
    )
    rarely = built_with(planted(elsewhere), [profile])
    assert rarely.trained != often.trained
    # What was counted before is not among it, and a build from nothing counts the same.
    shutil.rmtree(elsewhere / "build" / "instrumented")
    assert built_with(planted(elsewhere), [profile]) == rarely


@pytest.mark.build
def test_a_kernel_that_cannot_be_trained_costs_its_plugin_alone(elsewhere: Path) -> None:
    built = built_with(planted(elsewhere, crashes="__builtin_trap();"), ["gcc-o2-trained"])
    (output,) = built.failures.values()
    assert output.startswith("its training failed: at size 512 the runner crashed: Illegal instruction")
    assert built.plugins == {} and built.trained == {} and built.absent == {}


def test_plain_cmake_says_that_it_does_not_train(tmp_path: Path) -> None:
    profile = BENCH / "profiles" / "gcc-o2-trained.json"
    options = [f"-DSAFECOST_PROFILE={profile}", f"-DSAFECOST_CASES={tmp_path}"]
    command = ["cmake", "-S", str(BENCH), "-B", str(tmp_path / "build"), "-G", "Ninja", *options]
    subprocess.run(command, capture_output=True, check=True)
    status = json.loads((tmp_path / "build" / "profile.json").read_text(encoding="utf-8"))
    assert (status["status"], status["reason"][-33:]) == ("absent", "not: scripts/safecost builds them")
