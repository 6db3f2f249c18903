"""The direct kernels come to what plain code comes to, within |a - b| <= 1e-5 sum |x| |w|."""

import tracemalloc
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn import environment, ops
from neuro_cnn.ops import choice, direct, team, tiled
from neuro_cnn.ops.correlate import _way
from neuro_cnn.ops.geometry import batch_first, batch_last, window

BOUND = 1e-5
LEAST = 1e-42  # beside the bound: denormals have few digits
LARGEST = np.finfo(np.float32).max


class Problem(NamedTuple):
    """A batch of maps, weights, an error, a bias, and how the views lie."""

    x: np.ndarray
    weight: np.ndarray
    dy: np.ndarray
    bias: np.ndarray
    w: ops.Window


@st.composite
def problems(draw, values=None):
    """Shapes that the direct kernels take, batches odd and even, memory in either order."""
    small, edge = st.integers(1, 5), st.integers(-2, 4)
    stride, size = draw(st.tuples(st.integers(1, 3), st.integers(1, 3))), draw(st.tuples(small, small))
    dilation = draw(st.tuples(st.integers(1, 2), st.integers(1, 2))) if stride == (1, 1) else (1, 1)
    pad = draw(st.tuples(st.tuples(edge, edge), st.tuples(edge, edge)))
    batch, channels, planes = draw(st.integers(1, 70)), draw(st.integers(1, 9)), draw(st.integers(1, 27))
    sides = []
    for axis in (0, 1):
        extent = dilation[axis] * (size[axis] - 1) + 1
        crop = sum(max(-p, 0) for p in pad[axis])
        sides.append(max(1 + crop, extent - sum(pad[axis])) + draw(st.integers(0, 9)))
    w = window(size, stride, pad, dilation)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    shapes = (batch, channels, *sides), (planes, channels, *size), (batch, planes, *w.places(*sides)), (planes,)
    x, weight, dy, bias = (rng.standard_normal(shape, np.float32) for shape in shapes)
    if values is not None:
        special = np.array(values, np.float32)
        x, dy = (np.where(rng.random(a.shape) < 0.1, rng.choice(special, a.shape), a) for a in (x, dy))
    if draw(st.booleans()):  # as the layer below leaves it
        x, dy = (batch_first(batch_last(a, ((0, 0), (0, 0)))) for a in (x, dy))
    return Problem(x, weight, dy, bias, w)


def assert_near(ours, exact, size):
    """Within the bound of numbers in double precision; what is infinite or no number there is so here.

    Sums that single precision cannot hold may be either.
    """
    held, lost = size <= LARGEST, ~np.isfinite(size)
    assert ours.dtype == np.float32
    assert np.all(np.abs(ours - exact)[held] <= BOUND * size[held] + LEAST)
    np.testing.assert_array_equal(ours[lost], exact[lost])


def check(problem):
    x, weight, dy, bias, w = problem
    how = (w.stride, w.pad, w.dilation)
    respond = partial(tiled.respond, w=w, bias=None, rectified=False)
    spread = partial(tiled.spread, in_shape=x.shape, w=w)
    multiply = partial(tiled.multiply, weight_shape=weight.shape, w=w)
    known = np.where(np.isfinite(dy), dy, 0)  # plain code multiplies cells beyond the map, by 0
    with np.errstate(invalid="ignore", over="ignore"):
        for ours, function, *arrays in (
            (ops.correlate(x, weight, *how), respond, x, weight),
            (ops.correlate_input_adjoint(dy, weight, x.shape, *how), spread, dy, weight),
            (ops.correlate_weight_adjoint(x, known, weight.shape, *how), multiply, x, known),
        ):
            double = [a.astype(np.float64) for a in arrays]
            assert_near(ours, function(*double), function(*map(np.abs, double)))
        x, weight, bias = (a.astype(np.float64) for a in (x, weight, bias[:, None, None]))
        exact = np.maximum(respond(x, weight) + bias, 0)
        size = respond(np.abs(x), np.abs(weight)) + np.abs(bias)
        assert_near(ops.correlate(*problem[:2], *how, bias=problem.bias, rectified=True), exact, size)


@given(problems())
def test_response_and_adjoints_are_those_of_plain_code(problem):
    check(problem)


@given(problems(values=[0.0, -0.0, 1e-40, -1e-42, 1e15, np.inf, -np.inf, np.nan]))
def test_zeros_denormals_infinities_and_what_is_no_number_are_treated_alike(problem):
    check(problem)


@given(problems())
def test_the_number_of_threads_does_not_change_a_bit(problem):
    x, weight, dy, _, w = problem
    how = (w.stride, w.pad, w.dilation)

    def all_three():
        return (
            ops.correlate(x, weight, *how),
            ops.correlate_input_adjoint(dy, weight, x.shape, *how),
            ops.correlate_weight_adjoint(x, dy, weight.shape, *how),
        )

    alone = all_three()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(team, "LEAST", 1)
        patch.setattr(team, "threads", lambda: 3)
        for shared, one in zip(all_three(), alone, strict=True):
            np.testing.assert_array_equal(shared, one)


@given(problems())
def test_parts_of_a_map_and_of_its_planes_make_the_whole(problem):
    x, weight, dy, _, w = problem
    how = (w.stride, w.pad, w.dilation)
    whole = ops.correlate(x, weight, *how)
    size = ops.correlate(np.abs(x), np.abs(weight), *how)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SEGMENT", "WEIGHTS", "ROWS"):
            patch.setattr(direct, name, 1)  # a place, a plane and a row at a time
        assert np.all(np.abs(ops.correlate(x, weight, *how) - whole) <= BOUND * size)
        assert np.all(np.isfinite(ops.correlate_weight_adjoint(x, dy, weight.shape, *how)))
    check(problem)


@pytest.mark.skipif(direct.LANES != 16, reason="what is too narrow depends on the processor's vectors")
@pytest.mark.parametrize(
    ("shape", "weight", "how", "single", "double"),
    [
        ((64, 6, 14, 14), (16, 6, 5, 5), {}, "direct direct direct", "tiled"),
        ((1, 6, 28, 28), (16, 6, 5, 5), {"pad": 2}, "direct direct direct", "tiled"),
        ((16, 3, 31, 31), (8, 3, 11, 11), {"stride": 4}, "direct direct direct", "tiled"),
        ((1, 3, 31, 31), (8, 3, 11, 11), {"stride": 4}, "tiled tiled tiled", "tiled"),
        ((1, 6, 14, 14), (16, 6, 5, 5), {}, "direct tiled tiled", "tiled"),
        ((1, 6, 4, 4), (16, 6, 3, 3), {}, "tiled tiled tiled", "tiled"),
        ((64, 6, 14, 14), (16, 6, 1, 1), {}, "direct direct product", "product"),
        ((64, 6, 5, 5), (16, 6, 5, 5), {}, "direct direct product", "product"),
        ((1, 6, 3, 3), (16, 6, 1, 1), {}, "product product product", "product"),
    ],
)
def test_the_way_is_chosen_by_the_shape(shape, weight, how, single, double):
    x, w = np.ones(shape, np.float32), window(weight[2:], **how)
    works = ("respond", "spread", "multiply")
    assert " ".join(_way(work, w, shape, x).__name__.rpartition(".")[2] for work in works) == single
    assert {_way(work, w, shape, x.astype(np.float64)).__name__.rpartition(".")[2] for work in works} == {double}


def test_plain_code_does_it_on_request(monkeypatch):
    monkeypatch.setenv(environment.KERNELS, "plain")
    choice.kernels.cache_clear()
    try:
        assert _way("spread", window(3), (16, 2, 8, 8), np.ones(1, np.float32)) is tiled
    finally:
        monkeypatch.undo()
        choice.kernels.cache_clear()


def test_no_copy_of_the_views_is_made():
    x = batch_first(np.ones((16, 32, 32, 16), np.float32))
    weight = np.ones((16, 16, 5, 5), np.float32)
    y = ops.correlate(x, weight, pad=2)
    cases = [
        (y.nbytes, lambda: ops.correlate(x, weight, pad=2)),
        (x.nbytes, lambda: ops.correlate_input_adjoint(y, weight, x.shape, pad=2)),
        (x.nbytes * 36 // 32 + weight.nbytes, lambda: ops.correlate_weight_adjoint(x, y, weight.shape, pad=2)),
    ]
    for result, run in cases:
        run()  # compiled, where it was not
        tracemalloc.start()
        run()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= result + 2 * weight.nbytes + (1 << 17)


def test_blocks_hold_every_plane_once():
    for sizes in ((12, 8, 6, 4, 2, 1), (4, 2, 1)):
        for planes in range(1, 100):
            assert direct.blocks(planes, sizes).sum() == planes
            assert set(direct.blocks(planes, sizes)) <= set(sizes)


@given(problems())
def test_images_copied_a_few_at_a_time_come_to_the_same(problem):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(direct, "COPY", 1)
        check(problem)


@pytest.mark.parametrize("images", [1, 15, 16, 17, 31, 32, 33, 47, 48, 100])
def test_every_image_is_copied_once_and_none_alone(monkeypatch, images):
    monkeypatch.setattr(direct, "COPY", 1)
    parts = list(direct._copied(np.zeros((images, 2, 3, 3), np.float32)))
    assert np.concatenate([np.arange(images)[part] for part in parts]).tolist() == list(range(images))
    assert all(part.stop - part.start >= min(images, direct.LANES) for part in parts)
