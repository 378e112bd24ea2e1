"""Tests of counting: exact to the last instruction, whatever surrounds it, and told in words where it cannot be."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from safecost.core.decoding import convert
from safecost.core.paths import RUNNER, Folders
from safecost.document.evidence import CountLine
from safecost.document.measured import Count
from safecost.document.plan import PROTOCOL
from safecost.run import counts, solo
from safecost.run.counts import CALLS, CountTarget
from safecost.suite import cases as case_files
from safecost.suite import profiles as profile_files
from safecost.testing import commands
from safecost.testing.commands import FOREVER, NULL_WRITE, SUM, case_text, put, quick, read
from safecost.testing.sample_evidence import described, point
from safecost.toolchain.build import build_all

SIZE = 100
VALGRIND = shutil.which("valgrind") or "valgrind"
L1 = point(SIZE, None, "L1", 0)
STEP = 'for (const std::uint32_t value : in) {{ digest += value; asm volatile("{}" : "+r"(digest)); }}'
# As many steps as an address has above the last multiple of a page.
BY_ADDRESS = (
    'std::uintptr_t steps = (reinterpret_cast<std::uintptr_t>({}) & 4095) / 16; asm volatile("" : "+r"(steps));'
    ' for (; steps > 0; --steps) asm volatile("");'
)
KERNELS = {
    "raw": STEP.format(""),
    "one_more": STEP.format("nop"),
    "empty": "return 0;",
    "by_stack": f"char text[64]; {BY_ADDRESS.format('text')}",
    "by_heap": f"auto* const block = new char[40]; {BY_ADDRESS.format('block')} delete[] block;",
    "by_libc": 'char text[200]; asm volatile("" : : "r"(text) : "memory");'
    ' std::memset(text, \'x\', 199); text[199] = 0; asm volatile("" : : : "memory"); digest += std::strlen(text);',
    "news": 'for (int i = 0; i < 3; ++i) { auto* block = new std::uint32_t[5]; asm volatile("" : "+r"(block));'
    " delete[] block; }",
    "grows": "std::vector<std::uint32_t> grown; for (std::uint32_t i = 0; i < 5; ++i) grown.push_back(i);"
    ' asm volatile("" : : "r"(grown.data()) : "memory");',
    "family": "void* blocks[] = {std::calloc(3, 7), std::aligned_alloc(64, 128), std::realloc(std::malloc(10), 30)};"
    ' asm volatile("" : : "r"(blocks) : "memory"); for (void* block : blocks) std::free(block);',
    "once": "static auto* const kept = new char[1000]; digest += kept != nullptr;",
    "random": "unsigned char seed[2]; if (getentropy(seed, 2) != 0) std::abort();"
    ' for (int i = seed[0] * 256 + seed[1]; i > 0; --i) asm volatile("");',
    "crashes": NULL_WRITE,
    "leaves": "std::_Exit(0);",
}
TOP = "#include <cstring>\n#include <unistd.h>"
RUST = """\
use safecost::{case, input, slice, Context};

input! {
    struct Input {
        values: *const u32,
        count: usize,
    }
}

struct Values {
    values: Vec<u32>,
}

impl Context<Input> for Values {
    fn prepare(input: &Input) -> Self {
        Values { values: unsafe { slice(input.values, input.count) }.to_vec() }
    }
}

#[inline(always)]
fn rust_raw(context: &mut Values) -> u64 {
    context.values.len() as u64
}

#[inline(always)]
fn rust_grows(context: &mut Values) -> u64 {
    let mut grown: Vec<u32> = Vec::new();
    for value in 0..5 {
        grown.push(std::hint::black_box(value));
    }
    std::hint::black_box(grown.as_ptr());
    context.values.len() as u64
}

case! { Input:
    raw rust_raw(Values) "a length";
    safe rust_grows(Values) "a vector that grows";
}
"""


@pytest.fixture(scope="module")
def built() -> counts.PluginFolders:
    """The planted cases as plugins; they were never verified, since some of them must not be."""
    put(commands.cases(), "counted/plants", case_text(KERNELS, top=TOP))
    put(commands.cases(), "counted/plants", RUST, "rs")
    put(commands.cases(), "counted/hangs", case_text({"raw": FOREVER}))
    folders = Folders.of([commands.cases()])
    found = case_files.choose(case_files.find(folders), case_files.pattern_of("^counted/"))
    made = build_all(folders, found, profile_files.choose("gcc-o2,rust", ()))
    assert not made.failures, made.failures
    return counts.PluginFolders(made.plugins, {case.name: case.data for case in found})


@pytest.fixture(scope="module")
def counted(built: counts.PluginFolders) -> counts.CountResult:
    if shutil.which("valgrind") is None:
        pytest.skip("Valgrind is not installed")
    return counts.count([*plants(*KERNELS), target("raw", case="counted/hangs")], built, 2.0)


def target(variant: str, profile: str = "gcc-o2", case: str = "counted/plants") -> CountTarget:
    return CountTarget(case, profile, variant, L1, "gcc-o2")


def plants(*variants: str) -> list[CountTarget]:
    return [target(variant) for variant in variants]


def of(result: counts.CountResult, variant: str) -> Count:
    (found,) = (one for one in result.counts if one.variant == variant and one.case == "counted/plants")
    return found


# ---- instructions ----------------------------------------------------------------------------------------------------


@pytest.mark.build
def test_one_instruction_more_per_element_counts_just_that(counted: counts.CountResult) -> None:
    one, more = of(counted, "raw").instructions, of(counted, "one_more").instructions
    assert one is not None and more is not None
    assert more - one == CALLS * SIZE


@pytest.mark.build
def test_the_border_is_taken_off_exactly(counted: counts.CountResult) -> None:
    assert of(counted, "empty").instructions == CALLS * 2  # xor eax, eax; ret


@pytest.mark.build
def test_what_is_not_the_same_each_time_is_no_number(counted: counts.CountResult) -> None:
    random = of(counted, "random")
    assert random.instructions is None
    assert str(random.reason).startswith("differs from one count to the next: ")
    assert random.allocations == 0
    assert counted.counting.status == "counted"


@dataclass(frozen=True, slots=True)
class Elsewhere(counts._Pass):
    """A count in another environment than the driver's, by a runner at another place."""

    more: tuple[tuple[str, str], ...] = ()
    before: tuple[str, ...] = ()
    runner: Path = RUNNER

    def command(self, dumps: Path, out: int) -> list[str]:
        usual = counts._Pass.command(self, dumps, out)
        return [*self.before, *(str(self.runner) if word == str(RUNNER) else word for word in usual)]

    def environment(self) -> dict[str, str]:
        return counts._Pass.environment(self) | dict(self.more)


@pytest.fixture
def moved_runner(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / ("a folder of a long name" * 5)
    folder.mkdir()
    yield Path(shutil.copy2(RUNNER, folder / "another-runner"))


@pytest.mark.build
def test_ten_environments_give_the_same_counts(built: counts.PluginFolders, moved_runner: Path) -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("Valgrind is not installed")
    wanted = plants("raw", "by_stack", "by_heap", "by_libc", "grows")
    fixed = ("setarch", "-R")
    elsewhere: Sequence[counts._Pass] = (
        *(Elsewhere(VALGRIND, "x" * size) for size in (0, 1, 8, 333, 4099)),
        Elsewhere(VALGRIND, "", more=(("HOME", "/home/somebody-with-a-long-name"), ("USER", "me"))),
        Elsewhere(VALGRIND, "", more=tuple((f"RANDOM_{i}", "é" * i) for i in range(100))),
        Elsewhere(VALGRIND, "", before=fixed),
        Elsewhere(VALGRIND, "xyz", before=fixed, more=(("TZ", "UTC"),)),
        Elsewhere(VALGRIND, "", runner=moved_runner),
    )
    found = [counts._ask(wanted, built, one, 60.0) for one in elsewhere]
    assert all(answer.instructions is not None for answer in found[0]), found[0]
    for one in found[1:]:
        assert one == found[0]


@pytest.mark.build
def test_a_count_does_not_depend_on_what_else_is_counted(
    built: counts.PluginFolders, counted: counts.CountResult
) -> None:
    (alone,) = counts.count(plants("grows"), built, 60.0).counts
    assert alone == of(counted, "grows")


# ---- allocations -----------------------------------------------------------------------------------------------------


@pytest.mark.build
@pytest.mark.parametrize(
    ("variant", "allocations", "allocated"),
    [
        ("raw", 0, 0),
        ("news", 3, 3 * 20),
        ("grows", 4, 4 * (1 + 2 + 4 + 8)),  # libstdc++ doubles
        ("family", 4, 21 + 128 + 10 + 30),
        ("once", 0, 0),  # by the first call, which is not counted
    ],
)
def test_allocations_are_counted_exactly(
    counted: counts.CountResult, variant: str, allocations: int, allocated: int
) -> None:
    found = of(counted, variant)
    assert (found.allocations, found.allocated_bytes) == (CALLS * allocations, CALLS * allocated)


@pytest.mark.build
def test_allocations_of_rust_are_counted(built: counts.PluginFolders) -> None:
    if ("counted/plants", "rust") not in built.plugins:
        pytest.skip("rustc is not installed")
    (found,) = counts.count([target("rust_grows", "rust")], built, 60.0).counts
    # Four elements first, then eight: one block that is made, one that grows.
    assert (found.allocations, found.allocated_bytes) == (CALLS * 2, CALLS * 4 * (4 + 8))


# ---- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.build
def test_a_crash_or_a_hang_costs_one_contender(counted: counts.CountResult) -> None:
    told = {(one.case, one.target.variant if one.target else None): one.message for one in counted.troubles}
    assert told == {
        ("counted/plants", "crashes"): "crashed: Segmentation fault",
        ("counted/plants", "leaves"): "the runner gave no count of it",
        ("counted/hangs", "raw"): "did not come back in time",
    }
    assert {one.variant for one in counted.counts if one.case == "counted/plants"} == set(KERNELS) - {
        "crashes",
        "leaves",
    }


@pytest.mark.build
def test_a_plugin_that_cannot_be_loaded_costs_its_own_variants_only(
    tmp_path: Path, built: counts.PluginFolders
) -> None:
    (tmp_path / "text.so").write_text("no shared object")
    source = tmp_path / "crash.c"
    source.write_text(
        "__attribute__((constructor)) static void crash(void) { __builtin_trap(); } int safecost_plugin_entry;"
    )
    subprocess.run(["gcc", "-shared", "-fPIC", "-nostdlib", "-o", tmp_path / "crash.so", source], check=True)
    bad = {("counted/plants", name): tmp_path / f"{name}.so" for name in ("crash", "text")}
    folders = replace(built, plugins={**built.plugins, **bad})
    arms = [("raw", "crash"), ("raw", "gcc-o2"), ("one_more", "crash"), ("raw", "text"), ("news", "gcc-o2")]
    found = counts._ask([target(*arm) for arm in arms], folders, counts._Pass(None, ""), 60.0)
    assert [one.allocations for one in found] == [None, 0, None, None, 3 * CALLS]
    assert found[0].problem == found[2].problem == "crashed: Illegal instruction"
    assert str(found[3].problem).startswith("load: text ")


@pytest.mark.build
def test_a_valgrind_that_fails_is_a_problem_of_the_case_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = tmp_path / "bin/valgrind"
    stub.parent.mkdir()
    stub.write_text('#!/bin/sh\n[ "$1" = --version ] && echo valgrind-3.19.0 && exit 0\necho no luck >&2\nexit 3\n')
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(stub.parent), prepend=":")
    put(commands.cases(), "failing/count", case_text({"raw": SUM}))
    ended = quick(tmp_path / "out", "--filter", "^failing/", "--count")
    document = read(tmp_path / "out")
    assert ended.code == 1, ended
    assert {(one.kind, one.disqualifies) for one in document.problems} == {("count", False)}
    assert "ended with exit code 3 (no luck)" in document.problems[0].message
    assert document.panels and document.counts
    assert all(one.instructions is None and "no luck" in str(one.reason) for one in document.counts)


@pytest.mark.build
def test_without_valgrind_allocations_are_counted_and_the_run_is_fine(
    tmp_path: Path, built: counts.PluginFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    del tmp_path
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "valgrind" else which(name))
    result = counts.count(plants("news"), built, 60.0)
    assert (result.counting.status, result.counting.reason) == (
        "absent",
        "Valgrind is not installed: apt install valgrind",
    )
    assert not result.troubles
    assert result.counts[0].allocations == 3 * CALLS
    assert result.counts[0].reason == result.counting.reason


def test_an_answer_is_read_with_distrust() -> None:
    good = {"protocol": PROTOCOL, "index": 0, "calls": CALLS, "instructions": 5, "allocations": None,
            "allocated_bytes": None}  # fmt: skip
    lines = [
        b"\xff\xfe not JSON",
        b"[" * 100_000,
        b'{"index": -1}',
        b'{"index": true, "calls": 32}',
        json.dumps(good).encode(),
        json.dumps(good | {"instructions": 6}).encode(),  # said again: the first stands
        json.dumps(good | {"index": 1, "instructions": -5}).encode(),
        json.dumps(good | {"index": 2, "instructions": 1e300}).encode(),
        json.dumps(good | {"index": 3, "calls": 1}).encode(),
        json.dumps({"protocol": PROTOCOL, "index": 4, "problem": "x" * 100_000}).encode(),
        json.dumps(good | {"index": 5, "protocol": PROTOCOL + 1}).encode(),
        json.dumps({"index": 6, "calls": CALLS}).encode(),  # an old runner
        json.dumps(good | {"index": 99}).encode(),
    ]
    found = counts._answers(b"\n".join(lines), 8, "ended with exit code 7")
    assert found[0] == convert(good, CountLine)
    problems = [str(one.problem) for one in found]
    assert (
        problems[1] == "the runner counted what cannot be: instructions is -5, and must be a whole number of at least 0"
    )
    assert problems[2].startswith(
        "the runner counted what cannot be: instructions is 1e+300, and must be a whole number"
    )
    assert problems[3] == f"the runner made 1 calls instead of {CALLS}"
    assert len(problems[4]) == 2_000
    assert problems[5] == f"the runner speaks protocol {PROTOCOL + 1} instead of {PROTOCOL}"
    assert problems[6] == f"the runner speaks protocol null instead of {PROTOCOL}"
    assert problems[7] == "the runner ended with exit code 7"


def test_the_same_trouble_of_many_is_told_once() -> None:
    one = counts.CountIssue("a/b", target("raw"), "no luck")
    assert counts._shortened([one] * 5) == (one._replace(target=None),)
    assert counts._shortened([one] * 2) == (one, one)


def test_inputs_are_drawn_by_a_contenders_own_plugin_where_it_can() -> None:
    from safecost.run.panels import PlannedContender, PlannedPanel  # noqa: PLC0415

    arms = (PlannedContender("raw", "clang-o2", "raw"), PlannedContender("index", "rust", "safe"))
    larger = point(9_999, None, "L1", 1)
    panels = [PlannedPanel("a/b", "rust", parameter, arms) for parameter in (L1, L1, larger)]
    said = {
        ("a/b", "gcc-o2"): described(),
        ("a/b", "clang-o2"): described(),
        ("a/b", "rust"): described(points=()),
    }
    found = counts.targets(panels, said)
    assert [(one.variant, one.generator, one.parameter.size) for one in found] == [
        ("raw", "clang-o2", SIZE),
        ("index", "gcc-o2", SIZE),
    ]


@pytest.mark.parametrize(
    ("machine_has", "library_reads", "flags", "given", "why_not"),
    [
        (True, True, [], ["--benchmark_perf_counters=INSTRUCTIONS,CYCLES,BRANCH-MISSES"], None),
        (True, True, ["--benchmark_perf_counters=CYCLES"], [], None),
        (False, True, [], [], "no hardware counters: this machine offers none."),
        (True, False, ["-v"], [], "no hardware counters: this Google Benchmark was built without libpfm."),
    ],
)
def test_solo_mode_reads_hardware_counters_where_there_are_some(
    machine_has: bool, library_reads: bool, flags: list[str], given: list[str], why_not: str | None
) -> None:
    assert solo.counter_flags(machine_has, library_reads, flags) == (given, why_not)
