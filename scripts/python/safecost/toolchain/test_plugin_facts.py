"""What plugins report of their build is what their profile says."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecost.suite import profiles
from safecost.testing import plugin_abi
from safecost.testing.plugin_abi import PROFILES, Plugins, Recipe, Recipes, write

pytestmark = pytest.mark.build


EXPECTED = {
    "gcc-o2": {"_GLIBCXX_ASSERTIONS": "off", "_FORTIFY_SOURCE": "off", "__SSP_STRONG__": "off", "__CET__": "off"},
    "gcc-o2-assertions": {"_GLIBCXX_ASSERTIONS": "1", "_FORTIFY_SOURCE": "off", "__SSP_STRONG__": "off"},
    "gcc-o2-hardened": {"_GLIBCXX_ASSERTIONS": "1", "_FORTIFY_SOURCE": "3", "__SSP_STRONG__": "3", "__CET__": "3"},
    "clang-o2": {"_GLIBCXX_ASSERTIONS": "off", "_FORTIFY_SOURCE": "off", "_LIBCPP_VERSION": "off"},
    "clang-o2-libcxx": {"_LIBCPP_HARDENING_MODE": "_LIBCPP_HARDENING_MODE_NONE", "_GLIBCXX_RELEASE": "off"},
    "clang-o2-libcxx-fast": {"_LIBCPP_HARDENING_MODE": "_LIBCPP_HARDENING_MODE_FAST", "_FORTIFY_SOURCE": "off"},
    "rust": {"overflow checks": "off", "debug assertions": "off", "panic": "unwind"},
    "rust-overflow-checks": {"overflow checks": "on", "debug assertions": "off", "panic": "unwind"},
}


def reported_otherwise(profile: str, path: Path, recipe: Recipe, folder: Path) -> dict[str, str]:
    """Facts that are not what the profile says; a macro's value is what its library makes of it."""
    said = plugin_abi.facts(plugin_abi.load(path))
    wrong = {}
    for key, value in EXPECTED[profile].items():
        meant = value
        if value.startswith("_LIBCPP"):
            source = write(folder / "mode.cc", f"#include <version>\n{value}\n")
            meant = plugin_abi.run([recipe.compiler, "-stdlib=libc++", "-E", "-P", source]).strip().splitlines()[-1]
        if said[key] != meant:
            wrong[key] = said[key]
    return wrong


@pytest.mark.parametrize("profile", PROFILES)
def test_facts_are_what_the_profile_says(profile: str, plugin: Plugins, recipe: Recipes, tmp_path: Path) -> None:
    assert reported_otherwise(profile, plugin(profile), recipe(profile), tmp_path) == {}


@pytest.mark.parametrize("profile", [name for name in PROFILES if profiles.shipped()[name].plain != name])
def test_facts_of_a_build_that_dropped_the_profiles_flags_are_found(
    profile: str, plugin: Plugins, recipe: Recipes, tmp_path: Path
) -> None:
    plain = plugin(profiles.shipped()[profile].plain)
    assert reported_otherwise(profile, plain, recipe(profile), tmp_path)
