"""For tests: runs the real command as a user does, on small case files written here; each fault in them is planted."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from safecost.core.paths import PYTHON, Folders
from safecost.document import io as document
from safecost.document.measured import Panel
from safecost.document.types import Case, Document, Problem

PATIENCE = 300.0  # seconds for one command, far above what any needs on a busy machine

SUM = "for (std::size_t i = 0; i < in.size(); ++i) digest = digest * 31 + in[i];"
AT = "for (std::size_t i = 0; i < in.size(); ++i) digest = digest * 31 + in.at(i);"
OFF_BY_ONE = "for (std::size_t i = 0; i + 1 < in.size(); ++i) digest = digest * 31 + in[i];"
# Twice volatile: the address, lest a compiler see a null write, and what is written, lest it see a write in vain.
NULL_WRITE = "volatile int* volatile nowhere = nullptr; *nowhere = 1;"
FOREVER = "for (volatile bool on = true; on;) {}"

_CASE = """\
// {question}
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "kernel/case.h"

namespace planted {{

struct Input {{
  const std::uint32_t* values;
  std::size_t count;
}};

Input generate(safecost::Generator& generator) {{
  const auto values = generator.array<std::uint32_t>(generator.size());
  {fill}
  return {{values.data(), values.size()}};
}}

struct Values {{
  explicit Values(const Input& input) : values(input.values, input.values + input.count) {{}}
  std::vector<std::uint32_t> values;
}};

{top}
{kernels}
auto the_case = safecost::Case<Input>(generate)
                    .size({size}, "L1")
{added};

}}  // namespace planted

SAFECOST_EXPORT(planted::the_case)
"""
_KERNEL = """\
SAFECOST_KERNEL {name}(Values& context) {{
  std::vector<std::uint32_t>& in = context.values;
  std::uint64_t digest = in.size();
  {body}
  return digest;
}}
"""
_TWIN = """\
//! The twin, which adds up as the C++ does.
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
fn rust_index(context: &mut Values) -> u64 {
    let mut digest = context.values.len() as u64;
    for i in 0..context.values.len() {
        digest = digest.wrapping_mul(31).wrapping_add(u64::from(context.values[i]));
    }
    digest
}

#[inline(always)]
fn rust_iterator(context: &mut Values) -> u64 {
    let start = context.values.len() as u64;
    context.values.iter().fold(start, |digest, value| digest.wrapping_mul(31).wrapping_add(u64::from(*value)))
}

case! { Input:
    raw rust_index(Values) "indexing";
    safe rust_iterator(Values) "fold over the slice";
}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def arguments(*words: str | Path) -> list[str]:
    """The command line that `scripts/safecost` hands over to."""
    return [sys.executable, "-P", "-m", "safecost", *map(str, words)]


def environment(**more: str) -> dict[str, str]:
    """The caller's environment and what the launcher adds to it."""
    return {**os.environ, "PYTHONPATH": str(PYTHON), "COLUMNS": "120", **more}


def safecost(*words: str | Path, cwd: Path | None = None, more: Mapping[str, str] | None = None) -> Ended:
    """Run the command to its end; `more` are variables of its environment."""
    done = subprocess.run(
        arguments(*words),
        cwd=cwd,
        env=environment(**(more or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=PATIENCE,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def case_text(
    kernels: Mapping[str, str],
    *,
    question: str = "Does a planted case work?",
    fill: str = "for (auto& value : values) value = static_cast<std::uint32_t>(generator.random.next());",
    top: str = "",
    added: str = "",
    size: int = 512,
) -> str:
    """A case file: the first of `kernels` (name -> body over `in`, into `digest`) is raw, the others are safe."""
    roles = {name: "safe" if at else "raw" for at, name in enumerate(kernels)}
    calls = [f'                    .{role}<{name}>("{name}", "{name}")' for name, role in roles.items()]
    return _CASE.format(
        question=question,
        fill=fill,
        top=top,
        kernels="\n".join(_KERNEL.format(name=name, body=body) for name, body in kernels.items()),
        added="\n".join([*calls, *([f"                    {added}"] if added else [])]),
        size=size,
    )


def twin_text() -> str:
    """A Rust twin of any case of `case_text` whose raw kernel is SUM."""
    return _TWIN


def put(folder: Path, name: str, text: str, suffix: str = "cc") -> Path:
    """Write a case file to its place; `name` is family/case."""
    file = folder / f"{name}.{suffix}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def read(out: Path) -> Document:
    """The document of a run, checked as any reader checks it."""
    return document.read(out / "run.json")


@cache
def workshop() -> Path:
    """A temporary folder that all tests of one process share; it goes, with what was built for it, when they end.

    Building for another folder of cases takes seconds, so cases of all tests lie in one, `workshop() / "cases"`.
    """
    folder = Path(tempfile.mkdtemp(prefix="safecost test é-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(forget, folder / "cases")
    return folder


def cases() -> Path:
    """The folder of cases that all tests share."""
    folder = workshop() / "cases"
    folder.mkdir(exist_ok=True)
    return folder


def forget(folder: Path) -> None:
    """Remove what was built for a folder of cases."""
    shutil.rmtree(Folders.of([folder]).build, ignore_errors=True)


def quick(out: Path, *words: str, profiles: str = "gcc-o2", **more: str) -> Ended:
    """`run --quick` on the shared cases; `more` are variables of its environment."""
    given: Sequence[str | Path] = ("--cases", cases(), "--profiles", profiles, "--out", out)
    return safecost("run", "--quick", *given, *words, more=more)


@dataclass(frozen=True)
class Outcome:
    """A run that tests share: how the command ended, where its results lie, and its document."""

    ended: Ended
    out: Path
    document: Document


@cache
def calm() -> Outcome:
    """A run in which nothing is wrong: two cases, one of them with a gap, in a plain profile and a hardened one."""
    put(cases(), "calm/sum", case_text({"raw": SUM, "index": AT.replace("in.at(i)", "in[i]"), "at": AT}))
    gap = '.gap("views", "a view", "this library has no such view")'
    put(cases(), "calm/gap", case_text({"raw": SUM, "at": AT}, added=gap))
    out = workshop() / "calm"
    ended = quick(out, "--filter", "^calm/", "--seed", "7", profiles="gcc-o2,gcc-o2-assertions")
    assert (out / "run.json").exists(), ended.err
    return Outcome(ended, out, read(out))


def case_of(document: Document, name: str) -> Case:
    """The case of this name."""
    return next(case for case in document.cases if case.name == name)


def problems_of(document: Document, name: str) -> list[Problem]:
    """What went wrong with a case."""
    return [problem for problem in document.problems if problem.case == name]


def panels_of(document: Document, name: str) -> list[Panel]:
    """The panels of a case."""
    return [panel for panel in document.panels if panel.case == name]


def asked_for(document: Document) -> list[Panel]:
    """The panels without the calibrations, which come with every run."""
    return [panel for panel in document.panels if not any(arm.role == "calibration" for arm in panel.contenders)]
