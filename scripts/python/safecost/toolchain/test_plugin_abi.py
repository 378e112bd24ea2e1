"""The rules of the kernel border that only the toolchains' output can show, each seen kept and seen broken.

What is kept is asked of the plugins that the build makes; what is broken, of plugins planted with the build's own
commands. The runner's tests see the other rules: versions, layouts, inputs that are alike, work that vanished.
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safecost.core.errors import ToolError
from safecost.core.paths import PYTHON, ROOT, Folders
from safecost.document.evidence import VerifyAnswer
from safecost.document.plan import PluginAt, VerifyPlan
from safecost.suite import cases, profiles
from safecost.testing import plugin_abi
from safecost.testing.plugin_abi import Recipe
from safecost.toolchain import build, runner

pytestmark = pytest.mark.build

CXX = ["gcc-o2", "clang-o2", "clang-o2-libcxx"]
ALL = [*CXX, "gcc-o2-assertions", "gcc-o2-hardened", "clang-o2-libcxx-fast", "rust", "rust-overflow-checks"]
SUM = ROOT / "bench" / "indexing" / "sum.cc"
HEADER = ROOT / "src" / "kernel" / "abi.h"
SUGAR = ROOT / "src" / "kernel" / "safecost.rs"
# Flags that keep the rules of the border, in the words of either language's compiler.
KEEPS = r"prefix-map|remap-path-prefix|align|-static-lib|/static$"
SCRIPT = "version-script"
# The mangled name of the kernel that is called raw.
RAW = r"6kernel.*L3rawE?RK.*Li0EEEmPv$"

Plugins = Callable[[str], Path]
Recipes = Callable[[str], Recipe]


@pytest.fixture(scope="module")
def built() -> build.Built:
    """The plugins of indexing/sum; those that are up to date cost nothing."""
    folders = Folders.of([])
    case = [case for case in cases.find(folders) if case.name == plugin_abi.CASE]
    known = profiles.shipped()
    return build.build_all(folders, case, [known[name] for name in ALL])


def skip_where_absent(built: build.Built, profile: str) -> None:
    reason = built.absent.get(profile, "")
    assert "cannot be configured" not in reason, reason  # broken, not absent
    if reason:
        pytest.skip(f"{profile}: {reason}")


@pytest.fixture
def plugin(built: build.Built) -> Plugins:
    """Gives a profile's plugin of indexing/sum; skips where this machine has no such toolchain."""

    def give(profile: str) -> Path:
        skip_where_absent(built, profile)
        assert (plugin_abi.CASE, profile) in built.plugins, built.failures[plugin_abi.CASE, profile]
        return built.plugins[plugin_abi.CASE, profile]

    return give


@pytest.fixture
def recipe(plugin: Plugins) -> Recipes:
    """Gives the commands of a profile's build; skips where this machine has no such toolchain."""

    def give(profile: str) -> Recipe:
        plugin(profile)
        return Recipe.of(profile)

    return give


@pytest.fixture(scope="module")
def careless(built: build.Built, tmp_path_factory: pytest.TempPathFactory) -> Plugins:
    """Gives a plugin built without the flags that keep the border."""
    made: dict[str, Path] = {}

    def give(profile: str) -> Path:
        skip_where_absent(built, profile)
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


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def change(path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r} any more"
    return write(path, text.replace(old, new))


def untagged(folder: Path) -> Path:
    """safecost.rs with kernels that carry no tag of their own."""
    copy = Path(shutil.copy(SUGAR, folder / "safecost.rs"))
    return change(copy, 'concat!("/* ", stringify!($name), " */")', '"/* one tag for all */"')


TWINS = """
#![allow(warnings)]
use safecost::{case, input, slice, Context};
input! { struct Input { values: *const i32, count: usize, bound: usize } }
struct Values { values: Vec<i32> }
impl Context<Input> for Values {
    fn prepare(input: &Input) -> Self { Values { values: unsafe { slice(input.values, input.count) }.to_vec() } }
}
#[inline(always)]
fn first(context: &mut Values) -> u64 { context.values.iter().map(|value| i64::from(*value)).sum::<i64>() as u64 }
#[inline(always)]
fn twin(context: &mut Values) -> u64 { context.values.iter().map(|value| i64::from(*value)).sum::<i64>() as u64 }
#[inline(always)]
fn other(context: &mut Values) -> u64 { context.values.len() as u64 }
#[inline(always)]
fn another(context: &mut Values) -> u64 { context.values.capacity() as u64 }
case! { Input: raw first(Values) "one"; safe twin(Values) "the same"; safe other(Values) ""; safe another(Values) ""; }
"""
SECOND_SYMBOL = '#[no_mangle] pub extern "C" fn safecost_second_symbol() -> u64 { 1 }\n'


# One exported symbol, static runtimes, no path of this machine.


@pytest.mark.parametrize("profile", ALL)
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


# A hardened plugin keeps its checks, whatever was loaded before it.

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


@pytest.fixture(scope="module")
def loaders(built: build.Built, tmp_path_factory: pytest.TempPathFactory) -> Loaders:
    made: dict[str, Loader] = {}

    def give(plain: str, hardened: str) -> Loader:
        for profile in (plain, hardened):
            skip_where_absent(built, profile)
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


# Every kernel is a function of its own, which nobody looks into.


def folded(path: Path, case: str = plugin_abi.CASE) -> list[Any]:
    """What the runner says of a plugin's kernels: two in one place, or only a jump."""
    plan = VerifyPlan(case=case, describe_only=True, plugins=(PluginAt(profile="this", path=str(path)),))
    said = runner.call("verify", plan, VerifyAnswer, 60)
    assert isinstance(said, VerifyAnswer), said
    return [(problem.kind, problem.variant) for problem in said.problems]


@pytest.mark.parametrize("profile", ALL)
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


# A kernel's code does not depend on its neighbours.

SHARED_HELPER = """
#include <random>
#include "kernel/case.h"
struct Input { const std::int32_t* values; std::size_t count; std::size_t bound; };
Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  std::mt19937_64 engine(generator.random.next());
  std::uniform_int_distribution<std::int32_t> any(0, 999);
  for (std::int32_t& value : values) value = any(engine);
  return {values.data(), values.size(), values.size()};
}
struct Values {
  explicit Values(const Input& input) : values(input.values, input.values + input.count) {}
  std::vector<std::int32_t> values;
};
HELPER std::uint64_t digest(const Values& context, std::uint64_t sum) {
  for (const std::int32_t value : context.values) sum = sum * 31 + static_cast<std::uint64_t>(value);
  for (const std::int32_t value : context.values) sum ^= (sum << 7) + static_cast<std::uint64_t>(value) * (sum >> 3);
  for (const std::int32_t value : context.values) sum += sum / (1 + (static_cast<std::uint64_t>(value) & 7));
  return sum;
}
SAFECOST_KERNEL first(const Values& context) { return context.values.size(); }
SAFECOST_KERNEL raw(const Values& context) { return digest(context, 1); }
#ifndef ALONE
SAFECOST_KERNEL added(const Values& context) { return digest(context, 2); }
SAFECOST_KERNEL too(const Values& context) { return digest(context, 3); }
#endif
auto the_case = safecost::Case<Input>(generate)
                    .size(64, "L1")
                    .raw<first>("first", "has the null")
                    .raw<raw>("raw", "uses the helper")
#ifndef ALONE
                    .safe<added>("added", "uses the helper")
                    .safe<too>("too", "uses the helper")
#endif
    ;
SAFECOST_EXPORT(the_case)
"""


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


# The same inputs, and the same placement, everywhere.


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


@pytest.mark.parametrize("profile", ALL)
def test_kernels_begin_with_a_cache_line(profile: str, plugin: Plugins) -> None:
    assert out_of_line(plugin(profile)) == []


@pytest.mark.parametrize("profile", ["gcc-o2", "clang-o2", "rust"])
def test_kernels_that_begin_anywhere_are_found(profile: str, careless: Plugins) -> None:
    assert out_of_line(careless(profile))


# The header is plain C, and its mirrors are exact.


def compile_alone(compiler: str, language: tuple[str, str], header: Path) -> None:
    warnings = ["-pedantic", "-Wall", "-Wextra", "-Werror"]
    plugin_abi.run([compiler, "-x", language[0], f"-std={language[1]}", *warnings, "-fsyntax-only", header])


@pytest.mark.parametrize("profile", ["gcc-o2", "clang-o2"])
@pytest.mark.parametrize("language", [("c", "c11"), ("c++", "c++20")])
def test_the_header_compiles_alone(profile: str, language: tuple[str, str], recipe: Recipes, tmp_path: Path) -> None:
    source = write(tmp_path / "source", f'#include "{HEADER}"\n')
    compile_alone(recipe(profile).compiler, language, source)
    lacking = Path(shutil.copy(HEADER, tmp_path / "abi.h"))
    change(lacking, "#include <stdint.h>", "")
    with pytest.raises(ToolError, match="uint32_t"):
        compile_alone(recipe(profile).compiler, language, write(source, f'#include "{lacking}"\n'))


def fields_of_header() -> dict[str, list[str]]:
    """The fields of each struct of kernel/abi.h, as they are written."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {}
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", text, re.DOTALL):
        written = re.findall(r"\(\*(\w+)\)\([^)]*\);|(\w+)(?:\[\d+\])?;", body)
        found[name] = ["".join(either) for either in written]
    return found


def fields_of_mirror() -> dict[str, list[str]]:
    """The fields of each struct that safecost.rs mirrors, by the names that the header gives them."""
    text = SUGAR.read_text(encoding="utf-8").partition("pub mod abi {")[2].partition("\n}")[0]
    structs = re.findall(r"#\[repr\(C\)\]\s*pub struct (\w+) \{(.*?)\n    \}", text, re.DOTALL)
    return {f"safecost_{name.lower()}": re.findall(r"pub (\w+):", body) for name, body in structs}


def layout_in_c(folder: Path) -> dict[str, int]:
    lines = []
    for name, fields in fields_of_header().items():
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        lines += [f'printf("{name}.{field} %zu\\n", offsetof({name}, {field}));' for field in fields]
    lines += [f'printf("{name} %u\\n", (unsigned)SAFECOST_{name});' for name in constants()]
    main = f'#include <stdio.h>\n#include "{HEADER}"\nint main(void) {{ {"".join(lines)} return 0; }}\n'
    plugin_abi.run(["cc", write(folder / "layout.c", main), "-o", folder / "layout-c"])
    return parsed(plugin_abi.run([folder / "layout-c"]))


def constants() -> list[str]:
    """The numbers that safecost.rs repeats."""
    return re.findall(r"pub const (\w+): u32", SUGAR.read_text(encoding="utf-8"))


def layout_in_rust(rustc: str, folder: Path, sugar: Path) -> dict[str, int]:
    lines = []
    for name, fields in fields_of_mirror().items():
        kind = f"safecost::abi::{name.removeprefix('safecost_').title()}"
        lines.append(f'println!("{name} {{}}", std::mem::size_of::<{kind}>());')
        lines += [f'println!("{name}.{field} {{}}", std::mem::offset_of!({kind}, {field}));' for field in fields]
    lines += [f'println!("{name} {{}}", safecost::abi::{name});' for name in constants()]
    main = f'#![allow(dead_code)]\n#[path = "{sugar}"]\nmod safecost;\nfn main() {{ {"".join(lines)} }}\n'
    plugin_abi.run([rustc, "--edition=2021", write(folder / "layout.rs", main), "-o", folder / "layout-rust"])
    return parsed(plugin_abi.run([folder / "layout-rust"]))


def parsed(text: str) -> dict[str, int]:
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines()}


def test_the_mirror_in_rust_is_exact(recipe: Recipes, tmp_path: Path) -> None:
    rustc = recipe("rust").compiler
    in_c = layout_in_c(tmp_path)
    in_rust = layout_in_rust(rustc, tmp_path, SUGAR)
    assert {"safecost_plugin.release", "safecost_variant.run", "safecost_report.text", "ABI_VERSION"} <= in_rust.keys()
    expected = {
        name: at for name, at in in_c.items() if name in constants() or name.split(".")[0] in fields_of_mirror()
    }
    assert in_rust == expected
    wrong = change(Path(shutil.copy(SUGAR, tmp_path)), "pub minimum_size: u32,", "pub minimum_size: u64,")
    assert layout_in_rust(rustc, tmp_path, wrong) != expected


def test_the_mirror_of_these_tests_is_exact(tmp_path: Path) -> None:
    in_c = layout_in_c(tmp_path)
    for name, kind in plugin_abi.MIRRORED.items():
        assert ctypes.sizeof(kind) == in_c[name]
        for field in fields_of_header()[name]:
            assert getattr(kind, field).offset == in_c[f"{name}.{field}"], f"{name}.{field}"


# What plugins report is what their profile says.

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


@pytest.mark.parametrize("profile", ALL)
def test_facts_are_what_the_profile_says(profile: str, plugin: Plugins, recipe: Recipes, tmp_path: Path) -> None:
    assert reported_otherwise(profile, plugin(profile), recipe(profile), tmp_path) == {}


@pytest.mark.parametrize("profile", [name for name in ALL if profiles.shipped()[name].plain != name])
def test_facts_of_a_build_that_dropped_the_profiles_flags_are_found(
    profile: str, plugin: Plugins, recipe: Recipes, tmp_path: Path
) -> None:
    plain = plugin(profiles.shipped()[profile].plain)
    assert reported_otherwise(profile, plain, recipe(profile), tmp_path)
