"""Parameters of tests of which some are slow; few combinations that show what all do."""

from collections import Counter
from itertools import combinations, product

import pytest


def with_slow(*values, slow):
    """Return values to parametrise with, some of which are tried in slow runs only."""
    return [*values, *(pytest.param(value, marks=pytest.mark.slow) for value in slow)]


def few_of(cases, apart=()):
    """Return indices of few cases, tuples of values, which show what all of them do.

    Each value occurs in one of them, and any two that do so together somewhere, but for
    the pairs of positions in `apart`. Values are told apart by how they are printed.
    """
    cases = [tuple(map(repr, case)) for case in cases]
    places = range(len(cases[0]))
    parts = {*combinations(places, 1), *combinations(places, 2)} - {*apart}
    shown = [{(part, *(case[i] for i in part)) for part in parts} for case in cases]
    missing, chosen, used = set().union(*shown), set(), Counter()
    while missing:
        # of those that show most, one of the values that were used least
        best = max(
            range(len(cases)),
            key=lambda i: (len(shown[i] & missing), -sum(used[it] for it in shown[i])),
        )
        chosen.add(best)
        missing -= shown[best]
        used.update(shown[best])
    return chosen


def covering(*values, apart=()):
    """Return all combinations of values, as parameters; all but a few marked as slow.

    A fault of one value, or of two that meet, is found without the slow ones: see
    `few_of`.
    """
    cases = [*product(*values)]
    chosen = few_of(cases, apart)
    return [
        pytest.param(*case, marks=() if i in chosen else pytest.mark.slow)
        for i, case in enumerate(cases)
    ]
