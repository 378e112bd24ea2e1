"""The functions of a shared object: their instructions, the names behind their calls, and which never return."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from safecost.code.control_flow import ControlFlow
from safecost.code.elf_file import ElfFile, Symbol
from safecost.code.failures import fails_by_name
from safecost.code.instruction_sets import Disassembler, Instruction

_DEEPEST = 8  # calls behind one another that are followed to find out that a function never returns
_LONGEST = 4_000  # instructions of a function that is looked into for that
_STUB = 16  # bytes of a linker's stub; a longer one does not tell more in the rest


_WORK = re.compile(r"8safecost\w*6worked")


def is_work(symbol: Symbol) -> bool:
    """Is this what a kernel hands to its workers, `safecost::worked` of C++ or of Rust?"""
    return _WORK.search(symbol.name) is not None


class SharedObject:
    """A plugin's machine code; raises ToolError where the file cannot be read."""

    def __init__(self, path: Path) -> None:
        self.elf = ElfFile(path)
        self._disassembler = Disassembler(self.elf.machine)
        self._read: dict[int, list[Instruction]] = {}
        self._parts: dict[int, list[tuple[Symbol, list[Instruction]]]] = {}
        self._failing: dict[int, bool] = {}

    def parts(self, symbol: Symbol) -> list[tuple[Symbol, list[Instruction]]]:
        """A function's instructions and those of its out-of-line parts, which its jumps lead to; no padding.

        A part is a symbol named like the function with `.cold` behind, or one that is jumped into behind its start. So
        is what a kernel hands to its workers, whose address it takes: its body.
        """
        if symbol.address in self._parts:
            return self._parts[symbol.address]
        parts = self._parts[symbol.address] = [(symbol, self.instructions(symbol))]
        for _, instructions in parts:  # which grows
            for instruction in instructions:
                other = self._beyond(symbol, instruction)
                if other is not None and all(other.address != part.address for part, _ in parts):
                    parts.append((other, self.instructions(other)))
        return parts

    def _beyond(self, symbol: Symbol, instruction: Instruction) -> Symbol | None:
        """The part of a function that an instruction of it leads to, or itself."""
        if instruction.flow == "next" and instruction.memory is not None:
            other = self.elf.symbol_at(instruction.memory)
            return other if other is not None and other.address == instruction.memory and is_work(other) else None
        if instruction.flow not in {"jump", "branch"} or instruction.target is None:
            return None
        other = self.elf.symbol_at(instruction.target)
        if other is None or other.name.startswith(f"{symbol.name}.cold") or other.address != instruction.target:
            return other
        return None

    def control_flow(self, symbol: Symbol, depth: int = 0) -> ControlFlow:
        """The blocks of a function with its parts."""
        parts = [(part, instructions) for part, instructions in self.parts(symbol) if instructions]
        entries = [instructions[0].address for part, instructions in parts if is_work(part)]
        code = [instructions for _, instructions in parts]
        return ControlFlow(code, lambda name, address: self.fails(name, address, depth + 1), entries)

    def fails(self, name: str | None, address: int | None, depth: int = 0) -> bool:
        """Does this callee only report an error, and never return? By its name, else by its own code."""
        if name is not None and fails_by_name(name):
            return True
        symbol = None if address is None else self.elf.symbol_at(address)
        if symbol is None or symbol.address != address or depth > _DEEPEST:
            return False
        if symbol.address not in self._failing:
            self._failing[symbol.address] = False  # a function that calls itself does not fail for that
            if len(self.instructions(symbol)) <= _LONGEST:
                flow = self.control_flow(symbol, depth)
                self._failing[symbol.address] = flow.fails(flow.entry)
        return self._failing[symbol.address]

    def instructions(self, symbol: Symbol) -> list[Instruction]:
        """The instructions of one symbol, with the names of what they call and the targets of jump tables."""
        if symbol.address not in self._read:
            code = self.elf.bytes_at(symbol.address, symbol.size)
            instructions = [
                self._named(instruction) if instruction.flow in {"call", "jump", "branch"} else instruction
                for instruction in self._disassembler.instructions(code, symbol.address)
            ]
            if any(instruction.flow == "unknown" for instruction in instructions):
                targets = self._table_targets(instructions)
                instructions = [
                    replace(instruction, targets=targets) if instruction.flow == "unknown" else instruction
                    for instruction in instructions
                ]
            self._read[symbol.address] = instructions
        return self._read[symbol.address]

    def _table_targets(self, instructions: Sequence[Instruction]) -> tuple[int, ...]:
        """Where the jump tables of a function lead: tables of distances from themselves, whose address it loads."""
        inside = {instruction.address for instruction in instructions}
        targets: set[int] = set()
        for instruction in instructions:
            if instruction.flow != "next" or instruction.memory is None:
                continue
            for distance in self.elf.distances(instruction.memory):
                target = instruction.memory + distance
                if target not in inside:
                    break
                targets.add(target)
        return tuple(sorted(targets))

    def _named(self, instruction: Instruction) -> Instruction:
        """With address and name of what a jump or a call leads to, also through a slot that the loader fills."""
        target, callee = instruction.target, None
        if target is not None:
            callee = self.elf.name_at(target) or self._behind_stub(target)
        elif instruction.memory is not None:
            slot = self.elf.slots.get(instruction.memory)
            target, callee = (slot, self.elf.name_at(slot)) if isinstance(slot, int) else (None, slot)
        if instruction.flow == "jump" and target is None and callee is None:
            return replace(instruction, flow="unknown")
        return replace(instruction, target=target, callee=callee)

    def _behind_stub(self, address: int) -> str | None:
        """The function that a stub of the linker calls."""
        if self.elf.symbol_at(address) is not None:
            return None
        slot = self._disassembler.stub(self.elf.bytes_at(address, _STUB), address)
        name = None if slot is None else self.elf.slots.get(slot)
        return name if isinstance(name, str) else None
