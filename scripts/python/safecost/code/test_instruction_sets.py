from __future__ import annotations

import pytest

from safecost.code.instruction_sets import of_machine, split_prefixes

X86, ARM = of_machine("x86_64"), of_machine("aarch64")


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("addps xmm0,xmm1", True),
        ("paddd xmm0,XMMWORD PTR [rdi]", True),
        ("vpaddq ymm0,ymm1,ymm2", True),
        ("vfmadd231ps ymm0,ymm1,ymm2", True),
        ("pcmpgtd xmm4,xmm2", True),
        ("cvtdq2ps xmm0,xmm0", True),
        ("pxor xmm1,xmm2", True),
        # Scalars.
        ("addss xmm0,xmm1", False),
        ("vmulsd xmm0,xmm1,xmm2", False),
        ("cvtsi2sd xmm0,rax", False),
        # Copies, and how two words are gathered for one store.
        ("movups XMMWORD PTR [rsp],xmm0", False),
        ("movdqa xmm0,xmm1", False),
        ("punpcklqdq xmm0,xmm1", False),
        ("pshufd xmm0,xmm1,0xee", False),
        ("vpbroadcastd xmm0,xmm1", False),
        # Writing a zero.
        ("pxor xmm0,xmm0", False),
        ("vxorps xmm0,xmm0,xmm0", False),
        ("psubd xmm3,xmm3", False),
        # Begin with a p, and have nothing to do with vectors.
        ("push rbx", False),
        ("popcnt rax,rdi", False),
        ("prefetcht0 BYTE PTR [rdi]", False),
        ("pext rax,rdi,rsi", False),
    ],
)
def test_packed_is_arithmetic_on_more_than_one_lane(text: str, packed: bool) -> None:
    _, mnemonic, operands = split_prefixes(text)
    assert X86.is_packed(mnemonic, operands) is packed


@pytest.mark.parametrize(
    ("text", "flow"),
    [
        ("ja 4010 <f+0x10>", "branch"),
        ("jmp 4010 <f+0x10>", "jump"),
        ("notrack jmp rax", "unknown"),
        ("bnd jmp 4010 <f>", "jump"),
        ("repz ret", "return"),
        ("call 4010 <f>", "call"),
        ("ud1 eax,DWORD PTR [eax+0x2]", "trap"),
        ("int3", "trap"),
        ("rep stos QWORD PTR es:[rdi],rax", "next"),
        ("lock cmpxchg DWORD PTR [rdi],esi", "next"),
    ],
)
def test_where_control_goes(text: str, flow: str) -> None:
    _, mnemonic, operands = split_prefixes(text)
    assert X86.flow(mnemonic, operands) == flow


@pytest.mark.parametrize(
    "text", ["nop", "data16 cs nop WORD PTR [rax+rax*1+0x0]", "nop    DWORD PTR [rax]", "xchg   ax,ax"]
)
def test_alignment_is_padding(text: str) -> None:
    assert X86.padding.fullmatch(text)
    assert not X86.padding.fullmatch("xchg   ax,bx")


def test_the_other_architecture() -> None:
    assert ARM.flow("b.hi", "4010 <f+0x10>") == "branch"
    assert ARM.flow("b", "4010 <f>") == "jump"
    assert ARM.flow("brk", "#0x1") == "trap"
    assert ARM.is_packed("add", "v0.4s, v1.4s, v2.4s")
    assert not ARM.is_packed("ldr", "q0, [x0]")
    assert not ARM.is_packed("mov", "v0.16b, v1.16b")
    assert not ARM.is_packed("fadd", "d0, d1, d2")
    assert of_machine("riscv64").options == X86.options  # unknown: no crash
