"""The machine code of every kernel of a plugin: size, checks, and a listing that two builds can be compared by."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from safecost.code.control_flow import CALL, CHECK, PACKED
from safecost.code.elf_file import Symbol
from safecost.code.failures import readable
from safecost.code.instruction_sets import Instruction
from safecost.code.shared_object import SharedObject, is_work
from safecost.core import parallel
from safecost.core.errors import ToolError
from safecost.core.text import counted
from safecost.document.evidence import PluginDescription
from safecost.document.measured import Code

HEADING = "-"  # the mark of a line that is no instruction but names the part that follows
MOST_LINES = 2_500  # of one listing; helpers that would make it longer are named only
_OWN_DATA = re.compile(r"\[rip(?: [+-] \w+)?\]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A function with its out-of-line parts, each instruction with its mark."""

    parts: tuple[tuple[Symbol, tuple[Instruction, ...]], ...]
    marks: Mapping[int, str]

    @property
    def instructions(self) -> Iterator[Instruction]:
        return (one for _, instructions in self.parts for one in instructions)

    def count(self, mark: str) -> int:
        return sum(self.marks[one.address] == mark for one in self.instructions)

    @property
    def packed(self) -> int:
        return self.count(PACKED)


def codes(case: str, profile: str, plugin: Path, description: PluginDescription) -> list[Code]:
    """The code of every kernel of a plugin; `description` is the runner's, which tells where the kernels are.

    Counted is the kernel with its out-of-line parts, and with what its workers do; functions of the case that it calls
    are listed behind it, one level deep, each under a heading with its own figures. No-ops that align are neither
    counted nor listed.
    Raises ToolError where the file cannot be read.
    """
    shared = SharedObject(plugin)
    kernels: list[tuple[str, _Piece, list[_Piece | Symbol]]] = []
    fingerprints: dict[str, str] = {}
    for variant in description.variants:
        symbol = None if variant.address is None else shared.elf.symbol_at(variant.address)
        if symbol is not None:
            piece = _piece(shared, symbol)
            kernels.append((variant.name, piece, _helpers(shared, symbol, piece)))
            fingerprints[variant.name] = _fingerprint(shared, symbol)
    names = readable(_names(kernels))
    return [
        replace(_code(case, profile, variant, piece, helpers, names), fingerprint=fingerprints[variant])
        for variant, piece, helpers in kernels
    ]


def of_run(
    plugins: Mapping[tuple[str, str], Path], descriptions: Mapping[tuple[str, str], PluginDescription]
) -> tuple[list[Code], list[str]]:
    """The codes of a whole run, by (case, profile), and what could not be read, each reason once."""
    found: list[Code] = []
    complaints: dict[str, None] = {}
    wanted = [(*key, plugins[key], descriptions[key]) for key in sorted(descriptions) if key in plugins]
    for result in parallel.results(_codes_or_why, None, wanted, "read machine code"):
        if isinstance(result, str):
            complaints[result] = None
        else:
            found += result
    return found, list(complaints)


def _codes_or_why(_: None, wanted: tuple[str, str, Path, PluginDescription]) -> list[Code] | str:
    try:
        return codes(*wanted)
    except ToolError as error:
        return str(error)


def _piece(shared: SharedObject, symbol: Symbol) -> _Piece:
    parts = tuple((part, tuple(instructions)) for part, instructions in shared.parts(symbol) if instructions)
    return _Piece(parts, shared.control_flow(symbol).marks())


def _helpers(shared: SharedObject, kernel: Symbol, piece: _Piece) -> list[_Piece | Symbol]:
    """Functions that the same source made and that the kernel calls; only the symbol of those beyond MOST_LINES."""
    found: dict[int, _Piece | Symbol] = {}
    room = MOST_LINES - sum(1 for _ in piece.instructions)
    for one in piece.instructions:
        if piece.marks[one.address] != CALL or one.target is None or one.target == kernel.address:
            continue
        symbol = shared.elf.symbol_at(one.target)
        if symbol is None or symbol.address in found or not shared.elf.same_source(kernel.address, symbol.address):
            continue
        helper = _piece(shared, symbol)
        size = sum(1 for _ in helper.instructions)
        found[symbol.address] = helper if size <= room else symbol
        room -= min(size, room)
    return list(found.values())


def _fingerprint(shared: SharedObject, kernel: Symbol) -> str:
    """A hash of a kernel's code and of all functions of the same source that it leads to, however deep.

    Followed are calls and addresses that the code takes, not those that it finds in memory, such as in a vtable.
    """
    reached, waiting, digest = {kernel.address}, [kernel], hashlib.sha256()
    while waiting:
        piece = _piece(shared, waiting.pop())
        callees = {one.callee: one.callee for one in piece.instructions if one.callee is not None}
        digest.update("\n".join((*_listing(piece, callees, "L"), "")).encode())
        for one in piece.instructions:
            address = one.target if piece.marks[one.address] == CALL else one.memory
            symbol = None if address is None else shared.elf.symbol_at(address)
            if symbol is not None and symbol.address not in reached:
                reached.add(symbol.address)
                if shared.elf.same_source(kernel.address, symbol.address):
                    waiting.append(symbol)
    return digest.hexdigest()


def _names(kernels: Iterable[tuple[str, _Piece, list[_Piece | Symbol]]]) -> Iterator[str]:
    for _, kernel, helpers in kernels:
        for piece in (kernel, *helpers):
            if isinstance(piece, Symbol):
                yield piece.name
                continue
            yield piece.parts[0][0].name
            yield from (one.callee for one in piece.instructions if one.callee is not None)


def _code(
    case: str, profile: str, variant: str, piece: _Piece, helpers: Iterable[_Piece | Symbol], names: Mapping[str, str]
) -> Code:
    lines = list(_listing(piece, names, "L"))
    for number, helper in enumerate(helpers, 1):
        if isinstance(helper, Symbol):
            lines.append(f"{HEADING} {names[helper.name]}, called above: {helper.size} bytes, too long to list")
            continue
        told = f"{counted(helper.count(CHECK), 'check')}, {helper.packed} packed, {counted(helper.count(CALL), 'call')}"
        size = sum(1 for _ in helper.instructions)
        lines.append(f"{HEADING} {names[helper.parts[0][0].name]}, called above: {size} instructions, {told}")
        lines += _listing(helper, names, f"H{number}L")
    return Code(
        case=case,
        profile=profile,
        variant=variant,
        bytes=sum(part.size for part, _ in piece.parts),
        instructions=sum(1 for _ in piece.instructions),
        checks=piece.count(CHECK),
        packed=piece.packed,
        calls=piece.count(CALL),
        listing="\n".join(lines),
    )


def _listing(piece: _Piece, names: Mapping[str, str], prefix: str) -> Iterator[str]:
    jumped_to = {one.target for one in piece.instructions if one.flow in {"jump", "branch"}}
    jumped_to.update(target for one in piece.instructions for target in one.targets)
    labelled = [one.address for one in piece.instructions if one.address in jumped_to]
    labels = {address: f"{prefix}{number}" for number, address in enumerate(labelled, 1)}
    for at, (part, instructions) in enumerate(piece.parts):
        if at > 0:
            yield f"{HEADING} on each worker" if is_work(part) else f"{HEADING} out of line"
        for one in instructions:
            label = f"{labels[one.address]}: " if one.address in labels else ""
            yield f"{piece.marks[one.address]} {label}{_text(one, labels, names)}"


def _text(one: Instruction, labels: Mapping[int, str], names: Mapping[str, str]) -> str:
    """An instruction without addresses: labels and names for what it jumps to and calls, `data` for what it reads."""
    if one.flow in {"call", "jump", "branch"} and (one.target is not None or one.callee is not None):
        where = labels.get(one.target) if one.target is not None else None
        where = where or (names[one.callee] if one.callee is not None else "another function")
        return f"{one.mnemonic} {', '.join([*one.operands.split(', ')[:-1], where])}"
    operands = re.sub(r"#0x\w+$", "[data]", one.operands) if one.mnemonic in {"adr", "adrp"} else one.operands
    return f"{one.mnemonic} {_OWN_DATA.sub('[data]', operands)}".strip()
