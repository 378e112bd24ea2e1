"""What of a case's time is its tape's: a variant that reads the operations, tells them apart, and does nothing."""

from __future__ import annotations

import statistics

from safecost.core.text import number
from safecost.document.types import Document
from safecost.document.values import DISPATCH_ONLY


def dispatch_lines(document: Document) -> list[str]:
    """A sentence for each case that has a tape: the share of raw code's time, by profile and size, in plain builds."""
    plain = {profile.name for profile in document.profiles if profile.plain == profile.name}
    disqualified = {case.name for case in document.cases if case.status == "disqualified"}
    shares: dict[str, list[str]] = {}
    for panel in document.panels:
        own = [arm for arm in panel.contenders if arm.profile == panel.profile]
        raw = next((arm for arm in own if arm.role == "raw"), None)
        alone = next((arm for arm in own if arm.variant in DISPATCH_ONLY), None)
        if raw is None or alone is None or panel.profile not in plain or panel.case in disqualified:
            continue
        ratios = [mine / whole for mine, whole in zip(alone.nanoseconds, raw.nanoseconds, strict=True)]
        share = f"{number(statistics.median(ratios))} of {raw.variant}@{panel.profile} ({panel.label or panel.size})"
        shares.setdefault(panel.case, []).append(share)
    return [
        f"tape alone: {case}: {', '.join(each)}; it is in every time of the case and dilutes its ratios"
        for case, each in shares.items()
    ]
