"""Link layouts: another placement of the same code, made once, whole or not at all, and again when a plugin changes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from safecost.core.errors import ToolError
from safecost.core.paths import Folders
from safecost.document.evidence import VerifyAnswer
from safecost.document.plan import PluginAt, VerifyPlan
from safecost.suite import cases as case_files
from safecost.suite import profiles as profile_files
from safecost.testing import commands, plugin_abi
from safecost.toolchain import layouts, runner
from safecost.toolchain.build import Built, build_all

CASE = "placed/sum"
PROFILES = ("gcc-o2", "clang-o2", "rust")
METHODS: tuple[layouts.Method, ...] = ("shuffled", "padded")
COUNT = 4

pytestmark = pytest.mark.build


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of cases as a user has one; several kernels, and a twin."""
    made: Path = tmp_path_factory.mktemp("cases é")
    commands.put(made, CASE, commands.case_text({"raw": commands.SUM, "at": commands.AT}))
    commands.put(made, CASE, commands.twin_text(), "rs")
    yield made
    commands.forget(made)


def build(folder: Path) -> Built:
    folders = Folders.of([folder])
    return build_all(folders, case_files.find(folders), profile_files.choose(",".join(PROFILES), ()))


@pytest.fixture(scope="module")
def built(folder: Path) -> Built:
    made = build(folder)
    assert not made.failures, made.failures
    return made


def present(built: Built, profile: str) -> layouts.PluginKey:
    if profile in built.absent:
        pytest.skip(f"{profile} is absent: {built.absent[profile]}")
    return CASE, profile


def made(built: Built, profile: str, method: layouts.Method, count: int = COUNT) -> list[Path]:
    plugin = present(built, profile)
    if method == "shuffled" and layouts._lld() is None:
        pytest.skip("no LLD here")
    result = layouts.make(built, [plugin], range(count), method)
    assert not result.failures, result.failures
    return [result.path(*plugin, layout) for layout in range(count)]


def kernels(path: Path) -> dict[str, int]:
    """Where the kernels of a plugin lie, as it was loaded: randomization leaves the low 12 bits alone."""
    return {name: variant.run for name, variant in plugin_abi.variants(plugin_abi.load(path)).items()}


def kernel_symbols(path: Path) -> list[str]:
    names = [line.split()[-1] for line in plugin_abi.run(["nm", "--defined-only", path]).splitlines()]
    return [name for name in names if "6kernelI" in name and not name.endswith(".cold")]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("profile", PROFILES)
def test_each_layout_is_another_placement_of_aligned_kernels(
    built: Built, profile: str, method: layouts.Method
) -> None:
    places = [kernels(path) for path in made(built, profile, method)]
    assert all(len(place) >= 2 for place in places)
    assert all(address % layouts.LINE == 0 for place in places for address in place.values())
    for name in places[0]:
        assert len({place[name] % 4096 for place in places}) > 1, name
    distances = {tuple(b - a for a, b in zip(place.values(), [*place.values()][1:], strict=False)) for place in places}
    assert (len(distances) > 1) == (method == "shuffled")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("profile", PROFILES)
def test_each_layout_keeps_the_rules_of_the_border(built: Built, profile: str, method: layouts.Method) -> None:
    for path in made(built, profile, method):
        assert plugin_abi.exported(path) == [plugin_abi.ENTRY]
        assert plugin_abi.unique_symbols(path) == []
        assert plugin_abi.shared_runtimes(path) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("profile", ("gcc-o2", "clang-o2"))
def test_a_kernel_has_the_same_instructions_in_each_layout(built: Built, profile: str, method: layouts.Method) -> None:
    original = built.plugins[present(built, profile)]
    names = kernel_symbols(original)
    assert len(names) >= 3  # two variants and the A/A pair
    for path in made(built, profile, method):
        for name in names:
            assert plugin_abi.code(path, f"^{name}$") == plugin_abi.code(original, f"^{name}$")


def loops(path: Path, name: str) -> tuple[int, set[int]]:
    """Where a function of a file starts, and where its loops do: the targets of jumps back, from its start."""
    lines = plugin_abi.run(["objdump", "-d", "--no-show-raw-insn", f"--disassemble={name}", path]).splitlines()
    heads = set()
    start = next(int(line.split()[0], 16) for line in lines if line.endswith(f"<{name}>:"))
    for line in lines:
        jump = re.match(r"\s*([0-9a-f]+):\s+j\w+\s+([0-9a-f]+)\b", line)
        if jump and start < int(jump[2], 16) < int(jump[1], 16):
            heads.add(int(jump[2], 16) - start)
    return start, heads


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("profile", ("gcc-o2", "clang-o2"))
def test_functions_and_loops_of_the_file_start_at_lines(built: Built, profile: str, method: layouts.Method) -> None:
    original = built.plugins[present(built, profile)]
    for name in kernel_symbols(original):
        for path in (original, *made(built, profile, method)):
            start, heads = loops(path, name)
            assert start % layouts.LINE == 0, path
            assert any((start + head) % layouts.LINE == 0 for head in heads), path
            assert heads == loops(original, name)[1]


def test_the_runner_takes_layouts_and_their_digests_agree(built: Built, folder: Path, tmp_path: Path) -> None:
    method: layouts.Method = "padded" if layouts._lld() is None else "shuffled"
    plugins = tuple(
        PluginAt(profile=f"{profile}-{layout}", path=str(path))
        for profile in PROFILES
        if profile not in built.absent
        for layout, path in enumerate(made(built, profile, method, 2))
    )
    plan = VerifyPlan(case=CASE, data=str(folder), scratch=str(tmp_path), plugins=plugins)
    result = runner.call("verify", plan, VerifyAnswer, 60)
    assert not isinstance(result, runner.Failure), result
    assert result.problems == ()
    assert len(result.plugins) == len(plugins)


def test_one_source_built_twice_is_not_placed_alike_twice() -> None:
    linker = layouts.Linker("shuffled", "", "", Path())
    assert linker.words((CASE, "gcc-o2"), 1) != linker.words((CASE, "gcc-o2-again"), 1)
    assert linker.words((CASE, "gcc-o2"), 1) == linker.words((CASE, "gcc-o2"), 1)


def stamps(paths: list[Path]) -> list[tuple[Path, int]]:
    return [(path, path.stat().st_mtime_ns) for path in paths]


def test_layouts_are_made_once_and_more_only_as_needed(built: Built) -> None:
    first = stamps(made(built, "gcc-o2", "padded", 3))
    assert stamps(made(built, "gcc-o2", "padded", 5))[:3] == first


def test_a_plugin_that_changed_is_linked_again(built: Built, tmp_path: Path) -> None:
    case = commands.put(tmp_path / "cases", CASE, commands.case_text({"raw": commands.SUM, "at": commands.AT}))
    folders = Folders.of([tmp_path / "cases"])
    try:
        all_cases, gcc = case_files.find(folders), profile_files.choose("gcc-o2", ())
        in_use = layouts.make(build_all(folders, all_cases, gcc), [(CASE, "gcc-o2")], range(2), "padded")
        before = list(in_use.files[CASE, "gcc-o2"].values())
        text = case.read_text(encoding="utf-8")
        case.write_text(text.replace("digest * 31", "digest * 37"), encoding="utf-8")
        after = made(build_all(folders, all_cases, gcc), "gcc-o2", "padded", 2)
        assert not set(before) & set(after)
        assert all(path.exists() for path in before)  # somebody may be loading them
        del in_use
        made(build_all(folders, all_cases, gcc), "gcc-o2", "padded", 2)
        assert not any(path.exists() for path in before)
        name = kernel_symbols(after[0])[0]
        assert any("$0x25" in line or "37" in line or "lea" in line for line in plugin_abi.code(after[0], f"^{name}$"))
    finally:
        commands.forget(tmp_path / "cases")


def test_what_cannot_be_linked_again_stays_as_it_was_built(built: Built) -> None:
    plugin = present(built, "gcc-o2")
    path = built.plugins[plugin]
    other = path.with_name("of_nobody.so")
    shutil.copy(path, other)
    try:
        stranger = ("placed/of_nobody", "gcc-o2")
        result = layouts.make(replace(built, plugins={stranger: other}), [stranger], range(3))
        assert "not known" in result.failures[stranger]
        assert result.path(*stranger, 2) == other
    finally:
        other.unlink()


def test_a_layout_that_was_not_made_is_an_error(built: Built) -> None:
    plugin = present(built, "gcc-o2")
    result = layouts.make(built, [plugin], range(2), "padded")
    with pytest.raises(ToolError, match="has 2 layouts, and layout 2"):
        result.path(*plugin, 2)


def job(file: Path, script: str) -> layouts._Job:
    """A link whose linker is a script: its $2 is the output."""
    return layouts._Job((CASE, "gcc-o2"), 0, file, ["sh", "-c", script, "sh"], file.parent)


def test_a_linker_that_fails_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "padded-00-0.so"
    assert layouts._link(job(file, 'printf half >"$2"; echo no room; exit 1')) == "no room"
    assert list(tmp_path.iterdir()) == []


def test_a_kill_in_the_middle_of_a_link_leaves_no_half_file(tmp_path: Path) -> None:
    file = tmp_path / "padded-00-0.so"
    text = (
        "import pathlib; from safecost.toolchain import layouts;"
        f"layouts._link(layouts._Job(('a/b', 'c'), 0, pathlib.Path({str(file)!r}),"
        f"""['sh', '-c', 'printf half >"$2"; sleep 60', 'sh'], pathlib.Path({str(tmp_path)!r})))"""
    )
    process = subprocess.Popen([sys.executable, "-c", text], env=commands.environment(), process_group=0)
    try:
        deadline = time.monotonic() + 30
        while not any(path.stat().st_size for path in tmp_path.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not file.exists()
    layouts._remove_stale([job(file, "")])
    assert list(tmp_path.iterdir()) == []


def test_without_lld_the_functions_are_padded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "newest_tool", lambda name: None)
    assert layouts.Linker.find().text == "padded"
    with pytest.raises(ToolError, match="LLD is not installed"):
        layouts.Linker.find("shuffled")


def test_a_launch_draws_layouts_of_its_own_that_its_number_and_the_seed_decide() -> None:
    drawn = {layouts.drawn(5, launch, 8) for launch in range(12)}
    assert len(drawn) == 12
    assert all(len(set(one)) == 8 and set(one) <= set(range(layouts.KEPT)) for one in drawn)
    assert layouts.drawn(5, 3, 8) == layouts.drawn(5, 3, 8) != layouts.drawn(6, 3, 8)
