"""The registered check sites of a plugin: where a library ends a program on purpose, and the text that belongs to it.

A `ud2` says nothing of itself, and compilers put stray ones behind code that they take for unreachable. Clang's
`__builtin_verbose_trap`, which libc++'s hardened modes use, leaves an inlined function in the debug information whose
name is the message; line tables are enough for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from safecost.code.elf_file import ElfFile
from safecost.code.shared_object import SharedObject

MERGED = "one of the library's checks, which the compiler merged with others"

_MESSAGE = "__clang_trap_msg$"  # then a category, another $ and the text
_CONTRACT = "_ZN3gsl7details9terminateEv"  # by which a failed Expects or Ensures of Microsoft's GSL ends a program


def check_sites(plugin: Path, traps: Collection[int], plain: Path | None) -> dict[int, str]:
    """The texts of registered sites by their offsets in the plugin: all that the debug information names.

    `traps` are offsets at which proofs ended. One that has no name is registered all the same when the compiler must
    have merged several checks there, which loses their names: the library's checks are compiled in, and the same
    function of the `plain` sibling's plugin holds no trap at all. Raises ToolError where a file cannot be read.
    """
    elf = ElfFile(plugin)
    sites = {
        low: name.removeprefix(_MESSAGE).partition("$")[2].strip()
        for name, ranges in elf.inlined(_MESSAGE).items()
        for low, _ in ranges
    }
    unnamed = sorted(set(traps) - sites.keys())
    if not sites or not unnamed or plain is None:
        return sites
    sibling = SharedObject(plain)
    twins = {_without_mode(symbol.name): symbol for symbol in sibling.elf.functions}
    for offset in unnamed:
        function = elf.symbol_at(offset)
        twin = twins.get(_without_mode(function.name)) if function is not None else None
        if twin is not None and all(instruction.flow != "trap" for instruction in sibling.instructions(twin)):
            sites[offset] = MERGED
    return sites


def contracts(plugin: Path, calls: Collection[int]) -> frozenset[int]:
    """Those of the return addresses, as offsets in the plugin, whose call the GSL's failed contract made.

    The GSL says nothing when a contract is broken: it calls std::terminate, as any program may for reasons of its own.
    The function that calls it has a name, in the debug information where it was inlined. Raises ToolError where the
    plugin cannot be read.
    """
    if not calls:
        return frozenset()
    elf = ElfFile(plugin)
    inlined = [ranges for places in elf.inlined(_CONTRACT).values() for ranges in places]

    def is_contract(call: int) -> bool:
        function = elf.symbol_at(call)
        own = function is not None and function.name == _CONTRACT
        return own or any(low <= call < high for low, high in inlined)

    # A return address may belong to the next function: what called lies before it.
    return frozenset(offset for offset in calls if is_contract(offset - 1))


def _without_mode(name: str) -> str:
    """A mangled name without the letter by which libc++ tells hardening modes apart."""
    return re.sub(r"(?<=B8n)[a-z](?=\d{6})", "", name)
