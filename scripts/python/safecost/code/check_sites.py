"""The registered check sites of a plugin: where a library ends a program on purpose, and the text that belongs to it.

A `ud2` says nothing of itself, and compilers put are off ones behind code that they take for unreachable. Clang's
`__builtin_verbose_trap`, which libc++'s hardened modes use, leaves an inlined function in the debug information whose
name is the message; line tables are enough for it. Read with binutils, since LLVM's symbolizer is not everywhere.
"""

from __future__ import annotations

import bisect
import re
import subprocess
from collections.abc import Collection, Iterable
from pathlib import Path

from safecost.core.errors import ToolError

MERGED = "one of the library's checks, which the compiler merged with others"

_ENTRY = re.compile(r"\s*<\d+><([0-9a-f]+)>: Abbrev Number: \d+(?: \((\w+)\))?")
_NAME = re.compile(r"\s*<[0-9a-f]+>\s+DW_AT_name\s+:.*?__clang_trap_msg\$([^$]*)\$(.*)")
_ORIGIN = re.compile(r"\s*<[0-9a-f]+>\s+DW_AT_abstract_origin\s*:.*<0x([0-9a-f]+)>")
_CONTRACT = "_ZN3gsl7details9terminateEv"  # by which a failed Expects or Ensures of Microsoft's GSL ends a program
_LOW = re.compile(r"\s*<[0-9a-f]+>\s+DW_AT_low_pc\s+:.*0x([0-9a-f]+)")


def check_sites(plugin: Path, traps: Collection[int], plain: Path | None) -> dict[int, str]:
    """The texts of registered sites by their offsets in the plugin: all that the debug information names.

    `traps` are offsets at which proofs ended. One that has no name is registered all the same when the compiler must
    have merged several checks there, which loses their names: the library's checks are compiled in, and the same
    function of the `plain` sibling's plugin holds no trap at all. Raises ToolError where a file cannot be read.
    """
    sites = sites_in(_run("readelf", "--debug-dump=info", plugin).splitlines())
    unnamed = sorted(set(traps) - sites.keys())
    if not sites or not unnamed or plain is None:
        return sites
    functions = _functions(plugin)
    plainly = {_without_mode(name): name for _, name in _functions(plain)}
    for offset in unnamed:
        place = bisect.bisect_right(functions, (offset, "\xff")) - 1
        name = functions[place][1] if place >= 0 else ""
        twin = plainly.get(_without_mode(name))
        if twin is not None and not re.search(r"\bud2\b", _run("objdump", "-d", f"--disassemble={twin}", plain)):
            sites[offset] = MERGED
    return sites


def contracts(plugin: Path, calls: Collection[int]) -> frozenset[int]:
    """Those of the return addresses, as offsets in the plugin, whose call the GSL's failed contract made.

    The GSL says nothing when a contract is broken: it calls std::terminate, as any program may for reasons of its own.
    The function that calls it has a name, in the debug information where it was inlined. Raises ToolError where the
    plugin cannot be read.
    """
    in_order = sorted(calls)
    if not in_order:
        return frozenset()
    # A return address may belong to the next function: what called lies before it.
    names = _run("addr2line", "--functions", "--exe", plugin, *(hex(offset - 1) for offset in in_order)).splitlines()
    return frozenset(offset for offset, name in zip(in_order, names[::2], strict=True) if name == _CONTRACT)


def _functions(plugin: Path) -> list[tuple[int, str]]:
    """Offset and mangled name of each function, in order."""
    lines = (line.split(maxsplit=2) for line in _run("nm", "-n", "--defined-only", plugin).splitlines())
    return sorted((int(words[0], 16), words[2]) for words in lines if len(words) == 3 and words[1] in "tTwW")


def _without_mode(name: str) -> str:
    """A mangled name without the letter by which libc++ tells hardening modes apart."""
    return re.sub(r"(?<=B8n)[a-z](?=\d{6})", "", name)


def _run(tool: str, *words: str | Path) -> str:
    try:
        done = subprocess.run([tool, *map(str, words)], capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError as error:
        raise ToolError(f"{tool} is not installed: it comes with binutils.") from error
    if done.returncode != 0:
        file = next(word for word in words if isinstance(word, Path))
        raise ToolError(f"{tool} cannot read {file}: {done.stderr.strip()[:300]}")
    return done.stdout


def sites_in(lines: Iterable[str]) -> dict[int, str]:
    """The registered sites in what `readelf --debug-dump=info` prints."""
    messages: dict[int, str] = {}  # by the entry that holds the name
    found: list[tuple[int, int]] = []  # (address, entry of the inlined function)
    entry, origin, low = -1, -1, -1
    for line in lines:
        if start := _ENTRY.match(line):
            if origin >= 0 and low >= 0:
                found.append((low, origin))
            entry, origin, low = int(start[1], 16), -1, -1
        elif name := _NAME.match(line):
            messages[entry] = name[2].strip()
        elif at := _ORIGIN.match(line):
            origin = int(at[1], 16)
        elif at := _LOW.match(line):
            low = int(at[1], 16)
    if origin >= 0 and low >= 0:
        found.append((low, origin))
    return {address: messages[origin] for address, origin in found if origin in messages}
