"""Where views lie: patches by slicing, and what is said when a view does not fit."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from kit import assert_close, on

from neuro_cnn import ops
from neuro_cnn.errors import UsageError

PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))
EDGES = st.tuples(st.integers(-3, 3), st.integers(-3, 3))
SIDES = st.tuples(st.integers(1, 6), st.integers(1, 6))


def fits(sides, size, pad, dilation):
    """Whether something of the map is left and one view lies within the padded map, axis by axis."""
    axes = list(zip(sides, size, pad, dilation, strict=True))
    left = [length + min(before, 0) + min(after, 0) for length, _, (before, after), _ in axes]
    return min(left) > 0 and all(d * (s - 1) < length + sum(p) for length, s, p, d in axes)


@given(SIDES, PAIR, PAIR, PAIR, st.tuples(EDGES, EDGES))
def test_patches_are_slices_of_the_padded_map(sides, size, stride, dilation, pad):
    places = ops.window(size, stride, pad, dilation).places(*sides) if fits(sides, size, pad, dilation) else None
    assume(places)
    x = np.random.default_rng(0).standard_normal((2, 3, *sides))
    patches = ops.patches(x, size, stride, pad, dilation)
    assert patches.shape == (2, 3, *size, *places)
    for place in np.ndindex(*places):
        for tap in np.ndindex(*size):
            at = [place[a] * stride[a] + tap[a] * dilation[a] - pad[a][0] for a in (0, 1)]
            inside = all(0 <= at[a] < sides[a] for a in (0, 1))
            expected = x[:, :, at[0], at[1]] if inside else np.zeros((2, 3))
            np.testing.assert_array_equal(patches[:, :, tap[0], tap[1], place[0], place[1]], expected)


def test_patches_are_the_same_in_every_library(xp):
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 5))
    how = {"size": (2, 3), "stride": (2, 1), "pad": ((1, 0), (-1, 2))}
    assert_close(ops.patches(on(xp, x), **how), ops.patches(x, **how))


def test_padding_may_be_one_number_a_number_an_axis_or_a_number_an_edge():
    assert ops.window(3, pad=2).pad == ((2, 2), (2, 2))
    assert ops.window(3, pad=(1, 2)).pad == ((1, 1), (2, 2))
    assert ops.window(3, pad=((1, 2), (3, 4))).pad == ((1, 2), (3, 4))


def test_fukushimas_16_to_10_maps_have_cropping_padding():
    assert ops.window(5, pad=-1).places(16, 16) == (10, 10)


@pytest.mark.parametrize(
    ("view", "sides", "message"),
    [
        ({"size": 5}, (4, 4), "view of 5 does not fit a map of 4 x 4; pad by 1 or shrink the view"),
        ({"size": (5, 2)}, (4, 9), "view of 5 x 2 does not fit a map of 4 x 9; pad by 1 or shrink the view"),
        ({"size": 7, "pad": ((0, 1), (0, 1))}, (4, 4), "view of 7 does not fit a map of 4 x 4; pad by 2 or .*"),
        ({"size": 3, "dilation": 3}, (5, 9), r"view of 3 \(dilated to 7\) does not fit a map of 5 x 9; pad by 1 or .*"),
        ({"size": 5}, (4, 1), "view of 5 does not fit a map of 4 x 1; pad by 2 or shrink the view"),
    ],
)
def test_a_view_that_does_not_fit_is_refused_with_the_remedy(view, sides, message):
    with pytest.raises(UsageError, match=f"^{message}$"):
        ops.window(**view).places(*sides)


@given(SIDES, PAIR, PAIR, PAIR, st.tuples(EDGES, EDGES), st.integers(1, 4))
def test_the_proposed_padding_fits(sides, size, stride, dilation, pad, scale):
    size = tuple(scale * side for side in size)
    try:
        ops.window(size, stride, pad, dilation).places(*sides)
    except UsageError as error:
        proposed = re.search(r"pad by (\d+)", str(error))
        if proposed:
            places = ops.window(size, stride, int(proposed[1]), dilation).places(*sides)
            assert min(places) >= 1
            with pytest.raises(UsageError):  # and nothing less does
                ops.window(size, stride, int(proposed[1]) - 1, dilation).places(*sides)
        else:
            assert str(error).endswith("crop by less or shrink the view")  # noqa: PT017


@given(SIDES, PAIR, PAIR, st.tuples(EDGES, EDGES))
def test_views_that_fit_can_be_correlated(sides, size, stride, pad):
    try:
        places = ops.window(size, stride, pad).places(*sides)
    except UsageError:
        return
    assert ops.correlate(np.ones((1, 1, *sides)), np.ones((1, 1, *size)), stride, pad).shape == (1, 1, *places)


@pytest.mark.parametrize("edges", [(-5, 3), (-4, 3), (-2, -2)])
def test_cropping_the_whole_map_is_refused(edges):
    message = f"view of 1 does not fit a map of 4 x 6 padded by ({edges}, (0, 0)); crop by less or shrink the view"
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        ops.window(1, pad=(edges, (0, 0))).places(4, 6)


@pytest.mark.parametrize("name", ["size", "stride", "dilation"])
def test_a_size_stride_or_dilation_below_one_is_refused(name):
    with pytest.raises(UsageError, match=rf"^{name} is \(0, 1\); it must be at least 1$"):
        ops.window(**{"size": 3, name: (0, 1)})


AXIS = st.tuples(st.integers(1, 30), st.integers(1, 7), st.integers(1, 4), st.integers(1, 3))
"""Length, size, stride and dilation of one axis."""
WORDS = ("valid", "same", "same-before", "full")


def count(axis, before_and_after):
    """How many views an axis has room for."""
    length, size, stride, dilation = axis
    return (length + sum(before_and_after) - dilation * (size - 1) - 1) // stride + 1


@given(AXIS)
def test_same_padding_leaves_as_many_views_as_strides_and_no_less_would_do(axis):
    length, size, stride, dilation = axis
    before, after = ops.padding("same", *axis)
    assert count(axis, (before, after)) == -(-length // stride)
    assert 0 <= before <= after <= before + 1
    if before + after:
        assert count(axis, (before, after - 1)) < -(-length // stride)
        # the last view ends where the padding ends
        assert (length + before + after - dilation * (size - 1) - 1) % stride == 0
    assert ops.padding("same-before", *axis) == (after, before)


@given(st.integers(1, 30), st.integers(1, 4))
def test_same_padding_of_an_even_view_is_half_of_it_on_one_side_and_one_less_on_the_other(length, half):
    assert ops.padding("same", length, 2 * half) == (half - 1, half)
    assert ops.padding("same-before", length, 2 * half) == (half, half - 1)
    assert ops.padding("same", length, 2 * half + 1) == (half, half)


@given(AXIS)
def test_same_padding_at_a_stride_first_pads_to_a_whole_number_of_strides(axis):
    length, size, stride, dilation = axis
    whole = length + -length % stride
    both = whole - length + dilation * (size - 1) + 1 - stride
    assert sum(ops.padding("same", *axis)) == max(both, 0)


@given(AXIS)
def test_full_padding_has_every_view_that_meets_the_map_and_no_other(axis):
    length, size, _, dilation = axis
    extent = dilation * (size - 1) + 1
    assert ops.padding("full", *axis) == (extent - 1, extent - 1)
    assert count((length, size, 1, dilation), (extent - 1, extent - 1)) == length + extent - 1


@given(AXIS, AXIS, st.sampled_from(WORDS))
def test_a_word_is_the_padding_of_each_axis(rows, columns, word):
    sides, size, stride, dilation = zip(rows, columns, strict=True)
    w = ops.window(size, stride, word, dilation, sides)
    assert w == ops.window(size, stride, (ops.padding(word, *rows), ops.padding(word, *columns)), dilation)
    if word == "valid":
        assert w.pad == ((0, 0), (0, 0))


def test_a_word_that_is_none_is_refused_and_so_is_one_without_a_map():
    with pytest.raises(UsageError, match=r"^unknown padding 'smae'; did you mean 'same'"):
        ops.window(3, pad="smae", sides=(5, 5))
    with pytest.raises(UsageError, match="'same' padding is that of a map of rows and columns; put views before Flat"):
        ops.window(3, pad="same", sides=(7,))
