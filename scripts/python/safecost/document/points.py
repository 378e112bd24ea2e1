"""Where a case is measured, and what a contender is called there."""

from __future__ import annotations

from typing import TYPE_CHECKING

Place = tuple[int, float | None, int | None, int | None]
"""Size, rate, threads and workers: where a case is measured."""


class AtPoint:
    """What is at one of the points at which a case is measured: it has a size, a rate, threads, workers."""

    __slots__ = ()

    if TYPE_CHECKING:  # fields of whoever inherits this

        @property
        def size(self) -> int: ...  # noqa: D102
        @property
        def rate(self) -> float | None: ...  # noqa: D102
        @property
        def threads(self) -> int | None: ...  # noqa: D102
        @property
        def workers(self) -> int | None: ...  # noqa: D102

    @property
    def place(self) -> Place:
        """What tells the point from the case's others."""
        return self.size, self.rate, self.threads, self.workers

    @property
    def beside(self) -> str:
        """What is given beside the size, to be put behind it, such as `, rate 0.01, threads 2`; often nothing."""
        return beside_size(self.rate, self.threads, self.workers)


def contender_name(case: str, variant: str, place: Place, profile: str) -> str:
    """The name a contender has everywhere, for instance `indexing/sum/at/size:4096@gcc-o2`; `case` is `family/case`.

    The runner makes the same one (`contender_name` in src/runner/contender.cc).
    """
    size, rate, threads, workers = place
    parameters = f"size:{size}" if rate is None else f"size:{size}/rate:{_rate(rate)}"
    if threads is not None:
        parameters += f"/threads:{threads}"
    if workers is not None:
        parameters += f"/workers:{workers}"
    return f"{case}/{variant}/{parameters}@{profile}"


def _rate(rate: float) -> str:
    """With as many digits as are needed to read it back, as the runner writes it."""
    return repr(float(rate)).removesuffix(".0")


def beside_size(rate: float | None, threads: int | None, workers: int | None, separator: str = ", ") -> str:
    """What a case is given beside a size, to be put behind it, such as `, rate 0.01`; nothing where it is nothing."""
    values = {"rate": None if rate is None else _rate(rate), "threads": threads, "workers": workers}
    return "".join(f"{separator}{name} {value}" for name, value in values.items() if value is not None)
