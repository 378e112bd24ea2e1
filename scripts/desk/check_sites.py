"""The registered check sites of a plugin: where a library placed a trap on purpose, and the text that belongs to it.

A `ud2` says nothing of itself, and compilers put stray ones behind code that they take for unreachable. Clang's
`__builtin_verbose_trap`, which libc++'s hardened modes use, leaves an inlined function in the debug information whose
name is the message; line tables are enough for it. Read with binutils, since LLVM's symbolizer is not everywhere.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from desk.errors import DeskError

_ENTRY = re.compile(r"\s*<\d+><([0-9a-f]+)>: Abbrev Number: \d+(?: \((\w+)\))?")
_NAME = re.compile(r"\s*<[0-9a-f]+>\s+DW_AT_name\s+:.*?__clang_trap_msg\$([^$]*)\$(.*)")
_ORIGIN = re.compile(r"\s*<[0-9a-f]+>\s+DW_AT_abstract_origin\s*:.*<0x([0-9a-f]+)>")
_LOW = re.compile(r"\s*<[0-9a-f]+>\s+DW_AT_low_pc\s+:.*0x([0-9a-f]+)")


def check_sites(plugin: Path) -> dict[int, str]:
    """The text of each registered site by its offset in the plugin; raises DeskError where it cannot be read."""
    command = ["readelf", "--debug-dump=info", str(plugin)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError as error:
        raise DeskError("readelf is not installed: it comes with binutils.") from error
    if done.returncode != 0:
        raise DeskError(f"readelf cannot read {plugin.name}: {done.stderr.strip()[:300]}")
    return sites_in(done.stdout.splitlines())


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
