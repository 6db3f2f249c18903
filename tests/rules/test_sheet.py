"""The self-organising map: who learns beside the winner, Kohonen's two rules as its limits, and order that emerges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on
from rule_examples import step

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, Dense
from neuro_cnn.rules import HardWTA, Hebbian, Instar, Neighbourhood, UnitNorm
from neuro_cnn.rules.sheet import Updates
from neuro_cnn.schedule import Linear


@given(st.integers(1, 4), st.integers(1, 5), st.floats(0.3, 5), st.sampled_from([(), (3, 2)]), st.integers(0, 99))
def test_each_plane_learns_by_a_gaussian_of_its_distance_to_the_winner(xp, rows, columns, radius, places, seed):
    drive = np.random.default_rng(seed).standard_normal((4, rows * columns, *places))
    drive[1] = 0
    g = np.asarray(Neighbourhood(rows, columns, radius, radius)(on(xp, drive), Updates(2, 7)))
    for image, *place in np.ndindex(4, *places):
        first = np.argmax(drive[image, :, *place])
        for plane in range(rows * columns):
            down, across = plane // columns - first // columns, plane % columns - first % columns
            expected = 0 if image == 1 else np.exp(-(down**2 + across**2) / (2 * radius**2))
            assert g[image, plane, *place] == pytest.approx(expected, abs=1e-12)


def test_the_radius_falls_by_the_same_factor_at_every_update_of_a_phase():
    sheet = Neighbourhood(2, 3, 8.0, 0.5)
    state, radii = sheet.start(np.ones((6, 2)), 4), []
    for _ in range(5):
        radii.append(sheet.sigma(state))
        state = sheet.settle(np.ones((1, 6)), np.ones((1, 6)), state)
    np.testing.assert_allclose(radii, [8, 4, 2, 1, 0.5])


@given(st.integers(0, 99))
def test_without_a_neighbourhood_the_winner_learns_alone(seed):
    drive = np.random.default_rng(seed).standard_normal((5, 12)).astype(np.float32)
    np.testing.assert_array_equal(Neighbourhood(3, 4, 0.01, 0.01)(drive, Updates(0, 1)), HardWTA()(drive))


def test_a_single_view_moves_the_planes_by_kohonens_rule():
    rng, layer, radius = np.random.default_rng(0), Dense(20, bias=False), 1.3
    params, x = layer.rewire(layer.init((6,), rng), rng.random((20, 6))), rng.random((1, 6))
    rule = Hebbian(0.3, Neighbourhood(4, 5, radius, radius), Instar(), ())
    weight = params.learned.weight
    first = np.argmax(weight @ x[0])
    place = np.stack(np.divmod(np.arange(20), 5))
    g = np.exp(-np.sum((place - place[:, [first]]) ** 2, axis=0) / (2 * radius**2))
    # w += rate g (x - w)   Kohonen 1982
    assert_close(step(rule, layer, params, x)[0].learned.weight, weight + 0.3 * g[:, None] * (x - weight))


def test_many_views_at_a_rate_of_1_are_his_batch_map_where_planes_get_their_share():
    rng, layer = np.random.default_rng(0), Conv(6, 2, bias=False)
    params = layer.init((1, 9, 9), rng)
    params, x = layer.rewire(params, rng.random((6, 1, 2, 2))), rng.random((10, 1, 9, 9))
    rule = Hebbian(1.0, Neighbourhood(2, 3, 1.0, 1.0), Instar(), ())
    activity = layer.forward(params, x)[1]
    g = np.moveaxis(rule.competition(activity.drive, Updates(0, 1)), 1, -1).reshape(-1, 6)
    views = np.lib.stride_tricks.sliding_window_view(x[:, 0], (2, 2), (1, 2)).reshape(-1, 4)
    fed = g.sum(axis=0) >= g.sum() / 6
    assert 0 < fed.sum() < 6
    expected = (g.T @ views / g.sum(axis=0)[:, None])[fed]  # w = sum g x / sum g
    np.testing.assert_allclose(step(rule, layer, params, x)[0].learned.weight.reshape(6, 4)[fed], expected)


def order(radius, seed):
    """What a chain of 16 units prefers, in degrees, after learning from directions between 0 and 90 degrees."""
    rng, layer, updates = np.random.default_rng(seed), Dense(16, bias=False), 200
    params, state = layer.rewire(layer.init((2,), rng), rng.random((16, 2))), None
    rule = Hebbian(Linear(1.0), Neighbourhood(1, 16, radius, min(radius, 0.5)), Instar(), (UnitNorm(),))
    for _ in range(updates):
        angle = rng.uniform(0, np.pi / 2, 50)
        x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        params, state = step(rule, layer, params, x, state, updates)
    return np.degrees(np.arctan2(*params.learned.weight.T[::-1]))


@pytest.mark.parametrize("seed", range(5))
def test_a_chain_puts_directions_in_order_and_without_neighbours_it_does_not(seed):
    steps = np.diff(order(5.0, seed))
    assert np.all(steps > 0) or np.all(steps < 0)
    alone = np.diff(order(0.01, seed))
    assert alone.min() < 0 < alone.max()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Neighbourhood(0, 3), "a sheet of 0 x 3 units; give at least one row and one column"),
        (lambda: Neighbourhood(2, 3, 0.0, 0.0), "radius falls from 0.0 to 0.0; let it fall, or stay as it is, and end"),
        (
            lambda: Neighbourhood(2, 3, 1.0, 2.0),
            "falls from 1.0 to 2.0; let it fall, or stay as it is, and end at 0.01",
        ),
        (lambda: Neighbourhood(2, 3, float("nan")), "radius falls from nan to 1.0"),
        (lambda: Neighbourhood(2, 3).check(7), "a sheet of 2 x 3 units for 7 planes; make rows x columns = 7"),
    ],
)
def test_sheets_that_cannot_be_are_refused_with_the_remedy(make, message):
    with pytest.raises(UsageError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
