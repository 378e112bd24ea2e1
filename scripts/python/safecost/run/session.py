"""A session of a run: its first, from what the user asks for, or a later one, from what the journal remembers."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from safecost.core import privacy
from safecost.core.errors import UsageError
from safecost.core.paths import LOCAL_RESULTS, Folders
from safecost.document import io as documents
from safecost.document.types import Document
from safecost.run import journal as journals
from safecost.run.journal import Asked, Journal
from safecost.run.measure import Measurement
from safecost.run.schedule import MODES, Mode
from safecost.run.state import RunOptions, begun
from safecost.suite import profiles as profile_files
from safecost.suite import revision as suite_revision

LATEST = Path("latest")


@dataclass(frozen=True, slots=True)
class Own:
    """What the user gave of their own and may want to keep private: folders of cases, ad-hoc profiles, a filter."""

    cases: Sequence[Path]
    ad_hoc: Sequence[str]
    filter: str | None

    def options(self) -> list[tuple[str, str]]:
        """Each as the command line has it: (option, value)."""
        found = [("--cases", str(folder)) for folder in self.cases]
        found += [("--profile", text) for text in self.ad_hoc]
        return found if self.filter is None else [*found, ("--filter", self.filter)]


@dataclass(frozen=True, slots=True)
class Session:
    """A measurement with its journal, which whoever measures closes."""

    measurement: Measurement
    journal: Journal
    own: Own

    def resuming_command(self, folder: str) -> str:
        """The command that goes on where this session ends."""
        again = [one for one in self.own.options() if one[0] in self.journal.plan.asked.again]
        return shlex.join(["scripts/safecost", "run", "--resume", folder, *(word for one in again for word in one)])


def begin(
    mode: Mode,
    profiles: str | None,
    own: Own,
    seed: int | None,
    folder: Path,
    make: Callable[[], object],
    *,
    count: bool,
) -> Session:
    """The first session of a run; `make` makes its folder, once all that was asked for is known to exist."""
    chosen = profile_files.choose(profiles, own.ad_hoc, mode.profiles)
    if profiles is None and not own.ad_hoc and mode.false_discovery_rate is not None:
        chosen = profile_files.with_rebuilds(chosen)
    given = {} if seed is None else {"seed": seed}
    options = RunOptions(mode, chosen, Folders.of(own.cases), own.filter, folder, count=count, **given)
    state = begun(options)
    make()
    private = own.filter is not None and privacy.clean(options.folders, own.filter, 1_000) != own.filter
    shipped = profile_files.shipped()
    asked = Asked(
        mode.name,
        options.seed,
        tuple(profile.name for profile in chosen if profile.name in shipped),
        None if private else own.filter,
        tuple(option for option, of in zip(journals.AGAIN, (own.cases, own.ad_hoc, private), strict=True) if of),
        count,
    )
    journal = Journal.begin(folder, asked, state.started, state.machine.load_before, suite_revision.revision())
    return Session(Measurement(state, journal), journal, own)


def folder_of(run: Path) -> Path:
    """The folder of a run that is to be resumed, where it is `latest` the newest unfinished one's; or UsageError."""
    folder = journals.unfinished(LOCAL_RESULTS) if run == LATEST and not run.exists() else run
    if folder is None:
        raise UsageError(f"--resume latest: {LOCAL_RESULTS} holds no unfinished run; give the folder of one.")
    return folder


def undrawn(folder: Path) -> Document | None:
    """The document of a run of which nothing is left to do but its report."""
    if journals.is_drawn(folder) or not journals.is_complete(folder):
        return None
    Journal.take_up(folder).close()  # refuses one that another process is at
    return documents.read(folder / documents.RUN_FILE)


def take_up(folder: Path, own: Own) -> Session:
    """A later session of the run in a folder; raises UsageError where it cannot be."""
    journal = Journal.take_up(folder)
    try:
        if journals.is_complete(folder):
            raise UsageError(
                f"{folder} is complete: nothing is left to measure; 'scripts/safecost report {folder}' draws it."
            )
        if (now := documents.now()) < journal.plan.started:
            raise UsageError(f"{folder} was begun at {journal.plan.started}, and the clock says {now}: set it right.")
        asked = journal.plan.asked
        given = dict(own.options())
        for option in journals.AGAIN:
            if option in asked.again and option not in given:
                raise UsageError(f"{folder} was begun with a {option} of its user's: give it again, as it was.")
            if option in given and option not in asked.again:
                raise UsageError(f"{folder} was begun without a {option} that has to be given again: leave it out.")
        state = begun(
            RunOptions(
                mode=MODES[asked.mode],
                profiles=profile_files.choose(",".join(asked.profiles) or None, own.ad_hoc),
                folders=Folders.of(own.cases),
                filter=asked.filter if own.filter is None else own.filter,
                out=folder,
                count=asked.count,
                seed=asked.seed,
            )
        )
        measurement = Measurement(state, journal)
    except BaseException:
        journal.close()
        raise
    return Session(measurement, journal, own)
