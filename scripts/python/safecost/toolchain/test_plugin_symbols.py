"""A plugin shows one symbol, needs no shared runtime, names no path of this machine, and keeps its own checks."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from safecost.core.paths import PYTHON, ROOT
from safecost.testing import plugin_abi
from safecost.testing.plugin_abi import CXX, PROFILES, Plugins, Recipe, Recipes, skip_where_absent, write
from safecost.toolchain import build

pytestmark = pytest.mark.build

SCRIPT = "version-script"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_plugin_shows_and_needs_nothing_else(profile: str, plugin: Plugins) -> None:
    path = plugin(profile)
    assert plugin_abi.exported(path) == [plugin_abi.ENTRY]
    assert plugin_abi.unique_symbols(path) == []
    assert plugin_abi.shared_runtimes(path) == []
    assert plugin_abi.holds(path, *plugin_abi.machine_folders()) == []


@pytest.mark.parametrize("profile", CXX)
def test_without_the_version_script_a_plugin_shows_the_library(profile: str, recipe: Recipes, tmp_path: Path) -> None:
    # The very object that the build made, with its hidden visibility: namespace std is visible all the same.
    names = plugin_abi.exported(recipe(profile).plugin(tmp_path / "sum.so", without=SCRIPT))
    assert len(names) > 50
    assert plugin_abi.ENTRY in names


@pytest.mark.parametrize(("profile", "runtime"), [*((name, "lib(std)?c\\+\\+") for name in CXX), ("rust", "libgcc_s")])
def test_a_shared_runtime_and_a_path_are_found(profile: str, runtime: str, careless: Plugins) -> None:
    path = careless(profile)
    assert re.search(runtime, " ".join(plugin_abi.shared_runtimes(path)))
    assert plugin_abi.holds(path, ROOT, path.parent)


def test_a_second_symbol_of_a_twin_is_found(careless: Plugins) -> None:
    assert sorted(plugin_abi.exported(careless("rust"))) == [plugin_abi.ENTRY, "safecost_second_symbol"]


LOST_CHECKS = r"""
#include <string>
#include <vector>

namespace {
std::vector<int> values = [] { std::vector<int> eight(8); eight.resize(4); return eight; }();
std::string text("four");
char& (std::string::*volatile const text_index)(std::size_t) = &std::string::operator[];
}  // namespace

// Not inlined, so that a plugin may end up in another plugin's copy.
template <class Values>
struct Row {
  [[gnu::noinline]] static typename Values::reference at(Values& values, std::size_t i) { return values[i]; }
  static typename Values::reference (*index)(Values&, std::size_t);
};
template <class Values>
typename Values::reference (*Row<Values>::index)(Values&, std::size_t) = Row<Values>::at;

// Answers the host of this test: reads past the end, in memory that is its own.
extern "C" [[gnu::visibility("default")]] unsigned long safecost_plugin_entry(char which) {
  if (which == 's') return static_cast<unsigned char>((text.*text_index)(6));
  return static_cast<unsigned long>(which == 'm' ? Row<std::vector<int>>::index(values, 5)
                                                 : Row<std::vector<int>>::at(values, 5));
}
"""
HOST = r"""
#include <dlfcn.h>
#include <stdio.h>
/* Loads plugins in this order, locally or globally, and asks the last one. */
int main(int count, char** words) {
  void* plugin = 0;
  for (int i = 3; i < count; ++i) {
    plugin = dlopen(words[i], RTLD_NOW | (words[1][0] == 'g' ? RTLD_GLOBAL : RTLD_LOCAL));
    if (!plugin) return fprintf(stderr, "%s\n", dlerror()), 2;
  }
  printf("%lu\n", ((unsigned long (*)(char))dlsym(plugin, "safecost_plugin_entry"))(words[2][0]));
  return 0;
}
"""
# What opens a plugin to others. -fgnu-unique is GCC's default.
OPENS = rf"{SCRIPT}|visibility|-fno-gnu-unique"
STOPS = (-signal.SIGABRT, -signal.SIGILL, -signal.SIGTRAP)


def no_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def ends_with(command: list[str]) -> int:
    environment = {**os.environ, "PYTHONPATH": str(PYTHON)}
    return subprocess.run(command, capture_output=True, check=False, preexec_fn=no_core, env=environment).returncode


class Loader:
    """A plain and a hardened plugin of the planted source, open to others or not, and hosts to load them."""

    def __init__(self, folder: Path, plain: Recipe, hardened: Recipe) -> None:
        source = write(folder / "lost.cc", LOST_CHECKS)
        for name, recipe in (("plain", plain), ("hardened", hardened)):
            for state, without in (("shut", ""), ("open", OPENS)):
                compiled = recipe.object(source, folder / f"{name}-{state}.o", without)
                recipe.plugin(folder / f"{name}-{state}.so", compiled, without)
        self.folder = folder
        host = write(folder / "host.c", HOST)
        plugin_abi.run(["cc", host, "-o", folder / "host", "-ldl"])
        plugin_abi.run(["cc", host, "-o", folder / "host-with-library", "-ldl", "-Wl,--no-as-needed", "-lstdc++"])

    def ask(self, state: str, how: str, *names: str) -> int:
        """How a process ends that loads these plugins, in this order, and asks the last one for one value too far."""
        which, mode, *rest = how.split()
        host = "-".join(["host", *rest])
        plugins = [str(self.folder / f"{name}-{state}.so") for name in names]
        return ends_with([str(self.folder / host), mode, which, *plugins])


Loaders = Callable[[str, str], Loader]


@pytest.fixture(scope="session")
def loaders(plugins_of_sum: build.Built, tmp_path_factory: pytest.TempPathFactory) -> Loaders:
    made: dict[str, Loader] = {}

    def give(plain: str, hardened: str) -> Loader:
        for profile in (plain, hardened):
            skip_where_absent(plugins_of_sum, profile)
        if plain not in made:
            made[plain] = Loader(tmp_path_factory.mktemp(plain), Recipe.of(plain), Recipe.of(hardened))
        return made[plain]

    return give


GCC = ("gcc-o2", "gcc-o2-assertions")
LIBCXX = ("clang-o2-libcxx", "clang-o2-libcxx-fast")


@pytest.mark.parametrize("toolchain", [GCC, LIBCXX])
@pytest.mark.parametrize("how", ["template global", "member local", "string local with library"])
def test_a_hardened_plugin_keeps_its_checks(toolchain: tuple[str, str], how: str, loaders: Loaders) -> None:
    loader = loaders(*toolchain)
    assert loader.ask("shut", how, "plain", "hardened") in STOPS
    assert loader.ask("shut", how, "hardened", "plain") == 0


@pytest.mark.parametrize(
    ("toolchain", "how", "kept_by"),
    [
        # A function: RTLD_LOCAL alone would do.
        (GCC, "template global", "template local"),
        (LIBCXX, "template global", "template local"),
        # A static member is STB_GNU_UNIQUE, one for the whole process: RTLD_LOCAL does not help.
        (GCC, "member local", None),
        # The host's own libstdc++, as the runner has it, comes before what a plugin defines itself: nor does it here.
        (GCC, "string local with library", "string local"),
    ],
)
def test_an_open_plugin_loses_its_checks(
    toolchain: tuple[str, str], how: str, kept_by: str | None, loaders: Loaders
) -> None:
    loader = loaders(*toolchain)
    assert loader.ask("open", how, "plain", "hardened") == 0
    if kept_by:
        assert loader.ask("open", kept_by, "plain", "hardened") in STOPS


def test_unique_symbols_are_found(loaders: Loaders) -> None:
    assert any("Row" in name for name in plugin_abi.unique_symbols(loaders(*GCC).folder / "plain-open.so"))


@pytest.mark.parametrize("toolchain", [GCC, LIBCXX])
def test_the_real_plugins_keep_their_checks(toolchain: tuple[str, str], plugin: Plugins) -> None:
    plain, hardened = (str(plugin(profile)) for profile in toolchain)
    script = "import sys; from safecost.testing import plugin_abi; plugin_abi.commit(sys.argv[1:], 'index')"
    assert ends_with([sys.executable, "-c", script, plain, hardened]) in STOPS
    assert ends_with([sys.executable, "-c", script, hardened, plain]) == 0


@pytest.mark.parametrize(
    ("profile", "variant"), [*((profile, "at") for profile in CXX), ("rust", "rust_index"), ("rust", "rust_slice")]
)
def test_no_exception_and_no_panic_leaves_a_plugin(profile: str, variant: str, plugin: Plugins) -> None:
    assert plugin_abi.commit([str(plugin("gcc-o2")), str(plugin(profile))], variant) == plugin_abi.CAUGHT
