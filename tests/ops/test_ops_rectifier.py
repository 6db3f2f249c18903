"""The rectifier and its gate: the plain definition to the last bit, in every order of memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import on, plain_kernels
from numpy.testing import assert_array_equal

from neuro_cnn import ops
from neuro_cnn.ops import rectifier, threads
from neuro_cnn.ops.geometry import batch_first

SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 1.5, -2.0], np.float32)


@pytest.fixture(scope="module", autouse=True)
def however_small():
    """The compiled loops, which small arrays are not worth."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rectifier, "SMALL", 0)
        yield


@st.composite
def layouts(draw):
    """How an array of some shape lies in memory: its axes in any order, with or without gaps, forwards or backwards."""
    shape = draw(st.lists(st.integers(1, 5), min_size=0, max_size=4).map(tuple))
    order = draw(st.permutations(range(len(shape))))
    steps = draw(st.tuples(*(st.sampled_from([1, 1, 1, 2, -1]) for _ in shape)))
    return shape, order, steps


def laid(layout, seed):
    shape, order, steps = layout
    room = [abs(steps[axis]) * shape[axis] for axis in order]
    x = np.random.default_rng(seed).choice(SPECIAL, room)
    x = np.transpose(x, np.argsort(order)) if shape else np.asarray(x)
    return x[tuple(slice(None, None, step) for step in steps)]


@given(layouts(), st.integers(0, 999))
def test_the_rectifier_is_the_plain_one(layout, seed):
    x = laid(layout, seed)
    before = x.copy()
    assert_array_equal(ops.rectify(x), rectifier.plain_rectify(x))
    assert_array_equal(x, before)


@given(layouts(), layouts(), st.integers(0, 999), st.booleans())
def test_the_gate_is_the_plain_one_whichever_way_both_arrays_lie(layout, other, seed, alike):
    drive = laid(layout, seed)
    if not alike:
        layout = (layout[0], layout[1][::-1], other[2][: len(layout[0])] + layout[2][len(other[2]) :])
    dy = laid(layout, seed + 1)
    dx = ops.gate(dy, drive)
    assert_array_equal(dx, rectifier.plain_gate(dy, drive))
    assert dx.dtype == np.float32


def test_both_keep_the_order_of_memory():
    x = laid(((4, 3, 2, 2), (1, 2, 3, 0), (1, 1, 1, 1)), 0)
    assert ops.rectify(x).strides == ops.gate(x, x).strides == x.strides


def test_every_library_rectifies_alike(xp):
    x, dy = SPECIAL.astype(np.float64), np.arange(9.0)
    assert_array_equal(np.asarray(ops.rectify(on(xp, x))), rectifier.plain_rectify(x))
    assert_array_equal(np.asarray(ops.gate(on(xp, dy), on(xp, x))), rectifier.plain_gate(dy, x))


def test_large_arrays_are_shared_out_without_a_seam(monkeypatch):
    x = np.random.default_rng(0).standard_normal(1000, np.float32)
    whole = ops.rectify(x), ops.gate(x[::-1].copy(), x)
    monkeypatch.setattr(threads, "LEAST", 1)
    monkeypatch.setattr(threads, "threads", lambda: 3)
    assert_array_equal(ops.rectify(x), whole[0])
    assert_array_equal(ops.gate(x[::-1].copy(), x), whole[1])


@pytest.mark.parametrize("shape", [(16, 3, 4, 5), (16, 1, 4, 5), (1, 3, 4, 5)])
def test_the_gate_and_its_sum_are_the_plain_ones_also_where_one_error_comes_back_to_many(shape):
    rng = np.random.default_rng(0)
    drive, dy = (batch_first(rng.standard_normal((*s[1:], s[0]), np.float32)) for s in ((16, 3, 4, 5), shape))
    dx, total = rectifier.gate_and_sum(dy, drive)
    assert_array_equal(dx, rectifier.plain_gate(dy, drive))
    np.testing.assert_allclose(total, dx.sum(axis=(0, 2, 3)), rtol=0, atol=1e-5 * np.abs(dx).sum())


def test_on_request_it_is_plain():
    with plain_kernels():
        assert_array_equal(ops.rectify(SPECIAL), rectifier.plain_rectify(SPECIAL))
