"""A kernel that its neighbours change is found, and one that they leave alone is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecost.core.paths import BENCH, Folders
from safecost.lab import isolation
from safecost.suite.cases import choose, find, pattern_of
from safecost.testing.commands import AT, SUM, case_text, put

# A helper that is inlined where it has one caller and called where it has more: what SAFECOST_HELPER is there to stop.
SHARED = """
static std::uint64_t shared(const std::vector<std::uint32_t>& in, std::uint64_t digest) {
  for (int twice = 0; twice < 2; ++twice) {
    for (std::size_t i = 0; i < in.size(); ++i) digest = digest * 31 + in[i] / (digest % 7 + 1);
    for (std::size_t i = in.size(); i-- > 0;) digest = digest * 37 + in[i] / (digest % 11 + 1);
    for (std::size_t i = 0; i < in.size(); i += 2) digest = digest * 41 + in[i] / (digest % 13 + 1);
  }
  return digest;
}
"""


def test_only_the_wanted_variants_stay_registered() -> None:
    text = (BENCH / "indexing/gather.cc").read_text(encoding="utf-8")
    kept = isolation.keep_cxx(text, {"raw", "at"})
    assert '.raw<raw>("raw"' in kept and ("at" in kept) and ".fault(" in kept and ".size(" in kept
    assert "<clamp>" not in kept
    assert "<index>" not in kept
    assert kept.count(".claims(") < text.count(".claims(")
    twin = (BENCH / "indexing/gather.rs").read_text(encoding="utf-8")
    rust = isolation.keep_rust(twin, {"rust_unchecked", "rust_get"})
    assert "safe rust_get(" in rust and "raw rust_unchecked(" in rust and "safe rust_index(" not in rust
    assert rust.rstrip().endswith("}")


@pytest.mark.build
def test_a_kernel_that_neighbours_change_is_found(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    call = "digest = shared(in, digest);"
    put(cases, "lonely/shares", case_text({"raw": SUM, "one": call, "two": call + " digest += 1;"}, top=SHARED))
    put(cases, "lonely/calm", case_text({"raw": SUM, "at": AT}))
    folders = Folders.of([cases])
    found, compared = isolation.changed(folders, choose(find(folders), pattern_of("lonely/")), "gcc-o2")
    assert compared == 5
    assert {one.case for one in found} == {"lonely/shares"}
    assert {one.variant for one in found} == {"one", "two"}
    assert "SAFECOST_HELPER" in str(found[0])
