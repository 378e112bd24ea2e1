"""Golden listings of small functions compiled here; each trap looks like a check and is none, or the reverse."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from safecost.code import disassembly
from safecost.code.failures import fails_by_name, readable
from safecost.core.errors import ToolError
from safecost.document.measured import Code
from safecost.testing import commands
from safecost.testing.sample_evidence import described, variant
from safecost.testing.toolchains import newest

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the snippets and listings are of x86-64"),
]
HEAD = "    .intel_syntax noprefix\n    .text\n"


def compiled(folder: Path, text: str, suffix: str, *command: str) -> Path:
    source, made = folder / f"snippet.{suffix}", folder / "snippet.so"
    source.write_text(text, encoding="utf-8")
    subprocess.run([newest(command[0]), *command[1:], str(source), "-o", str(made)], check=True, capture_output=True)
    return made


def codes(made: Path, names: Iterable[str] = ("kernel",)) -> list[Code]:
    """The codes of functions, by their symbols."""
    told = subprocess.run(["nm", str(made)], check=True, capture_output=True, text=True).stdout
    known = {words[2]: int(words[0], 16) for words in map(str.split, told.splitlines()) if len(words) == 3}
    variants = [variant(name, address=known[name]) for name in names]
    return disassembly.codes("planted/snippet", "gcc-o2", made, described(*variants))


def assembled(folder: Path, body: str, more: str = "") -> Code:
    text = (
        f"{HEAD}    .globl kernel\n    .type kernel, @function\nkernel:\n{body}\n    .size kernel, .-kernel\n{more}\n"
    )
    return codes(compiled(folder, text, "s", "gcc", "-shared", "-nostdlib"))[0]


def built(folder: Path, text: str, *command: str) -> Code:
    return codes(compiled(folder, text, "cc", *command, "-O2", "-shared", "-fPIC", "-falign-loops=64"))[0]


def marks(code: Code) -> str:
    return "".join(line[0] for line in code.listing.split("\n"))


def test_a_golden_listing(tmp_path: Path) -> None:
    code = assembled(
        tmp_path,
        """
        xor eax, eax
        .p2align 4
    1:  cmp rcx, rsi
        jae 2f
        paddd xmm0, xmmword ptr [rdi + rcx*4]
        add rcx, 4
        cmp rcx, rdx
        ja 1b
        call other
        ret
    2:  lea rdi, [rip + text]
        call abort@PLT
        ud2""",
        "    .type other, @function\nother: ret\n    .size other, .-other\n    .data\ntext: .long 1",
    )
    assert code.listing == "\n".join(
        [
            "  xor eax, eax",
            "  L1: cmp rcx, rsi",
            "c jae L2",
            "v paddd xmm0, xmmword ptr [rdi + rcx*4]",
            "  add rcx, 4",
            "  cmp rcx, rdx",
            "j ja L1",
            "x call other",
            "  ret",
            "f L2: lea rdi, [data]",
            "f call abort",
            "f ud2",
        ]
    )
    assert (code.instructions, code.checks, code.packed, code.calls) == (12, 1, 1, 1)
    assert code.bytes > 12


def test_branches_that_share_a_report_are_counted_each(tmp_path: Path) -> None:
    code = assembled(tmp_path, "    js 9f\n    je 9f\n    cmp rax, 1\n    jb 9f\n    ret\n9:  ud2")
    assert (code.checks, marks(code)) == (3, "cc c f")


def test_an_error_value_is_no_check(tmp_path: Path) -> None:
    code = assembled(tmp_path, "    cmp rdi, rsi\n    jae 1f\n    mov rax, rdi\n    ret\n1:  mov rax, -1\n    ret")
    assert code.checks == 0


def test_a_report_that_returns_is_no_check(tmp_path: Path) -> None:
    body = "    cmp rdi, rsi\n    jae 1f\n    ret\n1:  call report\n    ret"
    code = assembled(tmp_path, body, "    .type report, @function\nreport: ret\n    .size report, .-report")
    assert (code.checks, code.calls) == (0, 1)


def test_a_report_is_known_by_its_code_where_its_name_says_nothing(tmp_path: Path) -> None:
    body = "    cmp rdi, rsi\n    jae 1f\n    ret\n1:  call mine"
    more = (
        "    .type mine, @function\nmine: test rdi, rdi\n    je 1f\n    call abort@PLT\n1:  ud2\n    .size mine, .-mine"
    )
    assert assembled(tmp_path, body, more).checks == 1
    returns = more.replace("1:  ud2", "1:  ret")
    assert assembled(tmp_path, body, returns).checks == 0


def test_a_branch_within_a_report_is_no_check_of_its_own(tmp_path: Path) -> None:
    code = assembled(tmp_path, "    je 1f\n    ret\n1:  test rax, rax\n    je 2f\n    ud2\n2:  int3")
    assert (code.checks, marks(code)) == (1, "c ffff")


def test_the_way_that_falls_through_may_be_the_failing_one(tmp_path: Path) -> None:
    assert marks(assembled(tmp_path, "    jb 1f\n    ud2\n1:  ret")) == "cf "


def test_a_jump_table_hides_nothing(tmp_path: Path) -> None:
    switch = """
#include <cstdlib>
extern "C" void one(int); extern "C" void two();
extern "C" int kernel(int which, int* at) noexcept(false) {
  struct Clean { ~Clean() { two(); } } clean;
  switch (which) {
    case 0: one(1); return at[0]; case 1: one(7); return at[5]; case 2: one(at[1]); break; case 3: return 9 * at[3];
    case 4: one(12); at[7] = 1; break; case 5: std::abort();
  }
  return 3;
}
extern "C" void one(int x) { volatile int y = x; if (y == 77) throw 1; }
extern "C" void two() { volatile int y = 2; (void)y; }
"""
    code = built(tmp_path, switch, "g++", "-fno-inline", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
    assert any(line.startswith(("j jmp r", "j notrack jmp r")) for line in code.listing.split("\n")), code.listing
    assert sum(line.startswith("x") and "one" in line for line in code.listing.split("\n")) >= 3
    assert any(line.startswith("h") and "_Unwind_Resume" in line for line in code.listing.split("\n"))


VECTOR = """
#include <vector>
extern "C" long kernel(const std::vector<int>& v, unsigned long n) noexcept {
  long total = 0;
  for (unsigned long i = 0; i < n; ++i) total = total * 3 + v%s;
  return total;
}
"""


def test_assertions_of_libstdcxx(tmp_path: Path) -> None:
    assert built(tmp_path, VECTOR % "[i]", "g++").checks == 0
    code = built(tmp_path, VECTOR % "[i]", "g++", "-D_GLIBCXX_ASSERTIONS")
    assert code.checks == 1
    assert "f call std::__glibcxx_assert_fail" in code.listing


def test_a_throw_and_a_part_out_of_line(tmp_path: Path) -> None:
    caught = (
        (VECTOR % ".at(i)")
        .replace("noexcept {", "noexcept { try {")
        .replace("total;\n}", "total; } catch (...) { return 7; } }")
    )
    code = built(tmp_path, caught, "g++")
    assert (code.checks, code.calls) == (1, 0)
    assert "f call std::__throw_out_of_range_fmt" in code.listing
    assert "\n- out of line\n" in code.listing
    assert "h " in code.listing.partition("- out of line")[2]
    assert code.instructions == sum(line[0] != "-" for line in code.listing.split("\n"))


def test_hardened_libcxx_traps(tmp_path: Path) -> None:
    fast = "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST"
    code = built(tmp_path, VECTOR % "[i]", "clang++", "-stdlib=libc++", fast)
    assert code.checks >= 1
    assert any(line.startswith("f") and line.endswith("ud2") for line in code.listing.split("\n"))
    assert built(tmp_path, VECTOR % "[i]", "clang++", "-stdlib=libc++").checks == 0


def test_traps_of_clangs_sanitizer(tmp_path: Path) -> None:
    text = 'extern "C" int kernel(int a, int b) { static int t[8] = {1}; t[3] = b; return t[a] + b; }'
    code = built(tmp_path, text, "clang++", "-fsanitize=bounds,signed-integer-overflow", "-fsanitize-trap=all")
    assert code.checks == 2
    assert sum(line.startswith("f") and "ud1" in line for line in code.listing.split("\n")) == 2


def test_a_bounds_check_of_rust(tmp_path: Path) -> None:
    text = """
#[no_mangle] pub extern "C" fn kernel(v: &Vec<u64>, i: usize) -> u64 { v[i] * 3 }
"""
    made = compiled(tmp_path, text, "rs", "rustc", "--crate-type=cdylib", "-Copt-level=2", "--edition=2021")
    code = codes(made)[0]
    assert (code.checks, code.calls) == (1, 0)
    assert "f call core::panicking::panic_bounds_check" in code.listing


def test_a_vector_loop_computes_and_a_copied_struct_does_not(tmp_path: Path) -> None:
    loop = "long t = 0; for (long i = 0; i < n; ++i) t += v[i] * 5; return t;"
    text = f'extern "C" long kernel(const int* v, long n) {{ {loop} }}'
    assert built(tmp_path, text, "g++", "-O3", "-ftree-vectorize", "-fvect-cost-model=dynamic").packed > 2
    body = "*to = *from; to[1] = {x, x, 0, 0};"
    copy = f'struct S {{ long a, b, c, d; }}; extern "C" void kernel(S* to, const S* from, long x) {{ {body} }}'
    code = built(tmp_path, copy, "g++")
    assert "xmm" in code.listing
    assert code.packed == 0


def test_helpers_of_the_same_source_are_listed_behind_and_not_counted(tmp_path: Path) -> None:
    text = """
#include <cstdlib>
[[gnu::noinline]] static long helper(long x) { if (x > 5) std::abort(); return x * x; }
extern "C" long kernel(long x) { return helper(x) + helper(x + 1); }
"""
    code = built(tmp_path, text, "g++", "-g1", "-gdwarf-4")
    assert (code.checks, code.calls) == (0, 2)
    heading = next(line for line in code.listing.split("\n") if line.startswith("-"))
    assert heading.startswith("- helper, called above: ")
    assert "1 check, 0 packed" in heading
    assert "c j" in code.listing.partition(heading)[2]


DEEP = """
struct Base { virtual long of(long) const = 0; };
[[gnu::noinline]] static long inner(long x) { return x * FACTOR; }
[[gnu::noinline]] static long outer(long x) { return inner(x + 1) + inner(x - 1); }
[[gnu::noinline]] static long direct(long x) { return outer(x) + outer(2 * x); }
[[gnu::noinline]] static long through(long (*f)(long), long x) { asm volatile("" : "+r"(f)); return f(x) + 1; }
extern "C" long kernel(long x) { return CALL + 1; }
"""


@pytest.mark.parametrize("call", ["direct(x)", "through(inner, x)"])
def test_a_fingerprint_is_of_all_that_a_kernel_leads_to(tmp_path: Path, call: str) -> None:
    def made(factor: int, more: str = "") -> Code:
        text = DEEP.replace("FACTOR", str(factor)).replace("CALL", call) + more
        return built(tmp_path, text, "g++", "-g1", "-gdwarf-4", "-fno-ipa-icf", "-fno-ipa-cp", "-fno-ipa-ra")

    code = made(7)
    # What lies beside it moves it, and no more.
    moved = made(7, 'extern "C" long another(long x) { return direct(x) * through(outer, x); }')
    assert code.same_as(moved) and code.fingerprint == moved.fingerprint
    other = made(9)
    assert code.listing == other.listing
    assert not code.same_as(other)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("no machine code")
    with pytest.raises(ToolError, match=r"text\.so cannot be read as an ELF file"):
        disassembly.codes("planted/snippet", "gcc-o2", tmp_path / "text.so", described())
    key = ("planted/snippet", "gcc-o2")
    found, complaints = disassembly.of_run({key: tmp_path / "text.so"}, {key: described()})
    assert (found, len(complaints)) == ([], 1)


def test_a_variant_without_address_has_no_code(tmp_path: Path) -> None:
    made = compiled(tmp_path, 'extern "C" int kernel() { return 1; }', "cc", "g++", "-shared", "-fPIC")
    without = described(variant("gap"), variant("far", address=2**40))
    assert disassembly.codes("planted/snippet", "gcc-o2", made, without) == []


def test_a_run_holds_the_code_of_every_variant() -> None:
    made = commands.calm().document
    by_name = {(code.case, code.profile, code.variant): code for code in made.codes}
    for panel in made.panels:
        for contender in panel.contenders:
            assert (panel.case, contender.profile, contender.variant) in by_name
    assert by_name["calm/sum", "gcc-o2", "raw"].listing == by_name["calm/sum", "gcc-o2", "aa"].listing


def test_names_that_never_return() -> None:
    for name in (
        "abort@plt",
        "__cxa_throw",
        "_ZSt20__throw_length_errorPKc",
        "_ZN4core9panicking5panic17h0123456789abcdefE",
        "_ZNSt3__122__libcpp_verbose_abortEPKcz",
        "__stack_chk_fail@GLIBC_2.4",
        "__chk_fail",
    ):
        assert fails_by_name(name), name
    for name in (
        "malloc",
        "_ZN4mine5abortEv",
        "__cxa_begin_catch",
        "_ZNSt6vectorIiSaIiEE2atEm",
        "abort_later",
        "exit_code",
    ):
        assert not fails_by_name(name), name


def test_names_are_short_for_readers() -> None:
    said = readable(
        ["_ZNSt6vectorIiSaIiEE9push_backERKi", "_ZN4core9panicking5panic17h0123456789abcdefE", "_Znwm", "strlen@plt"]
    )
    assert said["_ZNSt6vectorIiSaIiEE9push_backERKi"] == "std::vector<>::push_back"
    assert said["_ZN4core9panicking5panic17h0123456789abcdefE"] == "core::panicking::panic"
    assert said["_Znwm"] == "operator new"
    assert said["strlen@plt"] == "strlen"


def test_what_a_kernel_hands_to_its_workers_is_its_code(tmp_path: Path) -> None:
    work = "_ZN8safecost6workedIiLi0EEEmPvj"
    code = assembled(
        tmp_path,
        f"""
        lea rsi, [rip + {work}]
        lea rdx, [rip + other]
        call qword ptr [rdi]
        ret""",
        f"""
        .type {work}, @function
    {work}:
        paddd xmm0, xmm1
        ret
        .size {work}, .-{work}
        .type other, @function
    other: ret
        .size other, .-other""",
    )
    assert code.listing.partition("\n- on each worker\n")[2] == "v paddd xmm0, xmm1\n  ret"
    assert (code.packed, code.instructions) == (1, 6)
