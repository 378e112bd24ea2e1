"""The code of a shared object as objdump tells it: functions, the names behind calls, what one source made."""

from __future__ import annotations

import bisect
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from safecost.code.control_flow import ControlFlow, Instruction
from safecost.code.elf_image import Image
from safecost.code.failures import fails_by_name
from safecost.code.instruction_sets import of_machine, split_prefixes
from safecost.core import processes
from safecost.core.errors import ToolError

PATIENCE = 120.0  # seconds for one plugin; the largest takes a tenth of one
_DEEPEST = 8  # calls behind one another that are followed to find out that a function never returns
_LONGEST = 4_000  # instructions of a function that is looked into for that

_SYMBOL = re.compile(r"([0-9a-f]{16}) .{6}[F ] \S+\t([0-9a-f]{16})\s+(?:\.hidden |\.protected |\.internal )?(\S.*)")
_RELOCATION = re.compile(r"([0-9a-f]{16}) R_\S+\s+(\S.*)")
_CODE = re.compile(r"^([0-9a-f]{16}) <.*>:\n((?:.+\n?)*)", re.MULTILINE)
_LOADED = re.compile(r"lea\s+\w+,\[rip\+?-?0x[0-9a-f]+\]\s*# ([0-9a-f]+)")
_LINE = re.compile(r"\s*([0-9a-f]+):\t(.*)")
_ADDRESS = re.compile(r"(?:^|, ?|\s)([0-9a-f]+) <([^>]*)>?")
_THROUGH_MEMORY = re.compile(r"\[rip\+?-?0x[0-9a-f]+\]\s*# ([0-9a-f]+)")
_UNITS = ("--dwarf=info,Ranges", "--dwarf-depth=1")
_UNIT = re.compile(r"DW_TAG_compile_unit")
_RANGES = re.compile(r"DW_AT_ranges\s*:\s*(?:\(\w+\) )?(?:0x)?([0-9a-f]+)")
_RANGE = re.compile(r"\s+([0-9a-f]{8,16}) ([0-9a-f]{16}) ([0-9a-f]{16})\s*$")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function: its address in the file, its size in bytes, its mangled name."""

    address: int
    size: int
    name: str


@dataclass(slots=True)
class _Told:
    """What objdump said, sorted by what it speaks of."""

    symbols: list[Symbol] = field(default_factory=list)
    slots: dict[int, str | int] = field(default_factory=dict)  # what the loader writes where: a name or an address
    code: dict[int, str] = field(default_factory=dict)  # the instructions from an address on, up to the next
    units: list[int] = field(default_factory=list)  # offsets of the ranges of compilation units
    ranges: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


class SharedObject:
    """A plugin as objdump shows it; raises ToolError where there is no objdump or it cannot read the file."""

    def __init__(self, path: Path) -> None:
        self._set = of_machine(platform.machine())
        self._told = _Told()
        # Apart, as with -d the relocations of other sections are left out.
        _parse(_objdump(path, ["-t", "-R"]), self._told)
        _parse(_objdump(path, ["-d", "--no-show-raw-insn", *_UNITS, *self._set.options]), self._told)
        self._image = Image(path)
        self._addresses = sorted(self._told.code)
        self._starts = sorted({symbol.address: symbol for symbol in self._told.symbols}.items())
        self._start_addresses = [address for address, _ in self._starts]
        self._names = {symbol.address: symbol.name for symbol in self._told.symbols}
        self._parts: dict[int, list[tuple[Symbol, list[Instruction]]]] = {}
        self._failing: dict[int, bool] = {}

    def symbol_at(self, address: int) -> Symbol | None:
        """The function that holds this address."""
        at = bisect.bisect_right(self._start_addresses, address) - 1
        if at < 0:
            return None
        symbol = self._starts[at][1]
        return symbol if address < symbol.address + max(1, symbol.size) else None

    def parts(self, symbol: Symbol) -> list[tuple[Symbol, list[Instruction]]]:
        """A function's instructions and those of its out-of-line parts, which its jumps lead to; no padding.

        A part is a symbol named like the function with `.cold` behind, or one that is jumped into behind its start.
        """
        if symbol.address in self._parts:
            return self._parts[symbol.address]
        found = self._parts[symbol.address] = [(symbol, self._instructions(symbol))]
        for _, instructions in found:  # which grows
            for one in instructions:
                if one.flow not in {"jump", "branch"} or one.target is None:
                    continue
                other = self.symbol_at(one.target)
                if other is None or any(other.address == part.address for part, _ in found):
                    continue
                if other.name.startswith(f"{symbol.name}.cold") or other.address != one.target:
                    found.append((other, self._instructions(other)))
        return found

    def control_flow(self, symbol: Symbol, depth: int = 0) -> ControlFlow:
        """The blocks of a function with its parts."""
        parts = [instructions for _, instructions in self.parts(symbol)]
        return ControlFlow(parts, lambda name, address: self.fails(name, address, depth + 1))

    def fails(self, name: str | None, address: int | None, depth: int = 0) -> bool:
        """Does this callee only report an error, and never return? By its name, else by its own code."""
        if name is not None and fails_by_name(name):
            return True
        symbol = None if address is None else self.symbol_at(address)
        if symbol is None or symbol.address != address or depth > _DEEPEST:
            return False
        if symbol.address not in self._failing:
            self._failing[symbol.address] = False  # a function that calls itself does not fail for that
            if len(self._instructions(symbol)) <= _LONGEST:
                flow = self.control_flow(symbol, depth)
                self._failing[symbol.address] = flow.fails(flow.entry)
        return self._failing[symbol.address]

    def same_source(self, address: int, other: int) -> bool:
        """Did one compilation unit make both addresses? False where the file has no such debug information."""
        return any(
            any(low <= address < high for low, high in ranges) and any(low <= other < high for low, high in ranges)
            for ranges in self._units
        )

    @cached_property
    def _units(self) -> list[list[tuple[int, int]]]:
        return [self._told.ranges.get(offset, []) for offset in self._told.units]

    def _instructions(self, symbol: Symbol) -> list[Instruction]:
        end = symbol.address + symbol.size
        first = max(bisect.bisect_right(self._addresses, symbol.address) - 1, 0)
        last = bisect.bisect_left(self._addresses, end)
        lines = (line for at in self._addresses[first:last] for line in self._told.code[at].splitlines())
        texts = ((int(found[1], 16), found[2]) for found in map(_LINE.match, lines) if found is not None)
        read = (self._read(*text) for text in texts if symbol.address <= text[0] < end)
        found = [one for one in read if one is not None]
        if any(one.flow == "unknown" for one in found):
            targets = self._table_targets(found)
            found = [replace(one, targets=targets) if one.flow == "unknown" else one for one in found]
        return found

    def _table_targets(self, instructions: Sequence[Instruction]) -> tuple[int, ...]:
        """Where the jump tables of a function lead: tables of distances from themselves, whose address it loads."""
        inside = {one.address for one in instructions}
        found: set[int] = set()
        for one in instructions:
            loaded = _LOADED.match(one.text)
            for distance in self._image.distances(int(loaded[1], 16)) if loaded else ():
                target = int(loaded[1], 16) + distance  # type: ignore[index]
                if target not in inside:
                    break
                found.add(target)
        return tuple(sorted(found))

    def _read(self, address: int, text: str) -> Instruction | None:
        if self._set.padding.fullmatch(text.strip()):
            return None
        _, mnemonic, operands = split_prefixes(text)
        flow = self._set.flow(mnemonic, operands)
        target, callee = None, None
        if flow in {"call", "jump", "branch"}:
            target, callee = self._where(operands)
            if flow == "jump" and target is None and callee is None:
                flow = "unknown"
        return Instruction(address, text.strip(), flow, self._set.is_packed(mnemonic, operands), target, callee)

    def _where(self, operands: str) -> tuple[int | None, str | None]:
        """Address and name of what a jump or a call leads to, also through a slot that the loader fills."""
        through = _THROUGH_MEMORY.search(operands)
        if through is not None:
            slot = self._told.slots.get(int(through[1], 16))
            return (slot, self._names.get(slot)) if isinstance(slot, int) else (None, slot)
        direct = _ADDRESS.search(operands)
        if direct is None:
            return None, None
        target = int(direct[1], 16)
        # A name with an offset is the nearest symbol before, which is another.
        return target, self._names.get(target) or (direct[2] if "+0x" not in direct[2] else None)

    def name_at(self, address: int) -> str | None:
        """The function that begins here."""
        return self._names.get(address)


def _objdump(path: Path, options: Sequence[str]) -> str:
    command = ["objdump", "-w", *options, str(path)]
    try:
        done = processes.run(command, seconds=PATIENCE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError as error:
        raise ToolError(
            "objdump is not installed, and without it there is no machine code: apt install binutils."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"objdump did not read {path.name} within {PATIENCE:g} s.") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise ToolError(f"objdump cannot read {path.name}: {said[-1] if said else 'it said nothing'}")
    return done.stdout.decode(errors="replace")


def _parse(text: str, told: _Told) -> None:
    """Add to `told` what a text of objdump says."""
    # A plugin has a hundred thousand instructions, most of them the library's: they are read when somebody asks.
    told.code |= {int(found[1], 16): found[2] for found in _CODE.finditer(text)}
    in_unit = False
    for line in _CODE.sub("", text).splitlines():
        if found := _RANGE.match(line):
            low, high = int(found[2], 16), int(found[3], 16)
            told.ranges.setdefault(int(found[1], 16), []).append((low, high))
        elif found := _SYMBOL.match(line):
            told.symbols.append(Symbol(int(found[1], 16), int(found[2], 16), found[3].strip()))
        elif found := _RELOCATION.match(line):
            value = found[2].strip()
            local = re.fullmatch(r"\*ABS\*\+0x([0-9a-f]+)", value)
            told.slots[int(found[1], 16)] = int(local[1], 16) if local else value.partition("@")[0]
        elif _UNIT.search(line):
            in_unit = True
        elif in_unit and (found := _RANGES.search(line)):
            told.units.append(int(found[1], 16))
            in_unit = False
    told.symbols = [symbol for symbol in told.symbols if symbol.size > 0]
