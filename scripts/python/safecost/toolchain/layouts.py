"""Link layouts: a plugin linked again with its functions elsewhere, so that each launch has a placement of its own.

Address randomization moves a plugin by whole pages, so the low 12 bits of every code address, and the distances between
functions, are decided by the linker. What a predictor or a cache makes of them is the same in every process that loads
the same file, and no interval over such processes contains it (T. Mytkowicz et al., "Producing Wrong Data Without
Doing Anything Obviously Wrong!", ASPLOS 2009; C. Curtsinger and E. Berger, "Stabilizer", ASPLOS 2013).

A layout differs from the plugin in the order of its functions (LLD's --shuffle-sections over `.text*`; never over all
sections, as that reorders constructors) or, where there is no LLD, in 0 to 63 lines of 64 bytes before the first
function. Functions keep their alignment and their instructions up to relocations; line tables are left out.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import shlex
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from safecost.core import locks, processes
from safecost.core.errors import ToolError
from safecost.core.paths import BUILD
from safecost.core.progress import Steps
from safecost.core.tools import closed_environment, newest_tool
from safecost.toolchain.build import Built, sha256

Method = Literal["shuffled", "padded"]
PluginKey = tuple[str, str]  # (case, profile)

LINE = 64  # bytes; what functions are aligned to
KEPT = 128
"""As many layouts are drawn from. With few, every launch would go through all, and their mean would be an error that
launches have in common, which no interval over launches holds (docs/STATISTICS.md has a table)."""
_LINES_OF_A_PAGE = 64


@dataclass(frozen=True, slots=True)
class Layouts:
    """The files of every layout, and how they were made, as "shuffled by LLD 19.1.7" or "padded".

    `failures` tells, by plugin, why it could not be linked again; its only layout is then the plugin as it was built.
    """

    method: str
    files: Mapping[PluginKey, Mapping[int, Path]]
    failures: Mapping[PluginKey, str] = field(default_factory=dict)
    in_use: IO[bytes] | None = None  # held as long as these files may be loaded

    def path(self, case: str, profile: str, layout: int) -> Path:
        """The plugin of a case and a profile in one layout, 0 and up; raises ToolError for one that was not made."""
        files = self.files.get((case, profile), {})
        if (case, profile) in self.failures:
            return files[0]
        if layout not in files:
            raise ToolError(f"{case} with {profile} has {len(files)} layouts, and layout {layout} was asked for.")
        return files[layout]

    def paths(self, case: str, profile: str, layouts: Iterable[int]) -> tuple[Path, ...]:
        """The plugin in several layouts."""
        return tuple(self.path(case, profile, layout) for layout in layouts)


@dataclass(frozen=True, slots=True)
class Linker:
    """How layouts are made on this machine; `identity` is what a cached file depends on."""

    method: Method
    text: str
    identity: str
    folder: Path  # what the linker needs: a folder with `ld.lld`, or with the paddings

    @classmethod
    def find(cls, method: Method | None = None) -> Linker:
        """LLD where there is one, else padding; raises ToolError where LLD is asked for and absent."""
        found = None if method == "padded" else _lld()
        if found is not None:
            path, version = found
            folder = BUILD / "layouts" / "lld"
            _point(folder / "ld.lld", path)
            return cls("shuffled", f"shuffled by LLD {version}", f"{path} {version}", folder)
        if method == "shuffled":
            raise ToolError("LLD is not installed: see 'scripts/safecost doctor'.")
        return cls("padded", "padded", "padded", BUILD / "layouts" / "pads")

    def words(self, plugin: PluginKey, layout: int) -> tuple[list[str], list[str]]:
        """What a link command gets before and after its own words; makes the padding that it names."""
        # Drawn by plugin too: with one number for all, a profile built twice would come out the same twice.
        seed = int.from_bytes(hashlib.sha256("@".join(plugin).encode()).digest()[:8])
        if self.method == "shuffled":
            number = random.Random(seed + layout).randrange(1, 2**31)  # 0 would mean another one each time
            shuffle = f"-Wl,--shuffle-sections=.text*={number}"
            return [f"-B{self.folder}"], ["-fuse-ld=lld", shuffle, "-Wl,--strip-debug", "-Wl,--threads=1"]
        lines = random.Random(seed).sample(range(_LINES_OF_A_PAGE), _LINES_OF_A_PAGE)[layout % _LINES_OF_A_PAGE]
        return [str(self._pad(lines))], ["-Wl,--undefined=safecost_pad", "-Wl,--strip-debug"]

    def _pad(self, lines: int) -> Path:
        """An object of so many lines of code that nothing calls, named such that linkers place it before all others."""
        text = (
            '.section .text.unlikely.safecost_pad,"ax",@progbits\n'
            f".balign {LINE}\n.globl safecost_pad\n.hidden safecost_pad\nsafecost_pad:\n"
            f".skip {lines * LINE}, 0xcc\n"
            '.section .note.GNU-stack,"",@progbits\n'
        )
        # The hash is in the name, as names are what cached layouts are kept apart by.
        made = self.folder / f"{lines:02}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.o"
        if not made.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            unfinished = made.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            environment = closed_environment()
            done = processes.run(["as", "-o", str(unfinished)], text.encode(), stderr=subprocess.PIPE, env=environment)
            if done.returncode != 0:
                raise ToolError(f"the padding could not be assembled: {done.stderr.decode(errors='replace').strip()}")
            unfinished.replace(made)
        return made


def _lld() -> tuple[Path, str] | None:
    """The newest LLD on the path, and its version."""
    linker = newest_tool("ld.lld")
    return (linker.path, linker.version) if linker is not None and linker.version else None


def _point(link: Path, target: Path) -> None:
    """Make a symbolic link, or correct it; compilers look for a linker by name, in a folder that they are reported."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    unfinished = link.with_name(f"{link.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    unfinished.symlink_to(target)
    unfinished.replace(link)


@dataclass(frozen=True, slots=True)
class _Job:
    """One link that is to be done."""

    plugin: PluginKey
    layout: int
    file: Path
    command: Sequence[str]
    folder: Path  # where the command runs


def drawn(seed: int, launch: int, count: int) -> tuple[int, ...]:
    """The layouts of a launch, different ones, from the run's seed."""
    return tuple(random.Random(f"layouts {seed} {launch}").sample(range(KEPT), count))


def make(built: Built, plugins: Iterable[PluginKey], layouts: Iterable[int], method: Method | None = None) -> Layouts:
    """Link every plugin again in each of `layouts`, side by side on all processors; what is there already is kept.

    A plugin that changed is linked afresh, and its older layouts are removed, unless another process may load them.
    Raises ToolError without a linker.
    """
    wanted = [plugin for plugin in dict.fromkeys(plugins) if plugin in built.plugins]
    linker = Linker.find(method)
    files: dict[PluginKey, Mapping[int, Path]] = {}
    numbers = sorted(set(layouts))
    failures: dict[PluginKey, str] = {}
    # A run of a user's cases has plugins in two builds: theirs, and the suite's for calibrations.
    folders = {plugin: built.plugins[plugin].parents[1] for plugin in wanted}
    lock = next((folder.parents[1] for folder in folders.values()), BUILD) / "plugins.lock"
    with locks.alone(lock):
        in_use = locks.opened(lock.with_name("layouts.lock"))
        nobody_else = locks.taken(in_use)
        locks.share(in_use)
        commands: dict[PluginKey, list[str]] = {}
        for folder in dict.fromkeys(folders.values()):
            commands |= _commands(folder, [plugin for plugin in wanted if folders[plugin] == folder], built)
        jobs: list[_Job] = []
        for plugin in wanted:
            command = commands.get(plugin)
            if command is None:
                failures[plugin] = "its link command is not known"
                continue
            todo = list(_jobs(built.plugins[plugin], plugin, command, numbers, linker))
            files[plugin] = {job.layout: job.file for job in todo}
            if nobody_else:
                _remove_stale(todo)
            jobs += (job for job in todo if not job.file.exists())
        if jobs:
            failures |= _link_all(jobs)
    files |= {plugin: {0: built.plugins[plugin]} for plugin in failures}
    return Layouts(linker.text, files, failures, in_use)


def _jobs(
    path: Path, plugin: PluginKey, command: Sequence[str], layouts: Iterable[int], linker: Linker
) -> Iterator[_Job]:
    """One link a layout; the name of a file holds the hash of all that it is made of."""
    case, profile_folder = plugin[0], path.parents[1]
    content = sha256(path)
    for layout in layouts:
        before, after = linker.words(plugin, layout)
        words = [command[0], *before, *command[1:], *after]
        key = hashlib.sha256("\0".join([content, linker.identity, *words]).encode()).hexdigest()[:16]
        file = profile_folder / "layouts" / case / f"{linker.method}-{layout:02}-{key}.so"
        yield _Job(plugin, layout, file, words, profile_folder)


def _remove_stale(jobs: Sequence[_Job]) -> None:
    """Remove what an older plugin left, and what an interrupted link did."""
    current = {job.file.name for job in jobs}
    numbers = {name.rsplit("-", 1)[0] for name in current}
    for folder in {job.file.parent for job in jobs}:
        for file in folder.glob("*"):
            if file.name not in current and (file.suffix != ".so" or file.name.rsplit("-", 1)[0] in numbers):
                file.unlink(missing_ok=True)


def _link_all(jobs: Sequence[_Job]) -> dict[PluginKey, str]:
    """Do these links; returns, for each plugin that failed, what was said."""
    failures: dict[PluginKey, str] = {}
    with Steps("layouts", len(jobs)) as steps, processes.workers() as pool:

        def link(job: _Job) -> None:
            if job.plugin not in failures and (said := _link(job)) is not None:
                failures[job.plugin] = said

        for _ in pool.map(link, jobs):
            steps.step()
    return failures


def _link(job: _Job) -> str | None:
    """Do one link; the file appears whole or not at all. Returns what was said where it failed."""
    job.file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = job.file.with_suffix(".unfinished")
    command = [*job.command, "-o", str(unfinished)]
    try:
        done = processes.run(
            command, cwd=job.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=closed_environment()
        )
    except FileNotFoundError as error:
        return f"{error.filename} is gone: build again"
    if done.returncode == 0:
        unfinished.replace(job.file)
        return None
    unfinished.unlink(missing_ok=True)
    return done.stdout.decode(errors="replace").strip() or f"the linker ended with {done.returncode}"


def _commands(folder: Path, plugins: Sequence[PluginKey], built: Built) -> dict[PluginKey, list[str]]:
    """The words that link each plugin, without its output: kept beside a Rust plugin, else asked of the build."""
    found: dict[PluginKey, list[str]] = {}
    asked = []
    for plugin in plugins:
        kept = built.plugins[plugin].with_suffix(".link") / "arguments"
        if kept.exists():
            found[plugin] = ["cc", *kept.read_text(encoding="utf-8").splitlines()]
        else:
            asked.append(plugin)
    if not asked:
        return found
    targets = [case.replace("/", ".") for case, _ in asked]
    done = processes.run(["ninja", "-C", str(folder), "-t", "commands", *targets], stdout=subprocess.PIPE)
    outputs = {f"{case}.so": (case, profile) for case, profile in asked}
    for line in done.stdout.decode(errors="replace").splitlines():
        for step in re.split(r"\s&&(?:\s|$)", line):
            words = shlex.split(step)
            if "-shared" not in words or "-o" not in words:
                continue
            at = words.index("-o")
            if (made := outputs.get(words[at + 1])) is not None:
                found[made] = words[:at] + words[at + 2 :]
    return found
