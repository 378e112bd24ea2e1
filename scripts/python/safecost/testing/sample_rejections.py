"""Made-up snippets of the sample document: one of every outcome."""

from __future__ import annotations

from safecost.document.judged import CompilerName, Rejection, Ruling, RulingOutcome, Way

_SOURCE = """\
// A block is read after it was freed.
int use(int* block) {
  delete block;
  return *block;  // MISUSE
}
"""


def _ruling(by: CompilerName, outcome: RulingOutcome, tag: str | None = None, reason: str | None = None) -> Ruling:
    said = "error: a made-up diagnostic" if tag else None
    return Ruling(by, None if outcome == "absent" else "99.1", "", tag or "accepts", outcome, tag, said, reason)


def _cxx(topic: str, misuse: str, way: Way, *rulings: Ruling) -> Rejection:
    return Rejection(topic, misuse, way, "c++", 416, f"A made-up {misuse}.", 4, _SOURCE, rulings)


def sample_rejections() -> tuple[Rejection, ...]:
    """Two topics, four misuses, both languages."""
    return (
        _cxx(
            "lifetimes",
            "inner_scope",
            "plain",
            _ruling("gcc", "accepted"),
            _ruling("clang", "newly_rejected", "-Wdangling", "said to be accepted, and now rejected"),
        ),
        _cxx(
            "ownership",
            "copied_owner",
            "plain",
            _ruling("gcc", "rejected", "-Wmade-up"),
            _ruling("clang", "rejected", "-Wmade-up"),
        ),
        _cxx(
            "ownership",
            "freed_block",
            "plain",
            _ruling("gcc", "broken", "-Wother", "expected [-Wuse-after-free], and was reported: -Wother"),
            _ruling("clang", "accepted"),
        ),
        _cxx(
            "ownership",
            "freed_block",
            "attribute",
            _ruling("gcc", "not_applicable", None, "it has no such attribute"),
            _ruling("clang", "rejected", "-Wconsumed"),
        ),
        _cxx("ownership", "never_freed", "plain", _ruling("gcc", "accepted"), _ruling("clang", "accepted")),
        Rejection(
            "ownership", "freed_block", "plain", "rust", 416, "A block is freed twice.", 4, _SOURCE,
            (_ruling("rustc", "rejected", "E0382"),),
        ),
        Rejection(
            "ownership", "never_freed", "plain", "rust", 401, "A block is leaked.", 4, _SOURCE,
            (_ruling("rustc", "absent", None, "Rust: not found"),),
        ),
    )  # fmt: skip
