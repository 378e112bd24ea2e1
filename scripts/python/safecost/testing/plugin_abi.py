"""Looks at plugins from outside, for the tests of the kernel border.

Reads a plugin's table through ctypes and its file through binutils, and compiles with the very commands that the build
uses, so that a planted plugin differs from a real one in the plant alone.
"""

from __future__ import annotations

import ctypes
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest

from safecost.core.errors import ToolError
from safecost.core.paths import BUILD, ROOT
from safecost.toolchain.build import Built

CASE = "indexing/sum"
SUM = ROOT / "bench" / "indexing" / "sum.cc"
CXX = ["gcc-o2", "clang-o2", "clang-o2-libcxx"]
PROFILES = [*CXX, "gcc-o2-assertions", "gcc-o2-hardened", "clang-o2-libcxx-fast", "rust", "rust-overflow-checks"]
ENTRY = "safecost_plugin_entry"
NO_FAULT = 0xFFFFFFFF
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
# Its inputs depend on the library, and a HELPER that is no SAFECOST_HELPER is shared by its kernels.
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
# What a kernel returns when an exception or a panic reached the border.
CAUGHT = 0xDEAD << 48

_PREPARE = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
_KERNEL = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)


class Fact(ctypes.Structure):
    """`safecost_fact` of kernel/abi.h."""

    _fields_: ClassVar = [("struct_size", ctypes.c_uint32), ("key", ctypes.c_char_p), ("value", ctypes.c_char_p)]


class Request(ctypes.Structure):
    """`safecost_request` of kernel/abi.h."""

    _fields_: ClassVar = [
        ("struct_size", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("seed", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
        ("rate", ctypes.c_double),
        ("fault", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("data", ctypes.c_char_p),
        ("scratch", ctypes.c_char_p),
    ]


class Pool(ctypes.Structure):
    """`safecost_pool` of kernel/abi.h."""

    _fields_: ClassVar = [
        ("struct_size", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("inputs", ctypes.c_void_p),
        ("stride", ctypes.c_size_t),
        ("bytes", ctypes.c_size_t),
        ("digest", ctypes.c_void_p),
    ]


class Variant(ctypes.Structure):
    """`safecost_variant` of kernel/abi.h; what is not called here is an address."""

    _fields_: ClassVar = [
        ("struct_size", ctypes.c_uint32),
        ("role", ctypes.c_uint32),
        *((name, ctypes.c_char_p) for name in ("name", "summary", "gap")),
        *((name, ctypes.c_void_p) for name in ("run", "prepare", "release", "reset", "digest")),
        *((name, ctypes.c_void_p) for name in ("fault_kernels", "claims")),
        ("planted", ctypes.c_double),
        ("inexpressible", ctypes.c_void_p),
        ("algorithm", ctypes.c_char_p),
        ("flags", ctypes.c_uint32),
        ("origin", ctypes.c_uint32),
        ("latency", ctypes.c_void_p),
    ]


class Plugin(ctypes.Structure):
    """`safecost_plugin` of kernel/abi.h; what is not called here is an address."""

    _fields_: ClassVar = [
        ("abi_version", ctypes.c_uint32),
        ("struct_size", ctypes.c_uint32),
        *((name, ctypes.c_char_p) for name in ("name", "language", "input_layout")),
        *((name, ctypes.c_uint32) for name in ("flags", "minimum_size")),
        *((f"{name}_count", ctypes.c_uint32) for name in ("fact", "parameter", "variant", "fault")),
        *((name, ctypes.c_void_p) for name in ("facts", "parameters", "variants", "faults")),
        *((name, ctypes.c_void_p) for name in ("report", "draw", "workers", "latencies")),
        ("generate", ctypes.CFUNCTYPE(ctypes.POINTER(Pool), ctypes.POINTER(Request))),
        ("release", ctypes.c_void_p),
    ]


class Input(ctypes.Structure):
    """The input of indexing/sum, and of the cases planted here."""

    _fields_: ClassVar = [("values", ctypes.c_void_p), ("count", ctypes.c_uint64), ("bound", ctypes.c_uint64)]


MIRRORED: Mapping[str, type[ctypes.Structure]] = {
    f"safecost_{kind.__name__.lower()}": kind for kind in (Fact, Request, Pool, Variant, Plugin)
}

_Element = TypeVar("_Element", Fact, Variant)


def _elements(kind: type[_Element], address: int, count: int) -> Iterator[_Element]:
    for _ in range(count):
        element = kind.from_address(address)
        yield element
        address += element.struct_size


def load(path: Path) -> Plugin:
    """The table of a plugin, which stays loaded from now on, as a plugin of the runner does."""
    entry = ctypes.CDLL(str(path))[ENTRY]
    entry.restype = ctypes.POINTER(Plugin)
    table: Plugin = entry().contents
    return table


def facts(plugin: Plugin) -> dict[str, str]:
    """What the plugin's compiler saw."""
    return {fact.key.decode(): fact.value.decode() for fact in _elements(Fact, plugin.facts, plugin.fact_count)}


def variants(plugin: Plugin) -> dict[str, Variant]:
    """The variants that this toolchain can build, by name."""
    all_of_them = _elements(Variant, plugin.variants, plugin.variant_count)
    return {variant.name.decode(): variant for variant in all_of_them if variant.run}


def generate(plugin: Plugin, count: int, size: int, fault: int = NO_FAULT) -> list[Input]:
    """A pool of inputs, which lives as long as the process."""
    request = Request(ctypes.sizeof(Request), count, 12345, size, -1.0, fault, 0, b".", b".")
    pool = plugin.generate(ctypes.byref(request)).contents
    return [Input.from_address(pool.inputs + i * pool.stride) for i in range(count)]


def referred(given: Input) -> bytes:
    """The bytes that an input refers to, and its own numbers."""
    return ctypes.string_at(given.values, given.count * 4) + f" {given.count} {given.bound}".encode()


def call(variant: Variant, given: Input) -> int:
    """What one call of a kernel returns on one input."""
    context = _PREPARE(variant.prepare)(ctypes.addressof(given))
    return int(_KERNEL(variant.run)(context))


def commit(paths: Sequence[str], variant: str) -> int:
    """Load plugins in this order, and have the last one's variant sum one value more than there are."""
    *_, plugin = [load(Path(path)) for path in paths]
    return call(variants(plugin)[variant], generate(load(Path(paths[0])), 1, 8, fault=0)[0])


def run(command: Sequence[str | Path], cwd: Path | None = None) -> str:
    """What a tool printed; raises ToolError with what it said where it failed."""
    words = list(map(str, command))
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise ToolError(f"{shlex.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def exported(path: Path) -> list[str]:
    """The symbols that others could bind to."""
    return [line.split()[-1] for line in run(["nm", "-D", "--defined-only", path]).splitlines()]


def unique_symbols(path: Path) -> list[str]:
    """Symbols of which the loader keeps one for the whole process, whatever RTLD_LOCAL says."""
    lines = run(["readelf", "-sW", path]).splitlines()
    return [line.split()[-1] for line in lines if " UNIQUE " in line]


def shared_runtimes(path: Path) -> list[str]:
    """The runtimes of a language that are looked for when the plugin is loaded."""
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run(["readelf", "-dW", path]))
    return [name for name in needed if re.match(r"lib(stdc\+\+|c\+\+|c\+\+abi|gcc_s|unwind|std-)", name)]


def holds(path: Path, *folders: Path) -> list[str]:
    """Those of the folders whose path can be read in the plugin's bytes."""
    content = path.read_bytes()
    return [str(folder) for folder in folders if str(folder).encode() in content]


def code(path: Path, symbol: str) -> list[str]:
    """The instructions of the one function whose mangled name matches, whatever address it has."""
    blocks = run(["objdump", "-d", "--no-show-raw-insn", path]).split("\n\n")
    found = [block for block in blocks if (head := re.match(r"\s*\w+ <(.*)>:", block)) and re.search(symbol, head[1])]
    if len(found) != 1:
        raise ToolError(f"{path.name} has {len(found)} functions that match {symbol}.")
    title, *lines = found[0].strip().splitlines()
    name = re.escape(title.partition("<")[2].rstrip(">:"))
    texts = []
    for line in lines:
        text = line.partition("\t")[2].partition("#")[0]
        text = re.sub(rf"\w+ <{name}(\+0x\w+)?>", r"here\1", text)
        text = re.sub(r"\w+ <([^>+]*)[^>]*>", r"\1", text)
        texts.append(re.sub(r"-?0x\w+\(%rip\)", "(%rip)", text).strip())
    while texts and re.match(r"nop|cs nop|data16|xchg +%ax,%ax|int3", texts[-1]):
        texts.pop()  # padding
    return texts


@dataclass(frozen=True, slots=True)
class Recipe:
    """The commands by which the build makes the plugin of indexing/sum, and the folder that they run in."""

    folder: Path
    first: tuple[str, ...]  # compiles the case, or the Rust side of the border
    second: tuple[str, ...]  # links the plugin, or compiles and links the twin

    @classmethod
    def of(cls, profile: str) -> Recipe:
        """Ask the build folder of a profile that has been configured."""
        folder = BUILD / "profiles" / profile
        said = run(["ninja", "-C", folder, "-t", "commands", CASE.replace("/", ".")])
        commands = []
        for line in said.splitlines():
            steps = re.split(r"\s&&(?:\s|$)", line)
            command = max((tuple(shlex.split(step)) for step in steps), key=len)
            if not command[-1].endswith("kernel/table.cc"):  # shared by all plugins, and linked as it is
                commands.append(command)
        return cls(folder, *commands)

    @property
    def compiler(self) -> str:
        """The compiler's command."""
        return next(word for word in self.first if not re.search(r"cmake$|^-E$|^env$|=", word))

    def object(self, source: Path, out: Path, without: str = "", extra: Sequence[str] = ()) -> Path:
        """Compile a C++ source; flags that match `without` are left out."""
        words = _left(self.first, without, ("-o", "-MF", "-MT", "-c"))
        run([*words, "-w", *extra, "-o", out, "-c", source], self.folder)
        return out

    def plugin(self, out: Path, compiled: Path | None = None, without: str = "") -> Path:
        """Link a plugin of an object file, or of the one that the build made."""
        words = [
            str(compiled) if compiled and word.endswith("sum.cc.o") else word
            for word in _left(self.second, without, ("-o",))
        ]
        run([*words, "-o", out], self.folder)
        return out

    def twin(self, source: Path, out: Path, sugar: Path | None = None, without: str = "") -> Path:
        """Compile a Rust twin into a plugin; `sugar` replaces safecost.rs."""
        *words, _ = _left(self.second, without, ("-o",))
        if sugar:
            library = out.parent / "libsafecost.rlib"
            run([*_left(self.first, without, ("-o",))[:-1], "-o", library, sugar], self.folder)
            words = [f"safecost={library}" if word.startswith("safecost=") else word for word in words]
        run([*words, "-o", out, source], self.folder)
        return out


def _left(words: Sequence[str], without: str, pairs: Sequence[str]) -> list[str]:
    """The words of a command without those flags, and without these options and their values."""
    left: list[str] = []
    skip = False
    for word in words:
        if skip or word in pairs:
            skip = not skip and word in pairs
        elif not (without and re.search(without, word)):
            left.append(word)
    return left


def machine_folders() -> list[Path]:
    """Folders that only this machine has: the project's and the user's."""
    return [folder for folder in (ROOT, Path.home()) if len(folder.parts) > 1]


def write(path: Path, text: str) -> Path:
    """Write a planted source and return its path."""
    path.write_text(text, encoding="utf-8")
    return path


def change(path: Path, old: str, new: str) -> Path:
    """Replace what a file must hold, so that no plant is lost when the file changes."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r} any more"
    return write(path, text.replace(old, new))


def skip_where_absent(built: Built, profile: str) -> None:
    """Skip a test of a profile that this machine has no toolchain for."""
    reason = built.absent.get(profile, "")
    assert "cannot be configured" not in reason, reason  # broken, not absent
    if reason:
        pytest.skip(f"{profile}: {reason}")


Plugins = Callable[[str], Path]
Recipes = Callable[[str], Recipe]
