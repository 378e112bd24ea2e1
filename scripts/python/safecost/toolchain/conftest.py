"""Plugins of indexing/sum, as the build makes them and without the flags that keep the border."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecost.core.paths import Folders
from safecost.suite import cases, profiles
from safecost.testing import plugin_abi
from safecost.testing.plugin_abi import PROFILES, SUM, TWINS, Plugins, Recipe, Recipes, skip_where_absent, write
from safecost.toolchain import build

# Flags that keep the rules of the border, in the words of either language's compiler.
KEEPS = r"prefix-map|remap-path-prefix|align|-static-lib|/static$"
SECOND_SYMBOL = '#[no_mangle] pub extern "C" fn safecost_second_symbol() -> u64 { 1 }\n'


@pytest.fixture(scope="session")
def plugins_of_sum() -> build.Built:
    """The plugins of indexing/sum; those that are up to date cost nothing."""
    folders = Folders.of([])
    case = [case for case in cases.find(folders) if case.name == plugin_abi.CASE]
    known = profiles.shipped()
    return build.build_all(folders, case, [known[name] for name in PROFILES])


@pytest.fixture
def plugin(plugins_of_sum: build.Built) -> Plugins:
    """Gives a profile's plugin of indexing/sum; skips where this machine has no such toolchain."""

    def give(profile: str) -> Path:
        skip_where_absent(plugins_of_sum, profile)
        assert (plugin_abi.CASE, profile) in plugins_of_sum.plugins, plugins_of_sum.failures[plugin_abi.CASE, profile]
        return plugins_of_sum.plugins[plugin_abi.CASE, profile]

    return give


@pytest.fixture
def recipe(plugin: Plugins) -> Recipes:
    """Gives the commands of a profile's build; skips where this machine has no such toolchain."""

    def give(profile: str) -> Recipe:
        plugin(profile)
        return Recipe.of(profile)

    return give


@pytest.fixture(scope="session")
def careless(plugins_of_sum: build.Built, tmp_path_factory: pytest.TempPathFactory) -> Plugins:
    """Gives a plugin built without the flags that keep the border."""
    made: dict[str, Path] = {}

    def give(profile: str) -> Path:
        skip_where_absent(plugins_of_sum, profile)
        if profile not in made:
            folder = tmp_path_factory.mktemp(profile)
            recipe = Recipe.of(profile)
            if profile == "rust":
                source = write(folder / "twins.rs", TWINS + SECOND_SYMBOL)
                made[profile] = recipe.twin(source, folder / "twins.so", without=KEEPS)
            else:
                compiled = recipe.object(SUM, folder / "sum.o", KEEPS)
                made[profile] = recipe.plugin(folder / "sum.so", compiled, KEEPS)
        return made[profile]

    return give
