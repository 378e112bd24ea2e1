"""What must be the same in every session of one run: the suite and the cases, the machine, and what was built."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from safecost.core.paths import PACKAGE, ROOT, VERSION
from safecost.document import types as doc
from safecost.document.machine_facts import machine_facts
from safecost.run.journal import Journal, SessionFacts
from safecost.run.state import RunState
from safecost.suite.cases import CaseFiles
from safecost.toolchain.build import sha256


def fix_before_build(journal: Journal, state: RunState) -> None:
    """Note or compare sources and machine; raises UsageError where something is another one."""
    journal.fix("suite", suite(), "go back to the safecost that began the run")
    machine = {fact.what: fact.value for fact in machine_facts(state.machine)}
    if machine["the virtual machine"] is not None:  # its kind is known or not with the packages installed since
        machine["the virtual machine"] = "seen"
    journal.fix("machine", machine, "resume it where it was begun")
    # Not where its file lies.
    written = {one.name: json.dumps(asdict(one) | {"file": None}, sort_keys=True) for one in state.profiles}
    profiles = {f"profile {name}": hashlib.sha256(text.encode()).hexdigest() for name, text in written.items()}
    journal.fix("profiles", profiles, "undo the change")
    cases = {f"the source of {case.name}": digest_of(_files_of(case)) for case in state.cases}
    journal.fix("cases", cases, "undo the change")


def fix_after_build(journal: Journal, state: RunState) -> None:
    """Note or compare compilers, runner and plugins; raises UsageError where something is another one.

    A plugin is compared byte by byte: paths are mapped away and nothing in it depends on time, so that the same
    compiler makes the same bytes of the same sources, wherever they lie. The runner's bytes hold paths; of it the
    sources are compared, and what it says of itself.
    """
    compilers: SessionFacts = {
        f"the compiler of {one.name}": None
        if one.name in state.built.absent
        else state.built.compilers.get(one.name, "")
        for one in state.profiles
    }
    journal.fix("compilers", compilers, "install the one that the run was begun with")
    rebuilt = "bring back the compiler and the libraries that the run was begun with"
    facts = state.runner_facts
    runner: SessionFacts = {
        "the compiler of the runner": facts.compiler if facts else None,
        "the runner's Google Benchmark": f"{facts.benchmark.version}, {facts.benchmark.build}" if facts else None,
    }
    journal.fix("runner", runner, rebuilt)
    plugins = {
        f"the plugin of {case} with {profile}": sha256(path) for (case, profile), path in state.built.plugins.items()
    }
    journal.fix("plugins", dict(sorted(plugins.items())), rebuilt)
    journal.count_session()


def suite() -> SessionFacts:
    """What of the suite decides how it measures: versions, and hashes of its sources."""
    harness = [file for file in (ROOT / "src").rglob("*") if file.is_file() and not file.stem.endswith("_test")]
    build = [ROOT / name for name in ("CMakeLists.txt", "CMakePresets.json", "bench/CMakeLists.txt")]
    return {
        "safecost": VERSION,
        "the run document's schema": doc.SCHEMA_VERSION,
        "the package (scripts/python/safecost)": digest_of(package_files(PACKAGE)),
        "the harness (src)": digest_of([*harness, *build]),
    }


def package_files(package: Path) -> list[Path]:
    """Every file of a package, wherever it lies in it, but for its tests and what Python makes of it."""
    return [
        file
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith("test_")
    ]


def digest_of(files: Iterable[Path]) -> str:
    """A hash over names and bytes of files, in the order of their paths."""
    digest = hashlib.sha256()
    for file in sorted(files):
        data = file.read_bytes()
        digest.update(f"{file.name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def _files_of(case: CaseFiles) -> list[Path]:
    """A case's sources, and the shipped inputs beside them, which may be any of its folder's other files."""
    beside = [file for file in case.data.iterdir() if file.is_file() and file.suffix not in {".cc", ".rs"}]
    return [*case.files, *beside]
