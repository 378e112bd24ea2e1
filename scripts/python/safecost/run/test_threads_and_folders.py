"""The whole command on a case that asks for threads, on one of two translation units, and on one with libraries."""

from __future__ import annotations

from functools import cache

import pytest

from safecost.testing.commands import SUM, Outcome, case_text, cases, put, quick, read, workshop

pytestmark = pytest.mark.build

# What the C library tells its other libraries, such as libstdc++'s shared_ptr.
TOP = 'extern "C" char __libc_single_threaded;'


def with_threads(*threads: int) -> str:
    """A case that is right only in a process that has had so many threads as its size says: even sizes one, odd two."""
    wrong = "(__libc_single_threaded != 0) != (in.size() % 2 == 0)"
    body = f'if (in.size() > 200 && {wrong}) throw std::runtime_error("another process"); {SUM}'
    sizes = "".join(f'.size_and_threads({1024 + one - 1}, {one}, "L1")' for one in threads)
    return case_text({"raw": body, "safe": body + " "}, top=TOP).replace('.size(512, "L1")', sizes)


LIBRARIES = """\
# what is there, what is not, and what nobody understands
fmt find_package fmt fmt::fmt-header-only
absent find_package NoSuchPackage NoSuchPackage::library
part find_package fmt fmt::no_such_target
module pkg-config no-such-module
odd whatever it is
"""


def linked() -> str:
    """A case with an idiom of a library that is there, and gaps for the others."""
    gaps = "".join(
        f'.gap("{name}", "", SAFECOST_WITHOUT_{name.upper()})' for name in ("absent", "part", "module", "odd")
    )
    text = case_text({"raw": SUM, "formatted": f"{SUM} digest += fmt::format_int(7).size() - 1;"}, added=gaps)
    header = '#include "kernel/case.h"'
    return text.replace(header, f"#if SAFECOST_WITH_FMT\n#include <fmt/format.h>\n#endif\n{header}")


@cache
def outcome() -> Outcome:
    put(cases(), "threads/both", with_threads(1, 2))
    declared = "std::uint64_t elsewhere(std::uint64_t digest, std::uint32_t value);"
    body = "for (const std::uint32_t value : in) digest = planted::elsewhere(digest, value);"
    text = case_text({"raw": SUM, "called": body}).replace(
        '#include "kernel/case.h"', '#include "kernel/case.h"\n#include "shared.h"'
    )
    put(cases(), "folders/parts/parts", text)
    put(cases(), "folders/parts/shared", f"#include <cstdint>\nnamespace planted {{ {declared} }}\n", "h")
    other = '#include "shared.h"\nstd::uint64_t planted::elsewhere(std::uint64_t digest, std::uint32_t value) {\n'
    put(cases(), "folders/parts/aside", f"{other}  return digest * 31 + value;\n}}\n")
    put(cases(), "libraries/linked", linked())
    put(cases(), "libraries/linked", LIBRARIES, "libraries")
    out = workshop() / "threads"
    ended = quick(out, "--filter", "^(threads|folders|libraries)/", "--count")
    assert (out / "run.json").exists(), ended.err
    return Outcome(ended, out, read(out))


def test_each_panel_is_timed_in_the_process_that_it_asks_for() -> None:
    made = outcome()
    assert not [one.message for one in made.document.problems if one.case == "threads/both"]
    panels = [panel for panel in made.document.panels if panel.case == "threads/both"]
    assert [(panel.size, panel.threads) for panel in panels] == [(1024, 1), (1025, 2)]
    assert all(len(panel.launches) == len(panels[0].launches) > 1 for panel in panels)


def test_counting_sees_the_same_process() -> None:
    made = outcome()
    if made.document.counting.status != "counted":
        pytest.skip(f"instructions were not counted: {made.document.counting.reason}")
    counted = [one for one in made.document.counts if one.case == "threads/both"]
    assert {(one.size, one.threads) for one in counted} == {(1024, 1), (1025, 2)}
    assert all(one.instructions for one in counted)


def test_a_case_of_two_translation_units_is_built_timed_and_embedded() -> None:
    made = outcome()
    assert not [one.message for one in made.document.problems if one.case == "folders/parts"]
    (case,) = (case for case in made.document.cases if (case.family, case.case) == ("folders", "parts"))
    assert [source.name for source in case.sources] == ["parts.cc", "aside.cc", "shared.h"]
    (panel,) = (panel for panel in made.document.panels if panel.case == "folders/parts")
    assert {arm.variant for arm in panel.contenders} == {"raw", "called", "aa"}
    assert "one layout for all launches" not in made.ended.err


def test_libraries_of_a_case_are_linked_or_a_gap_with_its_reason() -> None:
    made = outcome()
    assert not [one.message for one in made.document.problems if one.case == "libraries/linked"]
    (panel,) = (panel for panel in made.document.panels if panel.case == "libraries/linked")
    assert {arm.variant for arm in panel.contenders} == {"raw", "formatted", "aa"}
    assert {gap.variant: gap.reason for gap in made.document.gaps if gap.case == "libraries/linked"} == {
        "absent": "NoSuchPackage is not installed, or lacks NoSuchPackage::library",
        "part": "fmt is not installed, or lacks fmt::no_such_target",
        "module": "pkg-config knows no no-such-module",
        "odd": "whatever is neither find_package nor pkg-config",
    }
    (case,) = (case for case in made.document.cases if case.name == "libraries/linked")
    assert [source.name for source in case.sources] == ["linked.cc", "linked.libraries"]
