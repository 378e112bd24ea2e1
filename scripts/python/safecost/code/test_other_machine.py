"""A plugin for AArch64 is read on any machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from safecost.code import disassembly
from safecost.code.elf_file import ElfFile
from safecost.core.tools import newest_tool
from safecost.testing.sample_evidence import described, variant
from safecost.testing.toolchains import newest

SOURCE = """
extern void abort(void);
extern void other(int);
__attribute__((visibility("default"))) int kernel(const int* at, unsigned n, unsigned i) {
  if (i >= n) abort();
  other(at[i]);
  return at[0];
}
"""


@pytest.mark.build
def test_a_plugin_for_aarch64(tmp_path: Path) -> None:
    if newest_tool("ld.lld") is None:
        pytest.skip("no LLD here")
    source, plugin = tmp_path / "kernel.c", tmp_path / "kernel.so"
    source.write_text(SOURCE, encoding="utf-8")
    clang = (newest("clang++"), "-x", "c", "--target=aarch64-linux-gnu", "-nostdlib", "-fuse-ld=lld")
    subprocess.run([*clang, "-O2", "-shared", "-fPIC", str(source), "-o", str(plugin)], check=True)
    (symbol,) = (symbol for symbol in ElfFile(plugin).functions if symbol.name == "kernel")
    description = described(variant("kernel", address=symbol.address + 4))
    (code,) = disassembly.codes("planted/kernel", "clang-o2", plugin, description)
    assert (code.checks, code.calls) == (1, 1)
    lines = code.listing.split("\n")
    assert [line for line in lines if line.startswith("c")] == ["c b.hs L1"]
    assert [line for line in lines if "bl " in line] == ["x bl other", "f L1: bl abort"]
