from __future__ import annotations

import dataclasses

import pytest

from safecost.core.paths import BENCH, Folders
from safecost.document.types import Case, Source, Variant
from safecost.suite.cases import find as find_cases
from safecost.suite.source_excerpts import MOST_LINES, MOST_OF_HEADERS, find

TEXT = """// A question?
SAFECOST_HELPER int help(int x) {
  return x;
}

// What raw does.
template <class Less>
SAFECOST_KERNEL raw_one(Values& context) {
  const char* text = "}}}";
  if (text[0] == '}') {  // } is no brace of the code
    return 1;
  }
  return help(2);
}

Input generate(safecost::Generator& generator) {
  return {};
}

struct List {
  int hand;
};

SAFECOST_KERNEL listed(Values& context) { return play<List>(context); }

auto the_case = safecost::Case<Input>(generate)
    .raw<raw_one<std::less<int>>>("raw", "a > b")
    .safe<&deep::listed>("list", "short")
    .safe<not_here>("lost", "made by a macro");
"""


def variant(name: str, role: str = "safe", language: str = "c++") -> Variant:
    return Variant(name, role, language, "")  # type: ignore[arg-type]


def case(text: str = TEXT) -> Case:
    variants = (variant("raw", "raw"), variant("list"), variant("lost"), variant("aa", "aa"))
    return Case("f", "c", "?", "measured", None, False, (Source("c.cc", text),), (), variants, ())


def test_a_kernel_with_its_comment_and_template() -> None:
    (excerpt,) = find(case(), variant("raw", "raw"))
    assert excerpt.first == 6
    assert excerpt.text.startswith("// What raw does.\ntemplate")
    assert excerpt.text.endswith("  return help(2);\n}")


def test_the_aa_pair_is_the_first_raw_variant() -> None:
    assert find(case(), variant("aa", "aa")) == find(case(), variant("raw", "raw"))


def test_a_kernel_that_leaves_its_work_to_others_comes_with_what_stands_before() -> None:
    (excerpt,) = find(case(), variant("list"))
    assert excerpt.text.startswith("struct List {")
    assert "raw_one" not in excerpt.text


def test_the_whole_file_where_a_kernel_cannot_be_found() -> None:
    (excerpt,) = find(case(), variant("lost"))
    assert (excerpt.first, excerpt.text) == (1, TEXT.rstrip())
    assert find(case(), variant("any", language="rust")) == ()


HEADER = """namespace maps {

// What all maps have.
template <class Slot>
struct Slab {
  Slot* slots;
};

struct Other : Slab<int> {};
SAFECOST_HELPER int look(const Other& map) { return map.slots[0]; }

// A map.
struct Map : Slab<long> {
  long size;
};

SAFECOST_HELPER long look(const Map& map) {
  return map.slots[0];
}

using Many = Map;

}  // namespace maps

SAFECOST_HELPER int alone(int x) { return x; }
SAFECOST_HELPER int not_named(int x) { return x; }
"""
USER = """SAFECOST_KERNEL played(Values& context) {
  // not_named stands in a comment
  return look(context.map) + alone(1);
}
auto the_case = safecost::Case<Input>(generate).safe<played<Map>>("map", "a map")
    .safe<played<Many>>("many", "another name for it");
"""


def test_a_kernel_comes_with_what_it_names_of_headers() -> None:
    sources = (Source("c.cc", USER), Source("maps.h", HEADER))
    kernel, *more = find(dataclasses.replace(case(), sources=sources), variant("map"))
    assert kernel.text.startswith("SAFECOST_KERNEL played")
    slab, a_map, alone = more
    assert (slab.file, slab.first, slab.text.split("\n")[0]) == ("maps.h", 3, "// What all maps have.")
    assert a_map.text.startswith("// A map.") and a_map.text.endswith("return map.slots[0];\n}")
    assert alone.text == "SAFECOST_HELPER int alone(int x) { return x; }"


def test_another_name_leads_to_what_it_names() -> None:
    sources = (Source("c.cc", USER), Source("maps.h", HEADER))
    named = dataclasses.replace(case(), sources=sources)
    assert [part.first for part in find(named, variant("many"))] == [1, 3, 12, 21, 25]
    assert [part.first for part in find(named, variant("map"))] == [1, 3, 12, 25]


def test_headers_add_no_more_than_there_is_room_for() -> None:
    header = HEADER.replace("  long size;\n", "  long size;\n" * MOST_OF_HEADERS)
    sources = (Source("c.cc", USER), Source("maps.h", header))
    assert len(find(dataclasses.replace(case(), sources=sources), variant("map"))) == 1


@pytest.mark.parametrize(
    "text", ["SAFECOST_KERNEL raw_one(", "SAFECOST_KERNEL raw_one() {{{", '.raw<raw_one>("raw"', "", "}" * 99]
)
def test_broken_sources_do_no_harm(text: str) -> None:
    (excerpt,) = find(case(text), variant("raw", "raw"))
    assert excerpt.text in text


def test_every_variant_of_the_suite_is_found() -> None:
    for found in find_cases(Folders.of(())):
        sources = tuple(Source(file.name, file.read_text(encoding="utf-8")) for file in found.files)
        one = dataclasses.replace(case(), sources=sources)
        for name in found.variants():
            rust = name.startswith("rust_")
            excerpt, *more = find(one, variant(name, language="rust" if rust else "c++"))
            assert sum(part.text.count("\n") + 1 for part in more) <= MOST_OF_HEADERS, (found.name, name)
            gap = ".gap(" in "".join(source.text for source in sources) and excerpt.first == 1
            assert gap or excerpt.text.count("\n") < MOST_LINES + 40, (found.name, name)
            assert gap or (("fn " if rust else "SAFECOST_KERNEL ") in excerpt.text and excerpt.text.endswith("}"))


def test_the_suite_has_cases() -> None:
    assert BENCH.is_dir()
