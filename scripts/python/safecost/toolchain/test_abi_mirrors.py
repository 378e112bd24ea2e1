"""The header of the kernel border is plain C, and its mirrors in Rust and in these tests are exact."""

from __future__ import annotations

import ctypes
import re
import shutil
from pathlib import Path

import pytest

from safecost.core.errors import ToolError
from safecost.core.paths import ROOT
from safecost.testing import plugin_abi
from safecost.testing.plugin_abi import Recipes, change, write

pytestmark = pytest.mark.build

HEADER = ROOT / "src" / "kernel" / "abi.h"
MIRROR = HEADER.with_suffix(".rs")


def compile_alone(compiler: str, language: tuple[str, str], header: Path) -> None:
    warnings = ["-pedantic", "-Wall", "-Wextra", "-Werror"]
    plugin_abi.run([compiler, "-x", language[0], f"-std={language[1]}", *warnings, "-fsyntax-only", header])


@pytest.mark.parametrize("profile", ["gcc-o2", "clang-o2"])
@pytest.mark.parametrize("language", [("c", "c11"), ("c++", "c++20")])
def test_the_header_compiles_alone(profile: str, language: tuple[str, str], recipe: Recipes, tmp_path: Path) -> None:
    source = write(tmp_path / "source", f'#include "{HEADER}"\n')
    compile_alone(recipe(profile).compiler, language, source)
    lacking = Path(shutil.copy(HEADER, tmp_path / "abi.h"))
    change(lacking, "#include <stdint.h>", "")
    with pytest.raises(ToolError, match="uint32_t"):
        compile_alone(recipe(profile).compiler, language, write(source, f'#include "{lacking}"\n'))


def fields_of_header() -> dict[str, list[str]]:
    """The fields of each struct of kernel/abi.h, as they are written."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {}
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", text, re.DOTALL):
        written = re.findall(r"\(\*(\w+)\)\([^)]*\);|(\w+)(?:\[\d+\])?;", body)
        found[name] = ["".join(either) for either in written]
    return found


def fields_of_mirror() -> dict[str, list[str]]:
    """The fields of each struct that abi.rs mirrors, by the names that the header gives them."""
    structs = re.findall(
        r"#\[repr\(C\)\]\s*pub struct (\w+) \{(.*?)\n\}", MIRROR.read_text(encoding="utf-8"), re.DOTALL
    )
    return {f"safecost_{name.lower()}": re.findall(r"pub (\w+):", body) for name, body in structs}


def layout_in_c(folder: Path) -> dict[str, int]:
    lines = []
    for name, fields in fields_of_header().items():
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        lines += [f'printf("{name}.{field} %zu\\n", offsetof({name}, {field}));' for field in fields]
    lines += [f'printf("{name} %u\\n", (unsigned)SAFECOST_{name});' for name in constants()]
    main = f'#include <stdio.h>\n#include "{HEADER}"\nint main(void) {{ {"".join(lines)} return 0; }}\n'
    plugin_abi.run(["cc", write(folder / "layout.c", main), "-o", folder / "layout-c"])
    return parsed(plugin_abi.run([folder / "layout-c"]))


def constants() -> list[str]:
    """The numbers that abi.rs repeats."""
    return re.findall(r"pub const (\w+): u32", MIRROR.read_text(encoding="utf-8"))


def layout_in_rust(rustc: str, folder: Path, mirror: Path) -> dict[str, int]:
    lines = []
    for name, fields in fields_of_mirror().items():
        kind = f"abi::{name.removeprefix('safecost_').title()}"
        lines.append(f'println!("{name} {{}}", std::mem::size_of::<{kind}>());')
        lines += [f'println!("{name}.{field} {{}}", std::mem::offset_of!({kind}, {field}));' for field in fields]
    lines += [f'println!("{name} {{}}", abi::{name});' for name in constants()]
    main = f'#![allow(dead_code)]\n#[path = "{mirror}"]\nmod abi;\nfn main() {{ {"".join(lines)} }}\n'
    plugin_abi.run([rustc, "--edition=2021", write(folder / "layout.rs", main), "-o", folder / "layout-rust"])
    return parsed(plugin_abi.run([folder / "layout-rust"]))


def parsed(text: str) -> dict[str, int]:
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines()}


def test_the_mirror_in_rust_is_exact(recipe: Recipes, tmp_path: Path) -> None:
    rustc = recipe("rust").compiler
    in_c = layout_in_c(tmp_path)
    in_rust = layout_in_rust(rustc, tmp_path, MIRROR)
    assert {"safecost_plugin.release", "safecost_variant.run", "safecost_report.text", "ABI_VERSION"} <= in_rust.keys()
    expected = {
        name: at for name, at in in_c.items() if name in constants() or name.split(".")[0] in fields_of_mirror()
    }
    assert in_rust == expected
    wrong = change(Path(shutil.copy(MIRROR, tmp_path)), "pub minimum_size: u32,", "pub minimum_size: u64,")
    assert layout_in_rust(rustc, tmp_path, wrong) != expected


def test_the_mirror_of_these_tests_is_exact(tmp_path: Path) -> None:
    in_c = layout_in_c(tmp_path)
    for name, kind in plugin_abi.MIRRORED.items():
        assert ctypes.sizeof(kind) == in_c[name]
        for field in fields_of_header()[name]:
            assert getattr(kind, field).offset == in_c[f"{name}.{field}"], f"{name}.{field}"
