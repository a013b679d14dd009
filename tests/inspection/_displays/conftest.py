"""What the tests of displays share: a backend without a screen, and no figure left open."""

import pytest


@pytest.fixture
def pyplot():
    """Return matplotlib's pyplot; close what a test has opened."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.close("all")  # what other tests left open
    yield plt
    plt.close("all")
