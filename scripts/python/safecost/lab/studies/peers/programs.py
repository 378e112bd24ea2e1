"""The programs that time for other tools: built or fetched when a study starts, and never by the build of the suite."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from safecost.core import processes
from safecost.core.errors import ToolError
from safecost.core.paths import BUILD, ROOT
from safecost.core.tools import closed_environment
from safecost.lab.studies.peers.kernels import NATIVE

FOLDER = BUILD / "peers"
NANOBENCH = "4.6.0"
NANOBENCH_HASH = "2cfcdd57044fd0ee11d1be2b5dc545781b05c36049613c0089a73b332afd8c4d"
NANOBENCH_URL = f"https://raw.githubusercontent.com/martinus/nanobench/v{NANOBENCH}/src/include/nanobench.h"
TANGO = "0.9.0"  # as native/tango/Cargo.toml has it

_CXX = ("c++", "-O2", "-std=c++20", "-I", str(ROOT / "src"), "-I", str(FOLDER))


def google() -> Path:
    """Google Benchmark's program."""
    return _linked("google", ("-lbenchmark", "-lpthread"))


def nanobench(header: Path | None) -> Path:
    """nanobench's program; its header is the given one, or downloaded once."""
    target = FOLDER / "nanobench.h"
    if header is not None:
        text = header.read_bytes()
    elif target.exists():
        text = target.read_bytes()
    else:
        text = _downloaded(NANOBENCH_URL)
    if (got := hashlib.sha256(text).hexdigest()) != NANOBENCH_HASH:
        raise ToolError(f"{header or NANOBENCH_URL} is not nanobench {NANOBENCH}: its SHA-256 is {got}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text)
    return _linked("nano", ())


def tango() -> Path:
    """tango's program, which cargo fetches and builds."""
    if shutil.which("cargo") is None:
        raise ToolError("cargo is not installed")
    _arms()
    source = FOLDER / "tango"  # a copy, as cargo writes beside its manifest
    shutil.copytree(NATIVE / "tango", source, dirs_exist_ok=True)
    words = ["cargo", "build", "--quiet", "--release", "--manifest-path", str(source / "Cargo.toml")]
    rust = {"RUSTFLAGS": f"-L native={FOLDER} -C link-arg=-Wl,-rpath,{FOLDER}"}
    if "CARGO_HOME" in os.environ:
        rust["CARGO_HOME"] = os.environ["CARGO_HOME"]
    _must(words, rust)
    return source / "target" / "release" / "peers-tango"


def _arms() -> None:
    """The library by which every peer comes by kernels and inputs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    _must([*_CXX, "-shared", "-fPIC", str(NATIVE / "arms.cc"), "-o", str(FOLDER / "libarms.so"), "-ldl"])


def _linked(name: str, libraries: Sequence[str]) -> Path:
    _arms()
    program = FOLDER / f"peers-{name}"
    against = [f"-L{FOLDER}", "-larms", f"-Wl,-rpath,{FOLDER}", *libraries]
    _must([*_CXX, str(NATIVE / f"{name}.cc"), "-o", str(program), *against])
    return program


def _must(command: Sequence[str], more: Mapping[str, str] | None = None) -> None:
    environment = {**closed_environment(), **(more or {})}
    try:
        done = processes.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]} is not installed") from error
    if done.returncode != 0:
        lines = done.stdout.decode(errors="replace").strip().splitlines()
        reasons = [line.partition("error: ")[2] for line in lines if "error: " in line]  # without the path before it
        raise ToolError(f"{command[0]} failed: {(reasons or lines or ['it said nothing'])[0].strip()}")


def _downloaded(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return bytes(answer.read())
    except OSError as error:
        raise ToolError(f"{url} cannot be downloaded ({error}): give --nanobench FILE") from error
