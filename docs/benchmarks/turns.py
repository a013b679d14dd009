"""Contenders take turns, and the fastest of several turns counts."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping


def least_seconds(
    runs: Mapping[str, Callable[[], object]],
    n_turns: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return the seconds of each contender: the least of `n_turns` turns.

    Other load on the machine can only make a turn slower.
    """
    best = dict.fromkeys(runs, math.inf)
    for _ in range(n_turns):
        for name, run in runs.items():
            start = clock()
            run()
            best[name] = min(best[name], clock() - start)
    return best
