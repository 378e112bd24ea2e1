"""What this machine has for safecost, what it lacks and how to get it, and what makes noise on it."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from safecost.core import errors, tools
from safecost.core.paths import BUILD
from safecost.machine import facts as machine
from safecost.machine.noise import noise_sources
from safecost.suite.toolbox import LIBRARIES, TOOLS, Library, Tool, compilers, profiles_of

PATIENCE_SECONDS = 1.5  # a tool that does not tell its version by then is reported without one
RUSTUP = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"

DiagnosisStatus = Literal["found", "missing", "noise"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at. `required`: without it `run` fails; `remedy`: the command or the advice that helps."""

    subject: str
    status: DiagnosisStatus
    detail: str
    needed_for: str = ""
    remedy: str | None = None
    required: bool = False


def how_to_get(package: str) -> str:
    """Write the command that installs a Debian package here, or the package's name where there is no apt."""
    if not shutil.which("apt-get"):
        return f"install what Debian calls {package}"
    sudo = "" if os.geteuid() == 0 else "sudo "
    names = re.sub(r"-N\b", f"-{newest_llvm()}", package)
    return f"{sudo}apt-get install --no-remove --no-install-recommends {names}"


@cache
def newest_llvm() -> int:
    """The newest LLVM from 19 on that apt offers; 19 where it offers none, or its lists are not here."""
    names = [f"clang-{version}" for version in range(19, 40)]
    offered = re.findall(r"^clang-(\d+):\n.*\n  Candidate: [^(]", _ask(["apt-cache", "policy", *names]), re.MULTILINE)
    return max(map(int, offered), default=19)


def how_to_get_rust() -> str:
    """The command for Rust: apt's, where that is new enough, or rustup's."""
    floor = next(tool.floor for tool in compilers() if tool.subject == "Rust")
    candidate = re.search(r"Candidate: (\d+\.\d+)", _ask(["apt-cache", "policy", "rustc"]))
    return how_to_get("rustc") if candidate and tools.numbers(candidate[1]) >= floor else RUSTUP


def search_path() -> list[Path]:
    """List the folders of PATH, and where rustup installs."""
    return [*tools.search_path(), Path.home() / ".cargo/bin"]


def _ask(command: Sequence[str | Path], text: str = "") -> str:
    return tools.ask(command, text, PATIENCE_SECONDS)


def examine_tool(tool: Tool, folders: Sequence[Path]) -> tuple[Diagnosis, Path | None]:
    """Look for the newest of one tool; one that is too old counts as missing."""
    newest = (tools.newest_tool(command, folders, tool.asks, PATIENCE_SECONDS) for command in tool.commands)
    installed = next(filter(None, newest), None)
    remedy = how_to_get(tool.package) if tool.package else how_to_get_rust()
    missing = Diagnosis(tool.subject, "missing", "not found", tool.needed_for, remedy, tool.required)
    if installed is None:
        return missing, None
    # `gcc -dumpversion` of some distributions is a bare number.
    version = installed.version or installed.answer.strip()[:20]
    path = installed.path
    if tools.numbers(version) and tools.numbers(version) < tool.floor:
        return replace(missing, detail=f"{version} at {path} is older than {'.'.join(map(str, tool.floor))}"), None
    if llvm := re.search(r"LLVM version: (\S+)", installed.answer):
        version += f" (LLVM {llvm[1]})"
    return Diagnosis(tool.subject, "found", f"{version or 'of unknown version'}, {path}", tool.needed_for), path


def library_probe(libraries: Iterable[Library]) -> str:
    """Write the source whose preprocessed text holds one line for each library that is there."""
    lines = []
    for number, library in enumerate(libraries):
        include = f"#include <{library.header}>\n" if library.version else ""
        lines.append(
            f"#if __has_include(<{library.header}>)\n{include}safecost_found {number} {library.version}\n#endif\n"
        )
    return "".join(lines)


def read_probe(preprocessed: str) -> dict[int, str]:
    """Read the preprocessed probe: number of each library that was found, and its version or an empty text."""
    found = {}
    for line in preprocessed.splitlines():
        if match := re.match(r"safecost_found (\d+)(.*)", line):
            version = re.sub(r"[^\d.]", "", match[2]).strip(".")
            # fmt writes 9.1.0 as 90100.
            if re.fullmatch(r"\d{5,6}", version):
                number = int(version)
                version = f"{number // 10000}.{number // 100 % 100}.{number % 100}"
            found[int(match[1])] = version
    return found


def examine_libraries(compiler: Path | None) -> list[Diagnosis]:
    """Look for the libraries' headers as the compiler does; without one, none can be found."""
    said = _ask([compiler, "-std=c++20", "-x", "c++", "-E", "-P", "-"], library_probe(LIBRARIES)) if compiler else ""
    versions = read_probe(said)
    findings = []
    for number, library in enumerate(LIBRARIES):
        if number in versions:
            detail = versions[number] or "of unknown version"
            findings.append(Diagnosis(library.subject, "found", detail, library.needed_for))
        else:
            detail = f"<{library.header}> not found" if compiler else "not looked for without a C++ compiler"
            remedy = how_to_get(library.package)
            findings.append(Diagnosis(library.subject, "missing", detail, library.needed_for, remedy, library.required))
    return findings


def examine_libcxx(clang: Path | None) -> Diagnosis:
    """Look for libc++ as Clang does: its headers, and the static archive that timed plugins link."""
    needed = profiles_of("clang", "libc++")
    remedy = how_to_get("libc++-N-dev libc++abi-N-dev")
    if clang is None:
        return Diagnosis("libc++", "missing", "not looked for without Clang", needed, remedy)
    said = _ask(
        [clang, "-stdlib=libc++", "-x", "c++", "-E", "-P", "-"], "#include <version>\n_LIBCPP_VERSION __clang_major__\n"
    )
    version = re.search(r"^(\d\d)(\d\d)(\d\d) ?(\d*)$", said, re.MULTILINE)
    if version and version[4] and version[4] != version[1]:
        if (BUILD / f"libcxx-{version[4]}").is_dir():
            return Diagnosis("libc++", "found", f"{version[4]}, unpacked where things are built", needed)
        detail = f"that of LLVM {version[1]} is there, and {clang.name} is not paired with it"
        return Diagnosis("libc++", "missing", detail, needed, remedy)
    archive = Path(_ask([clang, "-print-file-name=libc++.a"]).strip())
    if version is None or not archive.is_absolute():
        lacking = "headers" if version is None else "static library"
        return Diagnosis("libc++", "missing", f"its {lacking} not found by {clang.name}", needed, remedy)
    return Diagnosis("libc++", "found", ".".join(str(int(part)) for part in version.groups()[:3]), needed)


def examine_noise() -> list[Diagnosis]:
    """Turn what makes noise here into findings."""
    here = machine.facts()
    return [
        Diagnosis("noise", "noise", source.sentence, "", source.remedy)
        for source in noise_sources(here, machine.surroundings())
    ]


def examine() -> list[Diagnosis]:
    """Look at everything, all tools at once; takes about a second."""
    folders = search_path()
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = [pool.submit(examine_tool, tool, folders) for tool in TOOLS]
        (gcc, gcc_path), (clang, clang_path), (rust, _) = pool.map(
            lambda tool: examine_tool(tool, folders), compilers()
        )
        libraries = pool.submit(examine_libraries, gcc_path or clang_path)
        libcxx = pool.submit(examine_libcxx, clang_path)
        noise = pool.submit(examine_noise)
        if gcc_path is None and clang_path is None:
            gcc = replace(gcc, required=True)  # either alone would do
        python = Diagnosis("Python", "found", platform.python_version(), "everything after measuring")
        found = [gcc, clang, rust, libcxx.result(), python, *(answer.result()[0] for answer in answers)]
        return [*found, *libraries.result(), *noise.result()]


def exit_code(findings: Iterable[Diagnosis]) -> int:
    """Return 1 if `run` would fail for want of something, else 0."""
    lacking = any(finding.status == "missing" and finding.required for finding in findings)
    return errors.HARNESS if lacking else errors.OK


def render(findings: Sequence[Diagnosis], console: Console) -> None:
    """Print the findings: what is there, what is missing with the command that gets it, what makes noise."""
    of_status = {
        name: [finding for finding in findings if finding.status == name] for name in get_args(DiagnosisStatus)
    }
    if of_status["found"]:
        _heading("Found", console)
        table = Table.grid(padding=(0, 2))
        for finding in of_status["found"]:
            table.add_row(Text(f"  {finding.subject}"), Text(finding.detail))
        console.print(table)
    if of_status["missing"]:
        _heading("Missing", console)
        for finding in of_status["missing"]:
            need = f"{'required for' if finding.required else 'for'} {finding.needed_for}"
            _item(f"{finding.subject}: {finding.detail}; {need}", finding.remedy, console)
    _heading("Noise", console)
    for finding in of_status["noise"]:
        _item(finding.detail, finding.remedy, console)
    if not of_status["noise"]:
        _item("Nothing here is known to make any.", None, console)
    if exit_code(findings) != errors.OK:
        console.print(Text("\n`run` cannot work before what is required has been installed.", style="bold"))
    elif of_status["missing"]:
        console.print(Text("\n`run` has all it needs; what it cannot build or check it leaves out, and says so."))


def _heading(title: str, console: Console) -> None:
    console.print(Text(f"\n{title}", style="bold"))


def _item(sentence: str, remedy: str | None, console: Console) -> None:
    # Text, since a path may hold what rich takes for markup; a command is never wrapped, so that it can be copied.
    console.print(Padding(Text(sentence), (0, 0, 0, 2), expand=False))
    if remedy:
        console.print(Text(f"    {remedy}", style="cyan"), soft_wrap=True)
