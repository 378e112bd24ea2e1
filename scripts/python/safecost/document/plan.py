"""What the runner, the prover and the oracles' host are asked to do: a plan each, read as strictly on the other side.

src/runner/protocol.h names the same protocol; plan.schema.json is made of these types.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from safecost.core.decoding import Misfit, decode
from safecost.core.errors import ToolError
from safecost.document.values import Rate, Size, Threads, Workers

PROTOCOL = 5
"""The language of plans and of evidence, one number for both: it grows with every change of a field."""

POOL_BYTES, FEWEST_INPUTS = 512 << 10, 4
"""Inputs are drawn until they refer to so much, so that no branch predictor learns them; docs/MEASURING.md, "Pools"."""

STRAIGHT_POOL_BYTES, FEWEST_STRAIGHT_INPUTS = 16 << 10, 2
"""Where no branch depends on data there is nothing to be learned, and inputs that fit L1 stay there."""

TierLimit = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Seed = Annotated[int, Meta(ge=0)]
PositiveDuration = Annotated[float, Meta(ge=1e-9, le=1e6)]


class PluginAt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plugin: the profile that built it, or what it is called in the answer, and its file."""

    profile: str
    path: str


class Arm(PluginAt, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variant of a plugin; `layouts` are files of the plugin with its functions elsewhere, one for each placement."""

    variant: str
    layouts: Annotated[tuple[str, ...], Meta(max_length=64)] = ()


class _Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="plan"):
    protocol: int = PROTOCOL


class VerifyPlan(_Plan, frozen=True, kw_only=True, tag="verify"):
    """Load a case's plugins, and compare all contenders at the sizes of the tiers up to `tier`."""

    case: str
    plugins: tuple[PluginAt, ...]
    data: str = "."
    scratch: str = "."
    tier: TierLimit = 0
    timeout_seconds: PositiveDuration = 10.0
    describe_only: bool = False


class PanelPlan(_Plan, frozen=True, kw_only=True, tag="panel"):
    """Contenders at one point, on inputs that `generator` makes from `seed`; `order_seed` is that of a launch.

    A launch has `placements` of code and contexts at most. `calm_beat` is what the metronome took where nobody
    disturbed, in nanoseconds; 0 where that is not known yet.
    """

    case: str
    data: str
    scratch: str
    size: Size
    rate: Rate | None
    threads: Threads | None
    workers: Workers | None = None
    seed: Seed
    order_seed: Seed = 0
    pool_bytes: Annotated[int, Meta(ge=1, le=2**40)] = POOL_BYTES
    fewest_inputs: Annotated[int, Meta(ge=1, le=1024)] = FEWEST_INPUTS
    epoch_seconds: PositiveDuration = 200e-6
    contender_seconds: PositiveDuration = 0.02
    placements: Annotated[int, Meta(ge=1, le=64)] = 1
    calm_beat: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    generator: PluginAt
    contenders: Annotated[tuple[Arm, ...], Meta(min_length=1, max_length=1000)]


class SoloPlan(_Plan, frozen=True, kw_only=True, tag="solo"):
    """Panels whose contenders Google Benchmark times one after the other."""

    panels: Annotated[tuple[PanelPlan, ...], Meta(min_length=1, max_length=100_000)]


class CountPlan(_Plan, frozen=True, kw_only=True, tag="count"):
    """A panel of one contender whose plugin's variants are counted; Callgrind writes into the folder `dumps`."""

    panel: PanelPlan
    dumps: str
    seconds: PositiveDuration


class _Commit(_Plan, frozen=True, kw_only=True):
    plugin: PluginAt
    generator: PluginAt | None = None  # the plugin itself
    data: str
    scratch: str
    case: str = ""
    seed: Seed = 1
    timeout_seconds: PositiveDuration = 1.0
    pairs: tuple[tuple[str, str], ...] = ()


class ProvePlan(_Commit, frozen=True, kw_only=True, tag="prove"):
    """Commit the faults that `generator` declares in every variant of `plugin`, or in `pairs` of variant and fault.

    At small sizes, and at those that are timed in tiers up to `tier`.
    """

    tier: TierLimit = 0


class ConfirmPlan(_Commit, frozen=True, kw_only=True, tag="confirm"):
    """The same at each fault's own size where a sanitizer or Memcheck watches, and on valid input up to a size."""

    largest_valid: Size = 0


AnyPlan = VerifyPlan | PanelPlan | SoloPlan | CountPlan | ProvePlan | ConfirmPlan


def encoded(plan: AnyPlan) -> bytes:
    """A plan as its reader takes it; raises ToolError where it would be refused."""
    data = msgspec.json.encode(plan)
    try:
        decode(data, type(plan))
    except Misfit as error:
        raise ToolError(f"a {type(plan).__name__} cannot be sent to the runner: {error}.") from error
    return data
