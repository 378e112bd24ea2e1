"""A plugin for AArch64 is read on any machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from safecost.code import disassembly
from safecost.code.elf_file import ElfFile
from safecost.testing.sample_evidence import described, variant

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
    if shutil.which("clang-19") is None or shutil.which("ld.lld-19") is None:
        pytest.skip("clang-19 or lld-19 is not installed")
    source, plugin = tmp_path / "kernel.c", tmp_path / "kernel.so"
    source.write_text(SOURCE, encoding="utf-8")
    target = ("--target=aarch64-linux-gnu", "-nostdlib", "-fuse-ld=lld")
    subprocess.run(["clang-19", *target, "-O2", "-shared", "-fPIC", str(source), "-o", str(plugin)], check=True)
    (symbol,) = (symbol for symbol in ElfFile(plugin).functions if symbol.name == "kernel")
    description = described(variant("kernel", address=symbol.address + 4))
    (code,) = disassembly.codes("planted/kernel", "clang-o2", plugin, description)
    assert (code.checks, code.calls) == (1, 1)
    lines = code.listing.split("\n")
    assert [line for line in lines if line.startswith("c")] == ["c b.hs L1"]
    assert [line for line in lines if "bl " in line] == ["x bl other", "f L1: bl abort"]
