"""Names for the parameters of tests, the same in every process."""

import re


def called(value):
    """Return how to call a parameter: without addresses, and sets in order."""
    if isinstance(value, set):
        return " ".join(sorted(value)) or "none"
    return getattr(value, "__name__", None) or re.sub(r" at 0x\w+", "", str(value))
