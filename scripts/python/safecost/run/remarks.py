"""Asks compilers why, where versions of one are side by side in a run: remarks go to the code of the kernels.

Only cases are asked about of which some idiom costs another share in one of them, since each is compiled once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from safecost.code.elf_file import ElfFile
from safecost.core import processes
from safecost.core.console import quote
from safecost.core.errors import ToolError
from safecost.core.progress import Steps
from safecost.document.rows import compiler_groups, valid_rows
from safecost.document.types import Document
from safecost.run.state import RunState
from safecost.toolchain import remarks
from safecost.toolchain.layouts import PluginKey


def has_versions(state: RunState) -> bool:
    """Does a run build with more than one version of a compiler?"""
    commands: dict[str, set[str]] = {}
    for profile in state.profiles:
        family = state.built.compilers.get(profile.name, "").partition(" ")[0]
        if profile.name not in state.built.absent:
            commands.setdefault(family, set()).add(profile.compiler)
    return any(len(each) > 1 for each in commands.values())


def differing(document: Document) -> Iterator[PluginKey]:
    """The plugins of cases in which a cost, or whether a kernel computes on vectors, differs between the versions."""
    edge = 1.0 + document.run.margin
    for group in compiler_groups(document):
        names = {profile.name for profile in group}
        costs: dict[tuple[object, ...], list[float]] = {}
        for row in valid_rows(document):
            if row.kind == "idiom" and row.profile in names:
                costs.setdefault((row.task, row.variant, row.place), []).append(row.ratio)
        packed: dict[tuple[str, str], set[bool]] = {}
        for code in document.codes:
            if code.profile in names:
                packed.setdefault((code.case, code.variant), set()).add(bool(code.packed))
        cases = {str(key[0]) for key, ratios in costs.items() if max(ratios) > edge * min(ratios)}
        cases |= {case for (case, _), either in packed.items() if len(either) > 1}
        yield from ((case, name) for case in sorted(cases) for name in sorted(names))


def asked(state: RunState, wanted: Set[PluginKey]) -> RunState:
    """The state with what compilers say of the kernels of these plugins; who cannot be asked is reported."""
    keys = [key for key in sorted(wanted) if key in state.built.plugins and key in state.descriptions]
    if not keys:
        return state
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    with Steps("ask compilers for remarks", len(keys)) as steps, processes.workers() as pool:
        for (case, profile), result in zip(keys, pool.map(lambda key: _of_plugin(state, key), keys), strict=True):
            if isinstance(result, str):
                quote(f"no remarks of {case} with {profile}: {result}")
            else:
                found |= {(case, variant, profile): words for variant, words in result.items()}
            steps.step()
    codes = tuple(
        replace(code, remarks=found.get((code.case, code.variant, code.profile), code.remarks)) for code in state.codes
    )
    return replace(state, codes=codes)


def _of_plugin(state: RunState, key: PluginKey) -> dict[str, tuple[str, ...]] | str:
    """The remarks on each variant of a plugin, or why there are none."""
    plugin = state.built.plugins[key]
    try:
        by_function = remarks.of_plugin(plugin, key[0], state.built.compilers[key[1]])
        elf = ElfFile(plugin)
    except ToolError as error:
        return str(error)
    symbols = {
        variant.name: elf.symbol_at(variant.address)
        for variant in state.descriptions[key].variants
        if variant.address is not None
    }
    return {name: by_function.get(symbol.name, ()) for name, symbol in symbols.items() if symbol is not None}
