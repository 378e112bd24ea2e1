"""Every toolchain makes the same inputs, and every kernel begins where a cache line does."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecost.testing import plugin_abi
from safecost.testing.plugin_abi import PROFILES, SHARED_HELPER, Plugins, Recipes, write

pytestmark = pytest.mark.build


def test_every_toolchain_makes_the_same_inputs(plugin: Plugins) -> None:
    def inputs(profile: str, size: int) -> list[bytes]:
        return [plugin_abi.referred(given) for given in plugin_abi.generate(plugin_abi.load(plugin(profile)), 5, size)]

    for size in (0, 1, 101, 2048):
        expected = inputs("gcc-o2", size)
        assert len(set(expected)) == 5 or size < 2
        assert inputs("clang-o2", size) == expected
        assert inputs("clang-o2-libcxx", size) == expected


def test_inputs_that_depend_on_the_library_are_found(recipe: Recipes, tmp_path: Path) -> None:
    source = write(tmp_path / "helper.cc", SHARED_HELPER)
    made = []
    for profile in ("gcc-o2", "clang-o2-libcxx"):
        compiled = recipe(profile).object(source, tmp_path / "o.o", extra=["-DHELPER=static"])
        table = plugin_abi.load(recipe(profile).plugin(tmp_path / f"{profile}.so", compiled))
        made.append([plugin_abi.referred(given) for given in plugin_abi.generate(table, 5, 101)])
    assert made[0] != made[1]


def out_of_line(path: Path) -> list[str]:
    """Kernels that do not begin where a cache line does."""
    return [name for name, variant in plugin_abi.variants(plugin_abi.load(path)).items() if variant.run % 64]


@pytest.mark.parametrize("profile", PROFILES)
def test_kernels_begin_with_a_cache_line(profile: str, plugin: Plugins) -> None:
    assert out_of_line(plugin(profile)) == []


@pytest.mark.parametrize("profile", ["gcc-o2", "clang-o2", "rust"])
def test_kernels_that_begin_anywhere_are_found(profile: str, careless: Plugins) -> None:
    assert out_of_line(careless(profile))
