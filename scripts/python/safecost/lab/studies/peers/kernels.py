"""The kernels that all tools time: cases of the suite, with differences planted in each, in several layouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safecost.core.errors import ToolError, UsageError
from safecost.core.paths import BENCH, BUILD, Folders
from safecost.document.evidence import PluginDescription
from safecost.document.plan import FEWEST_INPUTS, FEWEST_STRAIGHT_INPUTS, POOL_BYTES, STRAIGHT_POOL_BYTES
from safecost.lab.studies.peers.records import PLANTED
from safecost.suite import cases as case_files
from safecost.suite import profiles as profile_files
from safecost.toolchain import layouts, runner
from safecost.toolchain.build import build_all
from safecost.toolchain.layouts import Layouts

PROFILE = "gcc-o2"
LINKS = 6  # of a peer, whose users have one: each trial has the next
PAIRS = tuple(PLANTED)
NATIVE = Path(__file__).parent / "native"


@dataclass(frozen=True, slots=True)
class PeerKernel:
    """A kernel by its short name, the case that it is of, and the size of an input; a calibration has its own size."""

    name: str
    case: str
    size: int | None = None

    @property
    def timed_case(self) -> str:
        """The case whose plugin is loaded."""
        return self.case if self.size is None else f"planted/{self.name}"


# A hundred calls are one call here, each on an input of its own: sizes are such that these lie in L2.
DEVELOPED = (
    PeerKernel("straight", "calibration/straight"),
    PeerKernel("branchy", "calibration/branchy"),
    PeerKernel("list", "ownership/linked_list", 64),
    PeerKernel("tokens", "strings/tokenize", 256),
)
"""What the study and the tools' settings were tried on."""

PUBLISHED = (
    PeerKernel("callback", "callbacks/callback", 128),
    PeerKernel("checked_sum", "integers/checked_sum", 256),
    PeerKernel("filter_map_sum", "iteration/filter_map_sum", 256),
    PeerKernel("gather", "indexing/gather", 128),
    PeerKernel("header_parse", "indexing/header_parse", 32),
    PeerKernel("int_to_text", "strings/int_to_text", 32),
    PeerKernel("sort", "iteration/sort", 64),
    PeerKernel("tagged_union", "types/tagged_union", 32),
)
"""What is published: nobody looked at these while settings were chosen."""

SETS: Mapping[str, tuple[PeerKernel, ...]] = {
    "developed": DEVELOPED,
    "published": PUBLISHED,
    "all": DEVELOPED + PUBLISHED,
}


def chosen(words: str) -> tuple[PeerKernel, ...]:
    """A set by its name, or kernels by theirs, with commas; raises UsageError for a name that is neither."""
    known = {kernel.name: kernel for kernel in SETS["all"]}
    found: dict[str, PeerKernel] = {}
    for word in words.split(","):
        if word not in SETS and word not in known:
            raise UsageError(f"--kernels {word!r} is no set and no kernel: {', '.join((*SETS, *known))}.")
        found |= {kernel.name: kernel for kernel in (SETS[word] if word in SETS else (known[word],))}
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class BuiltKernel:
    """A kernel as it is timed: its plugin in every layout, its size, and how many inputs a pool has."""

    kernel: PeerKernel
    files: Layouts
    data: Path
    size: int
    pool_bytes: int
    fewest_inputs: int
    base: str  # the name of the base's variant

    def paths(self, numbers: Sequence[int]) -> tuple[Path, ...]:
        """The plugin in these layouts."""
        return self.files.paths(self.kernel.timed_case, PROFILE, numbers)


def sources(kernel: PeerKernel, case: Path) -> dict[str, str]:
    """The files of a case that repeats the raw kernel of another; `case` is the first file of that one."""
    inside = [case] if case.parent.parent == BENCH else sorted(case.parent.glob("*.cc"))
    question = f"// Are 1 and 2 % more calls of {kernel.case} found?\n"
    texts = {file.name: f'{question}#include "{file}"\n' for file in inside if file != case}
    texts[f"{kernel.name}.cc"] = (
        f'{question}#include "kernel/case.h"\n'
        "#undef SAFECOST_EXPORT\n"
        "#define SAFECOST_EXPORT(the_case) \\\n"
        "  static const safecost_plugin* inner_plugin() { \\\n"
        "    static const safecost_plugin* const plugin = (the_case).plugin(SAFECOST_NAME); \\\n"
        "    return plugin; \\\n"
        "  }\n"
        f'#include "{case}"\n#define PEERS_SIZE {kernel.size}\n#include "{NATIVE / "repeated.h"}"\n'
    )
    return texts


def build(kernels: Sequence[PeerKernel]) -> list[BuiltKernel]:
    """Build and link every kernel; raises ToolError with what the compiler said."""
    folder = BUILD / "peers" / "cases"
    suite = {case.name: case for case in case_files.find(Folders.of(()))}
    for kernel in kernels:
        if kernel.size is not None:
            for name, text in sources(kernel, suite[kernel.case].files[0]).items():
                _write(folder / "planted" / kernel.name / name, text)
    made: list[BuiltKernel] = []
    ours = [kernel for kernel in kernels if kernel.size is None]
    planted = [kernel for kernel in kernels if kernel.size is not None]
    for folders, some in ((Folders.of(()), ours), (Folders.of((folder,)), planted)):
        if some:
            made += _built(folders, some, {case.name: case.data for case in suite.values()})
    return sorted(made, key=lambda it: list(kernels).index(it.kernel))


def _built(folders: Folders, kernels: Sequence[PeerKernel], data: Mapping[str, Path]) -> list[BuiltKernel]:
    wanted = {kernel.timed_case: kernel for kernel in kernels}
    cases = [case for case in case_files.find(folders) if case.name in wanted]
    built = build_all(folders, cases, profile_files.choose(PROFILE, ()))
    for (name, _), said in built.failures.items():
        raise ToolError(f"{name} cannot be built with {PROFILE}: {said}")
    if PROFILE in built.absent:
        raise ToolError(f"{PROFILE} is not there: {built.absent[PROFILE]}: see 'safecost doctor'.")
    linked = layouts.make(built, built.plugins, range(layouts.KEPT))
    for (name, _), said in linked.failures.items():
        raise ToolError(f"{name} cannot be linked again: {said}")
    ready = []
    for case in cases:
        kernel = wanted[case.name]
        (plugin,) = runner.describe(case.name, {PROFILE: built.plugins[case.name, PROFILE]})
        ready.append(_ready(kernel, data[kernel.case], plugin, linked))
    return ready


def _ready(kernel: PeerKernel, data: Path, plugin: PluginDescription, linked: Layouts) -> BuiltKernel:
    """A kernel that is built, as its plugin describes it."""
    base = next(variant.name for variant in plugin.present if variant.role == "raw")
    if missing := set(PAIRS) - {variant.name for variant in plugin.present}:
        raise ToolError(f"{kernel.timed_case} has no {' and '.join(sorted(missing))}.")
    pool = (STRAIGHT_POOL_BYTES, FEWEST_STRAIGHT_INPUTS) if plugin.straight else (POOL_BYTES, FEWEST_INPUTS)
    return BuiltKernel(kernel, linked, data, plugin.parameters[0].size, *pool, base)


def _write(file: Path, text: str) -> None:
    """Write a file unless it has that text already: what is new is compiled again."""
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
