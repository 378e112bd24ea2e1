from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from safecost.code.check_sites import MERGED, check_sites, contracts
from safecost.code.elf_file import ElfFile
from safecost.code.shared_object import SharedObject
from safecost.core.errors import ToolError
from safecost.testing.toolchains import newest

pytestmark = pytest.mark.build
CHECKED = """
inline void check(bool good) { if (!good) __builtin_verbose_trap("libc++", "vector:1: out of range"); }
extern "C" int kernel(const int* at, unsigned n, unsigned i) { check(i < n); return at[i]; }
extern "C" int other(int x) { if (x == 7) __builtin_trap(); return x; }
"""
CONTRACT = """
#include <exception>
namespace gsl::details { %s void terminate() noexcept { std::terminate(); } }
extern "C" int kernel(const int* at, unsigned n, unsigned i) { if (i >= n) gsl::details::terminate(); return at[i]; }
extern "C" int other(int x) { if (x == 7) std::terminate(); return x; }
"""


def compiled(folder: Path, name: str, text: str, *command: str) -> Path:
    source, plugin = folder / f"{name}.cc", folder / f"{name}.so"
    source.write_text(text, encoding="utf-8")
    subprocess.run(
        [newest(command[0]), *command[1:], "-O2", "-shared", "-fPIC", str(source), "-o", str(plugin)], check=True
    )
    return plugin


def ends(plugin: Path, name: str) -> dict[str, int]:
    """The addresses of traps and the return addresses of calls in one function, by flow; the last of each."""
    shared = SharedObject(plugin)
    (symbol,) = (symbol for symbol in shared.elf.functions if symbol.name == name)
    addresses: dict[str, int] = {}
    for _, part in shared.parts(symbol):
        for place, instruction in enumerate(part):
            following = part[place + 1].address if place + 1 < len(part) else instruction.address + 5
            addresses[instruction.flow] = following if instruction.flow == "call" else instruction.address
    return addresses


@pytest.mark.parametrize("debug", ["-gline-tables-only", "-g -gdwarf-4", "-gdwarf-5"])
def test_a_check_is_known_by_its_text(tmp_path: Path, debug: str) -> None:
    plugin = compiled(tmp_path, "checked", CHECKED, "clang++", *debug.split())
    traps = {ends(plugin, "kernel")["trap"], ends(plugin, "other")["trap"]}
    assert check_sites(plugin, traps, None) == {ends(plugin, "kernel")["trap"]: "vector:1: out of range"}


def test_a_trap_that_the_plain_build_does_not_have_is_a_merged_check(tmp_path: Path) -> None:
    plugin = compiled(tmp_path, "checked", CHECKED, "clang++", "-gline-tables-only")
    trap = ends(plugin, "other")["trap"]
    plain = CHECKED.replace("__builtin_verbose_trap", "(void)sizeof").replace('"libc++", ', "")
    same = compiled(tmp_path, "same", plain, "clang++")
    assert trap not in check_sites(plugin, {trap}, same)
    without = compiled(tmp_path, "without", plain.replace("if (x == 7) __builtin_trap();", ""), "clang++")
    assert check_sites(plugin, {trap}, without)[trap] == MERGED


# Clang's line tables name an inlined function without its namespace, which is too little to know it by.
@pytest.mark.parametrize(
    ("compiler", "debug", "kept"),
    [
        ("g++", "-g1", "inline"),
        ("g++", "-g1", "[[gnu::noinline]] inline"),
        ("clang++", "-g", "inline"),
        ("clang++", "-gline-tables-only", "[[gnu::noinline]] inline"),
    ],
)
def test_a_failed_contract_is_known_by_the_function_that_ended_the_program(
    tmp_path: Path, compiler: str, debug: str, kept: str
) -> None:
    plugin = compiled(tmp_path, "contract", CONTRACT % kept, compiler, debug)
    outside = ends(plugin, "other")["call"]
    failed = ends(plugin, "kernel" if kept == "inline" else "_ZN3gsl7details9terminateEv")["call"]
    assert contracts(plugin, {failed, outside}) == {failed}
    assert contracts(plugin, set()) == frozenset()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    whole = compiled(tmp_path, "whole", CHECKED.replace("__builtin_verbose_trap", "(void)sizeof"), "clang++", "-g")
    content = whole.read_bytes()
    damaged = tmp_path / "damaged.so"
    refused = 0
    for size in range(0, len(content), max(1, len(content) // 300)):
        damaged.write_bytes(content[:size] + b"\xff" * (200 if size % 2 else 0))
        try:
            elf = ElfFile(damaged)
            elf.inlined("check")
            elf.same_source(0x1000, 0x1100)
            elf.slots.get(0)
        except ToolError as error:
            assert "damaged.so cannot be read" in str(error)
            refused += 1
    assert refused > 100
    with pytest.raises(ToolError, match="No such file"):
        ElfFile(tmp_path / "gone.so")
