"""What a user can compare in one process: profiles with one of them, two revisions of the suite, two folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safecost.compare.live.arms import Pairing, SideName
from safecost.compare.live.comparing import Sides
from safecost.compare.live.revisions import Revision, take_out
from safecost.compare.live.sides import LiveSide, profiles_of
from safecost.core.errors import UsageError
from safecost.core.paths import BENCH, Folders
from safecost.core.text import counted
from safecost.run.schedule import DEFAULT, Mode
from safecost.run.state import MARGIN, RunOptions
from safecost.suite import cases as case_files
from safecost.suite import profiles as profile_files
from safecost.suite.profiles import BuildProfile


@dataclass(frozen=True, slots=True)
class ComparisonExtent:
    """How much of both sides is compared: a kind of run, a filter, counts or none, and the margin of times."""

    mode: Mode = DEFAULT
    filter: str | None = None
    count: bool = True
    margin: float = MARGIN


def of_profiles(names: str | None, ad_hoc: Sequence[str], cases: Sequence[Path], extent: ComparisonExtent) -> Sides:
    """Profiles, the first of which is base; `names` may name those that are given `ad_hoc`, to say which is which.

    Raises UsageError where there are not two, and where no case can have rows since their languages differ.
    """
    base, *heads = _ordered(names, ad_hoc)
    for head in heads:
        if base.language != head.language:
            raise UsageError(
                f"{base.name} builds {base.language} and {head.name} builds {head.language}: they have no variant in"
                " common; 'scripts/safecost run' compares languages."
            )
    folders = Folders.of(cases)
    return Sides(
        _side("base", base.name, folders, [base], extent, _flags([base])),
        _side("head", ", ".join(head.name for head in heads), folders, heads, extent, _flags(heads)),
        tuple(Pairing(base.name, head.name) for head in heads),
    )


def _ordered(names: str | None, ad_hoc: Sequence[str]) -> list[BuildProfile]:
    given = {one.name: one for one in profile_files.choose("default", ad_hoc)[-len(ad_hoc) :]} if ad_hoc else {}
    wanted = [name.strip() for name in (names or "").split(",") if name.strip()]
    order = [*wanted, *(name for name in given if name not in wanted)]
    if len(order) < 2:
        raise UsageError(
            f"{counted(len(order), 'profile')} to compare ({', '.join(order) or 'none'}): give two or more, base first,"
            " as in --profiles gcc-o2,clang-o2 or --profile 'old: g++-12 -O2' --profile 'new: g++-14 -O2'."
        )
    repeated = next((name for at, name in enumerate(order) if name in order[:at]), None)
    if repeated is not None:
        raise UsageError(f"{repeated} is given twice: a profile is compared with another one.")
    return [given[name] if name in given else profile_files.choose(name, ())[0] for name in order]


def of_revisions(base: str, head: str, names: str | None, ad_hoc: Sequence[str], extent: ComparisonExtent) -> Sides:
    """Two revisions of the suite's cases and profiles, both with today's harness; '.' is the working tree.

    Raises UsageError where a revision does not exist or does not fit, and where both are the same.
    """
    before, after = take_out(base), take_out(head)
    if before.bench == after.bench:
        raise UsageError(f"{base} and {head} are the same ({_title(before)}): there is nothing to compare.")
    wanted = profile_files.choose(names, ad_hoc)
    shipped = profile_files.shipped()
    both = [
        [
            *profiles_of(one.profiles, [profile for profile in wanted if profile.name in shipped]),
            *(profile for profile in wanted if profile.name not in shipped),
        ]
        for one in (before, after)
    ]
    return Sides(
        _side("base", _title(before), _folders(before), both[0], extent, _commit(before)),
        _side("head", _title(after), _folders(after), both[1], extent, _commit(after)),
        tuple(Pairing(profile.name, profile.name) for profile in both[1]),
    )


def _folders(revision: Revision) -> Folders:
    return Folders.of(() if revision.bench == BENCH else (revision.bench,))


def _title(revision: Revision) -> str:
    return revision.name if revision.commit is None else f"{revision.name} ({revision.commit[:12]})"


def of_folders(base: Path, head: Path, names: str | None, ad_hoc: Sequence[str], extent: ComparisonExtent) -> Sides:
    """The cases of two folders; raises UsageError where one is missing or holds none, and where both are the same."""
    if base.resolve() == head.resolve():
        raise UsageError(f"{base} and {head} are the same folder: there is nothing to compare.")
    profiles = profile_files.choose(names, ad_hoc)
    titles = (base.name, head.name) if base.name != head.name else (f"{base}", f"{head}")
    return Sides(
        _side("base", titles[0], Folders.of([base]), profiles, extent),
        _side("head", titles[1], Folders.of([head]), profiles, extent),
        tuple(Pairing(profile.name, profile.name) for profile in profiles),
    )


def _flags(profiles: Sequence[BuildProfile]) -> list[tuple[str, str]]:
    each = {profile.name: " ".join(flag for flag, _ in profile.flags) or "none" for profile in profiles}
    same = len(set(each.values())) == 1
    return [("flags", next(iter(each.values())) if same else "; ".join(f"{name}: {it}" for name, it in each.items()))]


def _commit(revision: Revision) -> list[tuple[str, str]]:
    return [("cases", "of the working tree" if revision.commit is None else f"of commit {revision.commit}")]


def _side(
    name: SideName,
    title: str,
    folders: Folders,
    profiles: Sequence[BuildProfile],
    extent: ComparisonExtent,
    facts: Sequence[tuple[str, str]] = (),
) -> LiveSide:
    case_files.find(folders)  # whatever is wrong with a folder is reported before anything is built
    options = RunOptions(
        extent.mode, profiles, folders, extent.filter, Path(), margin=extent.margin, count=extent.count
    )
    return LiveSide(name, title, options, facts)
