from __future__ import annotations

import pytest

from safecost.code.instruction_sets import Disassembler, Instruction
from safecost.core.errors import ToolError

X86, ARM = "EM_X86_64", "EM_AARCH64"
AT = 0x1000


def read(machine: str, code: str) -> list[Instruction]:
    return list(Disassembler(machine).instructions(bytes.fromhex(code), AT))


def text(instruction: Instruction) -> str:
    return f"{instruction.mnemonic} {instruction.operands}".strip()


@pytest.mark.parametrize(
    ("code", "words", "packed"),
    [
        ("0f58c1", "addps xmm0, xmm1", True),
        ("660ffe07", "paddd xmm0, xmmword ptr [rdi]", True),
        ("c5f5d4c2", "vpaddq ymm0, ymm1, ymm2", True),
        ("c4e275b8c2", "vfmadd231ps ymm0, ymm1, ymm2", True),
        ("62f3f54825c203", "vpternlogq zmm0, zmm1, zmm2, 3", True),
        ("660f66e2", "pcmpgtd xmm4, xmm2", True),
        ("0f5bc0", "cvtdq2ps xmm0, xmm0", True),
        ("660fefca", "pxor xmm1, xmm2", True),
        # Scalars.
        ("f30f58c1", "addss xmm0, xmm1", False),
        ("c5f359c2", "vmulsd xmm0, xmm1, xmm2", False),
        ("f2480f2ac0", "cvtsi2sd xmm0, rax", False),
        # Copies, and how two words are gathered for one store.
        ("0f110424", "movups xmmword ptr [rsp], xmm0", False),
        ("660f6fc1", "movdqa xmm0, xmm1", False),
        ("660f6cc1", "punpcklqdq xmm0, xmm1", False),
        ("660f70c1ee", "pshufd xmm0, xmm1, 0xee", False),
        ("c4e27958c1", "vpbroadcastd xmm0, xmm1", False),
        # Writing a zero.
        ("660fefc0", "pxor xmm0, xmm0", False),
        ("c5f857c0", "vxorps xmm0, xmm0, xmm0", False),
        ("660ffadb", "psubd xmm3, xmm3", False),
        # Begin with a p, and have nothing to do with vectors.
        ("53", "push rbx", False),
        ("f3480fb8c7", "popcnt rax, rdi", False),
        ("0f180f", "prefetcht0 byte ptr [rdi]", False),
        ("c4e2c2f5c6", "pext rax, rdi, rsi", False),
    ],
)
def test_packed_is_arithmetic_on_more_than_one_lane(code: str, words: str, packed: bool) -> None:
    (instruction,) = read(X86, code)
    assert (text(instruction), instruction.packed) == (words, packed)


@pytest.mark.parametrize(
    ("code", "words", "flow", "target", "memory"),
    [
        ("770e", "ja 0x1010", "branch", 0x1010, None),
        ("e20e", "loop 0x1010", "branch", 0x1010, None),
        ("eb0e", "jmp 0x1010", "jump", 0x1010, None),
        ("f2e900000000", "bnd jmp 0x1006", "jump", 0x1006, None),
        ("ff250a000000", "jmp qword ptr [rip + 0xa]", "jump", None, 0x1010),
        ("3effe0", "notrack jmp rax", "unknown", None, None),
        ("ff24c500000000", "jmp qword ptr [rax*8]", "unknown", None, None),
        ("f3c3", "repz ret", "return", None, None),
        ("e80b000000", "call 0x1010", "call", 0x1010, None),
        ("ff150a000000", "call qword ptr [rip + 0xa]", "call", None, 0x1010),
        ("ffd0", "call rax", "call", None, None),
        ("0f0b", "ud2", "trap", None, None),
        ("670fb94002", "ud1 eax, dword ptr [eax + 2]", "trap", None, None),
        ("cc", "int3", "trap", None, None),
        ("488d05fcffffff", "lea rax, [rip - 4]", "next", None, 0x1003),
        ("f348ab", "rep stosq qword ptr [rdi], rax", "next", None, None),
        ("f00fb137", "lock cmpxchg dword ptr [rdi], esi", "next", None, None),
        ("06", ".byte 0x06", "next", None, None),  # no instruction
    ],
)
def test_where_control_goes(code: str, words: str, flow: str, target: int | None, memory: int | None) -> None:
    (instruction,) = read(X86, code)
    assert (text(instruction), instruction.flow) == (words, flow)
    assert (instruction.target, instruction.memory) == (target, memory)


def test_reading_goes_on_behind_a_trap_with_operands() -> None:
    assert [text(instruction) for instruction in read(X86, "670fb9400c 488b07 c3")] == [
        "ud1 eax, dword ptr [eax + 0xc]",
        "mov rax, qword ptr [rdi]",
        "ret",
    ]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("b80fb90000", "mov eax, 0xb90f"),
        ("69c00fb90000", "imul eax, eax, 0xb90f"),
        ("0faf870fb90000", "imul eax, dword ptr [rdi + 0xb90f]"),
    ],
)
def test_a_number_that_looks_like_a_trap_is_a_number(code: str, words: str) -> None:
    (instruction,) = read(X86, code)
    assert (text(instruction), instruction.flow) == (words, "next")


@pytest.mark.parametrize("code", ["90", "662e0f1f840000000000", "0f1f00", "6690", "6687c0"])
def test_alignment_is_padding(code: str) -> None:
    assert read(X86, code) == []
    assert len(read(X86, "6687d8")) == 1  # xchg ax, bx


@pytest.mark.parametrize(
    ("code", "words", "flow", "target", "packed"),
    [
        ("88000054", "b.hi #0x1010", "branch", 0x1010, False),
        ("800000b4", "cbz x0, #0x1010", "branch", 0x1010, False),
        ("81001837", "tbnz w1, #3, #0x1010", "branch", 0x1010, False),
        ("04000014", "b #0x1010", "jump", 0x1010, False),
        ("04000094", "bl #0x1010", "call", 0x1010, False),
        ("00013fd6", "blr x8", "call", None, False),
        ("20021fd6", "br x17", "unknown", None, False),
        ("c0035fd6", "ret", "return", None, False),
        ("200020d4", "brk #1", "trap", None, False),
        ("00000000", "udf #0", "trap", None, False),
        ("2084a24e", "add v0.4s, v1.4s, v2.4s", "next", None, True),
        ("0000c03d", "ldr q0, [x0]", "next", None, False),
        ("201ca14e", "mov v0.16b, v1.16b", "next", None, False),
        ("2028621e", "fadd d0, d1, d2", "next", None, False),
    ],
)
def test_the_other_architecture(code: str, words: str, flow: str, target: int | None, packed: bool) -> None:
    (instruction,) = read(ARM, code)
    assert (text(instruction), instruction.flow) == (words, flow)
    assert (instruction.target, instruction.packed) == (target, packed)


def test_padding_of_the_other_architecture() -> None:
    assert read(ARM, "1f2003d5") == []


def test_a_machine_that_is_not_known_is_named() -> None:
    with pytest.raises(ToolError, match="EM_RISCV"):
        Disassembler("EM_RISCV")
