"""Plans of every kind, at the bounds of what they may hold, and changes beyond them that both sides refuse."""

from __future__ import annotations

from collections.abc import Sequence

from safecost.document.plan import (
    AnyPlan,
    Arm,
    ConfirmPlan,
    CountPlan,
    PanelPlan,
    PluginAt,
    ProvePlan,
    SoloPlan,
    VerifyPlan,
)

_NOWHERE = "/nowhere.so"
_AT = PluginAt(profile="gcc-o2", path=_NOWHERE)
PANEL = PanelPlan(
    case="indexing/sum",
    data=".",
    scratch=".",
    size=2**48,
    rate=1.0,
    threads=2,
    seed=2**64 - 1,
    generator=_AT,
    contenders=(Arm(profile="gcc-o2", path=_NOWHERE, variant="raw"),),
)
SMALLEST = PanelPlan(
    case="indexing/sum",
    data=".",
    scratch=".",
    size=0,
    rate=0.0,
    threads=None,
    workers=64,
    seed=0,
    pool_bytes=1,
    fewest_inputs=1,
    epoch_seconds=1e-9,
    contender_seconds=1e6,
    generator=_AT,
    contenders=PANEL.contenders,
)
PLANS: Sequence[AnyPlan] = (
    VerifyPlan(case="indexing/sum", plugins=(_AT,), timeout_seconds=1e6, tier=2),
    PANEL,
    SMALLEST,
    SoloPlan(panels=(PANEL, SMALLEST)),
    CountPlan(panel=PANEL, dumps="/tmp", seconds=60.0),
    ProvePlan(plugin=_AT, generator=_AT, data=".", scratch=".", pairs=(("raw", "past_end"),)),
    ConfirmPlan(plugin=_AT, data=".", scratch=".", largest_valid=2**48),
)
# A plan, the place in it, and a value that no program takes there.
REFUSED: Sequence[tuple[AnyPlan, str, object]] = (
    (PANEL, "size", -1),
    (PANEL, "size", 2**48 + 1),
    (PANEL, "size", 1.5),
    (PANEL, "size", "8"),
    (PANEL, "rate", 1.01),
    (PANEL, "threads", 3),
    (PANEL, "workers", 65),
    (PANEL, "workers", 0),
    (PANEL, "fewest_inputs", 0),
    (PANEL, "fewest_inputs", 1025),
    (PANEL, "pool_bytes", 0),
    (PANEL, "epoch_seconds", 0),
    (PANEL, "contender_seconds", 1e7),
    (PANEL, "seed", -1),
    (PANEL, "contenders", []),
    (PANEL, "contenders", [{"profile": "gcc-o2", "path": _NOWHERE}]),
    (PANEL, "contenders.0.color", "red"),
    (PANEL, "generator", None),
    (PANEL, "seeds", 1),
    (PANEL, "plan", "verify"),
    (SoloPlan(panels=(PANEL,)), "panels.0.size", None),
    (VerifyPlan(case="indexing/sum", plugins=(_AT,)), "describe_only", 1),
    (VerifyPlan(case="indexing/sum", plugins=(_AT,)), "plugins.0.path", 1),
    (VerifyPlan(case="indexing/sum", plugins=(_AT,)), "tier", -1),
    (CountPlan(panel=PANEL, dumps="/tmp", seconds=60.0), "panel.rate", -0.5),
    (CountPlan(panel=PANEL, dumps="/tmp", seconds=60.0), "dumps", None),
    (ProvePlan(plugin=_AT, data=".", scratch="."), "timeout_seconds", 0),
    (ProvePlan(plugin=_AT, data=".", scratch="."), "pairs", [["raw"]]),
    (ProvePlan(plugin=_AT, data=".", scratch="."), "largest_valid", 1),
    (ConfirmPlan(plugin=_AT, data=".", scratch="."), "largest_valid", 2**48 + 1),
)
