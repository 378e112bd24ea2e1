"""Every kernel is a function of its own, which nobody looks into and whose code does not depend on its neighbours."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from safecost.core.paths import ROOT
from safecost.document.evidence import VerifyAnswer
from safecost.document.plan import PluginAt, VerifyPlan
from safecost.testing import plugin_abi
from safecost.testing.plugin_abi import PROFILES, SHARED_HELPER, SUM, TWINS, Plugins, Recipes, change, write
from safecost.toolchain import runner

pytestmark = pytest.mark.build

SUGAR = ROOT / "src" / "kernel" / "safecost.rs"
# The mangled name of the kernel that is called raw.
RAW = r"6kernel(?!.*9destroyed).*L3rawE?RK.*Li0EEEmPv$"


def untagged(folder: Path) -> Path:
    """safecost.rs with kernels that carry no tag of their own."""
    for file in SUGAR.parent.glob("*.rs"):
        shutil.copy(file, folder)
    return change(folder / SUGAR.name, 'concat!("/* ", stringify!($name), " */")', '"/* one tag for all */"')


def folded(path: Path, case: str = plugin_abi.CASE) -> list[Any]:
    """What the runner says of a plugin's kernels: two in one place, or only a jump."""
    plan = VerifyPlan(case=case, describe_only=True, plugins=(PluginAt(profile="this", path=str(path)),))
    said = runner.call("verify", plan, VerifyAnswer, 60)
    assert isinstance(said, VerifyAnswer), said
    return [(problem.kind, problem.variant) for problem in said.problems]


@pytest.mark.parametrize("profile", PROFILES)
def test_kernels_are_functions_of_their_own(profile: str, plugin: Plugins) -> None:
    path = plugin(profile)
    assert folded(path) == []
    kernels = [variant.run for variant in plugin_abi.variants(plugin_abi.load(path)).values()]
    assert len(set(kernels)) == len(kernels) >= 4
    if not profile.startswith("rust"):
        assert {"raw", "aa"} <= plugin_abi.variants(plugin_abi.load(path)).keys()


TWO_KERNELS = """
#include "kernel/case.h"
struct Input { const std::int32_t* values; std::size_t count; std::size_t bound; };
Input generate(safecost::Generator&) { return {}; }
SAFECOST_KERNEL body(const Input& input) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < input.count; ++i) sum = (sum << 5) ^ static_cast<std::uint64_t>(input.values[i]);
  for (std::size_t i = 0; i < input.count; ++i) sum += sum / (1 + static_cast<std::uint64_t>(input.values[i]));
  return sum;
}
OPAQUE static std::uint64_t first(void* context) { return body(*static_cast<const Input*>(context)); }
OPAQUE static std::uint64_t twin(void* context) { return body(*static_cast<const Input*>(context)); }

auto the_case = safecost::Case<Input>(generate).size(64, "L1").raw<body>("first", "").safe<body>("twin", "");
extern "C" [[gnu::visibility("default")]] const safecost_plugin* safecost_plugin_entry() {
  const safecost_plugin* const plugin = the_case.plugin(SAFECOST_NAME);
  const auto variants = const_cast<safecost_variant*>(plugin->variants);
  variants[0].run = first;
  variants[1].run = twin;
  return plugin;
}
"""


@pytest.mark.parametrize(
    ("profile", "opaque", "found"),
    [
        ("gcc-o2", "SAFECOST_OPAQUE", []),
        ("gcc-o2", "", [("folded", "twin")]),
        ("clang-o2", "SAFECOST_OPAQUE", []),
    ],
)
def test_gcc_folds_kernels_that_are_not_opaque(
    profile: str, opaque: str, found: list[Any], recipe: Recipes, tmp_path: Path
) -> None:
    source = write(tmp_path / "two.cc", TWO_KERNELS)
    compiled = recipe(profile).object(source, tmp_path / "two.o", extra=[f"-DOPAQUE={opaque}"])
    assert folded(recipe(profile).plugin(tmp_path / "two.so", compiled)) == found


def test_rustc_folds_kernels_without_a_tag(recipe: Recipes, tmp_path: Path) -> None:
    source = write(tmp_path / "twins.rs", TWINS)
    assert folded(recipe("rust").twin(source, tmp_path / "tagged.so")) == []
    assert folded(recipe("rust").twin(source, tmp_path / "untagged.so", untagged(tmp_path))) == [("folded", "twin")]


OPAQUE = """
#include "kernel/case.h"
struct Three { std::uint64_t count; std::uint64_t values[3]; };
constinit const Three fixed = {3, {1, 2, 3}};
[[gnu::always_inline]] inline std::uint64_t digest(void* context) {
  const Three& three = *static_cast<const Three*>(context);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < three.count; ++i) sum = sum * 31 + three.values[i];
  return sum;
}
// Local to this file, where a compiler may do most.
SAFECOST_OPAQUE static std::uint64_t opaque(void* context) { return digest(context); }
SAFECOST_OPAQUE static std::uint64_t opaque_too(void* context) { return digest(context) + 1; }
[[gnu::noinline]] static std::uint64_t plain(void* context) { return digest(context) + 2; }
[[gnu::noinline]] static std::uint64_t plain_too(void* context) { return digest(context) + 3; }

extern "C" {
std::uint64_t thrice(void* c) {
  return safecost::call(opaque, c) + safecost::call(opaque, c) + safecost::call(opaque, c);
}
std::uint64_t thrice_plain(void* c) { return plain(c) + plain(c) + plain(c); }
#ifdef FIXED
std::uint64_t once(void*) { return safecost::call(opaque_too, const_cast<Three*>(&fixed)); }
std::uint64_t once_plain(void*) { return plain_too(const_cast<Three*>(&fixed)); }
#else
std::uint64_t once(void* c) { return safecost::call(opaque_too, c); }
std::uint64_t once_plain(void* c) { return plain_too(c); }
#endif
}
"""


@pytest.mark.parametrize("profile", ["gcc-o2", "clang-o2"])
def test_calls_are_not_merged_and_constants_do_not_reach_a_kernel(
    profile: str, recipe: Recipes, tmp_path: Path
) -> None:
    source = write(tmp_path / "opaque.cc", OPAQUE)
    given = recipe(profile).object(source, tmp_path / "given.o")
    fixed = recipe(profile).object(source, tmp_path / "fixed.o", extra=["-DFIXED"])

    def calls(function: str) -> int:
        return sum(bool(re.match(r"call|blr?\b", line)) for line in plugin_abi.code(given, f"^{function}$"))

    assert calls("thrice") == 3
    assert calls("thrice_plain") == 1
    assert plugin_abi.code(fixed, r"L10opaque_tooPv$") == plugin_abi.code(given, r"L10opaque_tooPv$")
    assert plugin_abi.code(fixed, r"L9plain_tooPv") != plugin_abi.code(given, r"L9plain_tooPv")


@pytest.mark.parametrize("profile", ["gcc-o2", "clang-o2"])
def test_raw_code_is_the_same_without_a_neighbour(
    profile: str, plugin: Plugins, recipe: Recipes, tmp_path: Path
) -> None:
    source = change(Path(shutil.copy(SUM, tmp_path)), '.safe<at>("at", ', '.gap("at", "", ')
    alone = recipe(profile).plugin(tmp_path / "sum.so", recipe(profile).object(source, tmp_path / "sum.o"))
    assert "at" not in plugin_abi.variants(plugin_abi.load(alone))
    assert plugin_abi.code(alone, RAW) == plugin_abi.code(plugin(profile), RAW)


def test_raw_code_of_a_twin_is_the_same_without_a_neighbour(plugin: Plugins, recipe: Recipes, tmp_path: Path) -> None:
    text = SUM.with_suffix(".rs").read_text(encoding="utf-8")
    fewer, removed = re.subn(r"\n *safe rust_slice\([^;]*;(?=\n)", "", text)
    assert removed == 1
    alone = recipe("rust").twin(write(tmp_path / "sum.rs", "#![allow(warnings)]\n" + fewer), tmp_path / "sum.so")
    symbol = r"exported\d+rust_unchecked(?!_)"
    assert plugin_abi.code(alone, symbol) == plugin_abi.code(plugin("rust"), symbol)


@pytest.mark.parametrize(("helper", "same"), [("SAFECOST_HELPER", True), ("static", False)])
def test_a_shared_helper_is_part_of_each_kernel(helper: str, same: bool, recipe: Recipes, tmp_path: Path) -> None:
    source = write(tmp_path / "helper.cc", SHARED_HELPER)
    codes = [
        plugin_abi.code(recipe("gcc-o2").object(source, tmp_path / "o.o", extra=[f"-DHELPER={helper}", *more]), RAW)
        for more in ([], ["-DALONE"])
    ]
    assert (codes[0] == codes[1]) is same
