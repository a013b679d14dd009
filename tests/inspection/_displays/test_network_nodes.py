"""Columns of nodes, and the edges between them, of the drawing of a network."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from skshallow.inspection._displays.network_nodes import node_columns


def test_a_maxout_layer_has_its_pieces_then_its_units():
    # pieces lie side by side: columns 0 and 1 are piece 1 of the two units
    weight = np.array([[1.0, 2.0, 3.0, 4.0]])
    columns = node_columns(
        [weight, np.ones((2, 1))],
        [np.array([0.0, 1.0, 2.0, 4.0]), np.zeros(1)],
        [2, 1],
        ["maxout", "output"],
    )
    assert [column.n_nodes for column in columns] == [1, 4, 2, 1]
    assert_allclose(columns[1].strength, [[0.25, 0.75, 0.5, 1.0]])  # unit by unit
    assert_allclose(columns[1].shade, [0, 0.5, 0.25, 1])
    assert sorted(map(tuple, columns[2].edges())) == [(0, 0), (1, 0), (2, 1), (3, 1)]
    assert not columns[2].weighted
    assert_array_equal(columns[3].shade, [0])


def test_a_column_of_few_nodes_spreads_over_the_height_but_not_too_far():
    columns = node_columns(
        [np.ones((5, 4)), np.ones((4, 1))],
        [np.zeros(4), np.zeros(1)],
        [1, 1],
        ["hidden", "output"],
    )
    inputs, hidden, output = (column.heights(5) for column in columns)
    assert_allclose(inputs, [2, 1, 0, -1, -2])
    assert_allclose(np.diff(hidden), -5 / 4)
    assert_allclose(hidden.mean(), 0)
    assert_allclose(output, [0])
    assert_allclose(columns[1].heights(40), 1.8 * np.array([1.5, 0.5, -0.5, -1.5]))


def test_weights_of_0_alone_have_edges_without_strength():
    _, only = node_columns([np.zeros((2, 1))], [np.zeros(1)], [1], ["output"])
    assert_array_equal(only.strength, np.zeros((2, 1)))
    assert len(only.edges()) == 2
