"""What an instruction does, by its spelling: the only place of the driver that differs by processor architecture."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

# `unknown` is a jump whose target the text does not tell: a jump table, or a call through a pointer as the last act.
Flow = Literal["next", "return", "jump", "branch", "call", "trap", "unknown"]


@dataclass(frozen=True, slots=True)
class InstructionSet:
    """How one architecture is disassembled and read: objdump's options, and two judgements of an instruction.

    `flow` tells where control goes, `is_packed` whether it computes on a vector of numbers; both are given the
    mnemonic and the operands. `padding` matches instructions that only fill space up to an alignment.
    """

    options: tuple[str, ...]
    flow: Callable[[str, str], Flow]
    is_packed: Callable[[str, str], bool]
    padding: re.Pattern[str]


# ---- x86-64, Intel syntax ------------------------------------------------------------------------------------------

_PREFIXES = frozenset(
    {"rep", "repe", "repz", "repne", "repnz", "lock", "data16", "addr32", "notrack", "bnd", "cs", "ds", "es", "ss"}
    | {"fs", "gs", "rex.W", "xacquire", "xrelease"}
)
_TRAPS = frozenset({"ud2", "ud1", "ud0", "int3", "hlt"})
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


def split_prefixes(text: str) -> tuple[str, str, str]:
    """Prefixes, mnemonic and operands of an instruction as objdump spells it for x86."""
    words = text.split()
    at = 0
    while at < len(words) - 1 and (words[at] in _PREFIXES or words[at].startswith("rex.")):
        at += 1
    return " ".join(words[:at]), words[at] if words else "", " ".join(words[at + 1 :])


def _flow_of_x86(mnemonic: str, operands: str) -> Flow:
    if mnemonic in _TRAPS:
        return "trap"
    if mnemonic.startswith(("ret", "iret")):
        return "return"
    if mnemonic == "call":
        return "call"
    if mnemonic == "jmp":
        return "jump" if re.match(r"[0-9a-f]+\b", operands) or "[rip" in operands else "unknown"
    if mnemonic.startswith(("j", "loop")):
        return "branch"
    return "next"


def _is_packed_of_x86(mnemonic: str, operands: str) -> bool:
    if not _VECTOR_REGISTER.search(operands) or not _PACKED.fullmatch(mnemonic):
        return False
    registers = [word.strip() for word in operands.split(",")]
    # A register less itself, or xor-ed with itself, is how a zero is written.
    return not (_ZEROING.fullmatch(mnemonic) and len(registers) >= 2 and registers[-1] == registers[-2])


# ---- AArch64 -------------------------------------------------------------------------------------------------------

_LANES = re.compile(r"\b[vz]\d+\.(?:\d+[bhsd]|[bhsd]\b(?!\[))")
_LANE_MOVES = re.compile(r"(?:ld|st|mov|dup|ins|umov|smov|zip|uzp|trn|ext|tbl|tbx|rev|xtn|sxtl|uxtl|[su]shll).*")


def _flow_of_arm(mnemonic: str, operands: str) -> Flow:
    if mnemonic in {"brk", "udf", "hlt"}:
        return "trap"
    if mnemonic.startswith("ret"):
        return "return"
    if mnemonic in {"bl", "blr", "blraa", "blrab"}:
        return "call"
    if mnemonic == "b":
        return "jump"
    if mnemonic in {"br", "braa", "brab"}:
        return "unknown"
    if mnemonic.startswith(("b.", "bc.")) or mnemonic in {"cbz", "cbnz", "tbz", "tbnz"}:
        return "branch"
    return "next"


def _is_packed_of_arm(mnemonic: str, operands: str) -> bool:
    return bool(_LANES.search(operands)) and not _LANE_MOVES.fullmatch(mnemonic)


_X86 = InstructionSet(
    ("-M", "intel"),
    _flow_of_x86,
    _is_packed_of_x86,
    re.compile(r"(?:\w+ )*nop\b.*|xchg\s+ax,ax|xchg\s+%?ax, ?%?ax"),
)
_ARM = InstructionSet((), _flow_of_arm, _is_packed_of_arm, re.compile(r"nop\b.*"))


def of_machine(machine: str) -> InstructionSet:
    """The instruction set of a machine as `platform.machine()` or objdump names it; x86-64 where it is not known."""
    return _ARM if "aarch64" in machine or "arm64" in machine else _X86
