"""What an instruction does: the only place of the package that differs by processor architecture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import capstone
from capstone import arm64, x86

from safecost.core.errors import ToolError

# `unknown` is a jump whose target the code does not show: a jump table, or a call through a pointer as the last act.
Flow = Literal["next", "return", "jump", "branch", "call", "trap", "unknown"]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; `target` is where it jumps or calls, `callee` the name of what is there.

    `memory` is the address of the word through which it jumps or calls, or which it loads. `targets` are those of a
    jump table, empty where the table was not found.
    """

    address: int
    mnemonic: str  # with its prefixes
    operands: str
    flow: Flow
    packed: bool
    target: int | None = None
    memory: int | None = None
    callee: str | None = None
    targets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class InstructionSet:
    """How one architecture is read by Capstone: `decode` yields what the bytes at an address hold.

    `traps` and `jumps` are Capstone's numbers of instructions; a jump may yet be conditional, which `is_conditional`
    tells. `memory` is the address that an instruction names relative to itself. `stub` finds the word through which a
    stub of the linker jumps.
    """

    architecture: int
    mode: int
    decode: Callable[[Any, bytes, int], Iterator[Any]]
    traps: frozenset[int]
    is_conditional: Callable[[Any], bool]
    is_packed: Callable[[str, str], bool]
    is_padding: Callable[[Any], bool]
    memory: Callable[[Any], int | None]
    stub: Callable[[Iterable[Any]], int | None]


class Disassembler:
    """Reads the machine code of one ELF machine; raises ToolError for one that is not known."""

    def __init__(self, machine: str) -> None:
        if machine not in _SETS:
            raise ToolError(f"machine code of {machine} cannot be read: only that of {' and '.join(_SETS)} can.")
        self._set = _SETS[machine]
        self._capstone = capstone.Cs(self._set.architecture, self._set.mode)
        self._capstone.detail = True
        self._capstone.skipdata = True  # what is no instruction is listed as bytes
        self._flows: dict[int, Flow] = {}

    def instructions(self, code: bytes, address: int) -> Iterator[Instruction]:
        """What the bytes at an address hold, without the no-ops that fill space up to an alignment."""
        for raw in self._set.decode(self._capstone, code, address):
            if not self._set.is_padding(raw):
                yield self._read(raw)

    def stub(self, code: bytes, address: int) -> int | None:
        """The address of the word through which a stub of the linker jumps; None where there is no stub."""
        return self._set.stub(self._set.decode(self._capstone, code, address))

    def _read(self, raw: Any) -> Instruction:
        mnemonic, operands = raw.mnemonic, raw.op_str
        flow, target, memory = self._flow(raw), None, None
        if flow in {"call", "jump", "branch"}:
            last = raw.operands[-1] if raw.operands else None
            target = last.imm if last is not None and last.type == capstone.CS_OP_IMM else None
            memory = self._set.memory(raw) if target is None else None
            if flow == "jump" and self._set.is_conditional(raw):
                flow = "branch"
            elif flow == "jump" and target is None and memory is None:
                flow = "unknown"
        elif mnemonic == "lea":
            memory = self._set.memory(raw)
        packed = self._set.is_packed(mnemonic, operands)
        return Instruction(raw.address, mnemonic, operands, flow, packed, target, memory)

    def _flow(self, raw: Any) -> Flow:
        """By Capstone's groups, which are the same for all instructions of a number and slow to ask for."""
        if raw.id not in self._flows:
            self._flows[raw.id] = _flow_of(frozenset(raw.groups) if raw.id else frozenset(), raw.id in self._set.traps)
        return self._flows[raw.id]


def _flow_of(groups: frozenset[int], trap: bool) -> Flow:
    if trap:
        return "trap"
    if groups & {capstone.CS_GRP_RET, capstone.CS_GRP_IRET}:
        return "return"
    if capstone.CS_GRP_CALL in groups:
        return "call"
    return "jump" if groups & {capstone.CS_GRP_JUMP, capstone.CS_GRP_BRANCH_RELATIVE} else "next"


# ---- x86-64, Intel syntax ------------------------------------------------------------------------------------------

_UD1, _IMUL = b"\x0f\xb9", b"\x0f\xaf"
_PREFIXES = bytes([0x66, 0x67, 0xF2, 0xF3, 0x2E, 0x36, 0x3E, 0x26, 0x64, 0x65, *range(0x40, 0x50)])
_VECTOR_REGISTER = re.compile(r"\b[xyz]mm\d")
# Arithmetic, comparison, logic and conversion, which give lanes new values. Moves, copies, broadcasts, shuffles,
# unpacks and insertions are none, since compilers also copy structs and gather two pointers for one store with them.
_PACKED = re.compile(
    r"""v?(?:
        (?:add|sub|mul|div|sqrt|rsqrt\d*|rcp\d*|min|max|and|andn|or|xor|hadd|hsub|addsub|dp|round|cmp\w*|rndscale
           |fn?m(?:add|sub|addsub|subadd)\d*)p[sd]
      | cvt\w*p[sdhi]2\w+ | cvt\w+2p[sd]
      | p(?:add|sub|mul|madd|cmp|and|andn|or|xor|sll|srl|sra|rol|ror|min|max|avg|sad|abs|sign|hadd|hsub|ternlog|popcnt
           |lzcnt|test|conflict)\w*
      | (?:ptest|mpsadbw|phminposuw|pdp\w+)
    )""",
    re.VERBOSE,
)
_ZEROING = re.compile(r"v?(?:p?xor|p?andn|psub|p?sub)\w*")


def _decode_x86(disassembler: Any, code: bytes, address: int) -> Iterator[Any]:
    # Capstone 5 does not know that UD1, by which Clang's sanitizers trap, has operands, and would go on within it.
    # IMUL is read in its place, since its operands are encoded alike.
    readable = code.replace(_UD1, _IMUL)
    for raw in disassembler.disasm(readable, address):
        start = raw.address - address
        original = code[start : start + raw.size]
        if readable is code or original == readable[start : start + raw.size]:
            yield raw
        elif original.lstrip(_PREFIXES).startswith(_UD1):
            yield _Ud1(raw)
        else:  # the two bytes are part of a number
            yield from disassembler.disasm(original, raw.address)


class _Ud1:
    """A UD1 that was read as an IMUL."""

    id, mnemonic = x86.X86_INS_UD1, "ud1"
    groups: tuple[int, ...] = ()

    def __init__(self, raw: Any) -> None:
        self.address, self.size, self.op_str = raw.address, raw.size, raw.op_str


def _is_packed_of_x86(mnemonic: str, operands: str) -> bool:
    if not _VECTOR_REGISTER.search(operands) or not _PACKED.fullmatch(mnemonic):
        return False
    registers = operands.split(", ")
    # A register less itself, or xor-ed with itself, is how a zero is written.
    return not (_ZEROING.fullmatch(mnemonic) and len(registers) >= 2 and registers[-1] == registers[-2])


def _memory_of_x86(raw: Any) -> int | None:
    return raw.address + raw.size + raw.disp if "[rip" in raw.op_str else None


def _stub_of_x86(code: Iterable[Any]) -> int | None:
    return next((_memory_of_x86(raw) for raw in code if raw.id == x86.X86_INS_JMP), None)


# ---- AArch64 -------------------------------------------------------------------------------------------------------

_LANES = re.compile(r"\b[vz]\d+\.(?:\d+[bhsd]|[bhsd]\b(?!\[))")
_LANE_MOVES = re.compile(r"(?:ld|st|mov|dup|ins|umov|smov|zip|uzp|trn|ext|tbl|tbx|rev|xtn|sxtl|uxtl|[su]shll).*")


def _is_conditional_of_arm(raw: Any) -> bool:
    if raw.id == arm64.ARM64_INS_B:
        return raw.cc not in {arm64.ARM64_CC_INVALID, arm64.ARM64_CC_AL}
    return raw.id not in {arm64.ARM64_INS_BR, arm64.ARM64_INS_BRAA, arm64.ARM64_INS_BRAB}


def _is_packed_of_arm(mnemonic: str, operands: str) -> bool:
    return bool(_LANES.search(operands)) and not _LANE_MOVES.fullmatch(mnemonic)


def _stub_of_arm(code: Iterable[Any]) -> int | None:
    page = 0
    for raw in code:
        if raw.id == arm64.ARM64_INS_ADRP:
            page = raw.operands[1].imm
        elif raw.id == arm64.ARM64_INS_LDR and raw.operands[1].type == capstone.CS_OP_MEM:
            return int(page + raw.operands[1].mem.disp)
    return None


_SETS = {
    "EM_X86_64": InstructionSet(
        capstone.CS_ARCH_X86,
        capstone.CS_MODE_64,
        _decode_x86,
        frozenset({x86.X86_INS_UD0, x86.X86_INS_UD1, x86.X86_INS_UD2, x86.X86_INS_INT3, x86.X86_INS_HLT}),
        lambda raw: raw.id != x86.X86_INS_JMP,
        _is_packed_of_x86,
        lambda raw: raw.id == x86.X86_INS_NOP or (raw.id == x86.X86_INS_XCHG and raw.op_str == "ax, ax"),
        _memory_of_x86,
        _stub_of_x86,
    ),
    "EM_AARCH64": InstructionSet(
        capstone.CS_ARCH_ARM64,
        capstone.CS_MODE_ARM,
        lambda disassembler, code, address: disassembler.disasm(code, address),
        frozenset({arm64.ARM64_INS_BRK, arm64.ARM64_INS_UDF, arm64.ARM64_INS_HLT}),
        _is_conditional_of_arm,
        _is_packed_of_arm,
        lambda raw: raw.id == arm64.ARM64_INS_NOP,
        lambda raw: None,
        _stub_of_arm,
    ),
}
