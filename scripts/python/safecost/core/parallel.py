"""Python's own work on all CPUs: items are taken by processes, since threads of Python share one CPU.

The pool is Python's. By itself it lets its processes wait for ever where the one that made it is killed, and copies
what all items share for each of them: what is added here is for these two.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait
from typing import Any, TypeVar

from safecost.core import processes
from safecost.core.progress import Steps

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

# A server with one thread forks the processes: in a copy of this one a lock of another thread may be held for ever.
_SERVER = multiprocessing.get_context("forkserver")

_work: Callable[[Any], Any]  # of a process that works


def results(
    function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item], what: str
) -> Iterator[Result]:
    """`function(shared, item)` of every item, in order, with progress told as `what`.

    Everything given and returned must be picklable, and `function` must change nothing. What it raises is raised here;
    then, as on an interrupt, no further item is begun.
    """
    count = min(os.cpu_count() or 1, len(items))
    if count < 2:
        with Steps(what, len(items)) as steps:
            for item in items:
                yield function(shared, item)
                steps.step()
        return
    with ProcessPoolExecutor(count, _SERVER, initializer=_begin, initargs=(function, shared)) as pool:
        try:
            coming = [pool.submit(_do, item) for item in items]
            with Steps(what, len(items)) as steps:
                for one in coming:
                    yield processes.result(one)
                    steps.step()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin(function: Callable[[Shared, Item], Result], shared: Shared) -> None:
    """Make this process one that works: an interrupt is for who asked, and nobody works for one who was killed."""
    global _work  # noqa: PLW0603 - a process has one work
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _work = functools.partial(function, shared)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """The pool's own pipes do not tell: each of its processes holds both ends of them, and would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _do(item: Any) -> Any:
    return _work(item)
