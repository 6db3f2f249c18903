"""Joined planes: sums of input planes, and the C-layer of 1988 that they make."""

import numpy as np
from kit import assert_close

from neuro_cnn.describe import describe
from neuro_cnn.layers import CCells, Join, Saturating
from neuro_cnn.network import Chain

RNG = np.random.default_rng(0)
TABLE = ((0, 2), (1,), (3, 1, 0))


def test_each_plane_is_the_sum_of_the_planes_that_its_row_names():
    x = RNG.standard_normal((2, 4, 3, 5))
    layer = Join(TABLE)
    expected = np.stack([x[:, 0] + x[:, 2], x[:, 1], x[:, 3] + x[:, 1] + x[:, 0]], axis=1)
    assert_close(layer.respond(layer.init((4, 3, 5), None), x), expected)


def test_joined_planes_below_c_cells_are_a_c_layer_with_a_connection_table():
    x = RNG.random((2, 4, 6, 6))
    join, cells = Join(TABLE), CCells(3, 1, 1, Saturating(5.0, 0.7))
    joined = join.respond(join.init((4, 6, 6), None), x)
    d = cells.init((3, 6, 6), None).fixed.blur.astype(float)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    e = np.zeros((2, 3, 6, 6))
    for plane, row in enumerate(TABLE):
        for i, j in np.ndindex(6, 6):
            e[:, plane, i, j] = sum(np.sum(d * padded[:, k, i : i + 3, j : j + 3], axis=(1, 2)) for k in row)
    drive = np.maximum((1 + e) / (1 + e.mean(axis=1, keepdims=True)) - 1, 0)
    np.testing.assert_allclose(cells.respond(cells.init((3, 6, 6), None), joined), drive / (0.5 + drive), rtol=1e-6)


def test_connections_are_counted_and_nothing_is_learned():
    row = describe(Chain((("J", Join(TABLE)),)), (4, 3, 5))[0]
    assert (row.out_shape, row.parameters, row.connections, row.macs) == ((3, 3, 5), 0, 6 * 15, 0)
