"""How many views fit a map: worked examples, and what is said where they do not come out even."""

from fractions import Fraction

import pytest
from command import call
from hypothesis import assume, given
from hypothesis import strategies as st

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Conv, Flatten, ReLU
from neuro_cnn.network import Branches, Chain
from neuro_cnn.ops import window
from neuro_cnn.sizes import Axis, axes, misfits, notes


@pytest.mark.parametrize(
    ("length", "size", "stride", "pad", "views"),
    [
        (7, 3, 1, 0, 5),
        (7, 3, 2, 0, 3),
        (7, 3, 3, 0, Fraction(7, 3)),
        (5, 3, 1, 1, 5),
        (10, 3, 2, 0, Fraction(9, 2)),
        (11, 5, 2, 0, 4),
        (227, 11, 4, 0, 55),  # AlexNet's first layer
        (32, 5, 1, 2, 32),
    ],
)
def test_worked_examples_of_sliding_windows(length, size, stride, pad, views):
    layer = Conv(2, size, stride, pad)
    both = axes(layer.window((1, length, length)), length, length)
    assert [axis.views for axis in both] == [views, views]
    assert layer.out_shape(layer.init((1, length, length), None), (1, length, length))[1] == int(views)
    assert (misfits(both) == []) == (views == int(views))


SIZES = st.builds(
    Axis, st.integers(1, 20), st.integers(1, 6), st.integers(1, 5), st.integers(-2, 3), st.integers(-2, 3)
)


@given(SIZES)
def test_views_are_counted_as_layers_count_them(axis):
    assume(axis.room >= 0 and axis.length + min(axis.before, 0) + min(axis.after, 0) > 0)
    view = window((axis.extent, 1), (axis.stride, 1), ((axis.before, axis.after), (0, 0)))
    rows, column = axes(view, axis.length, 1)
    assert rows == axis
    assert column.views == 1
    assert view.places(axis.length, 1)[0] == int(axis.views)


@given(SIZES)
def test_what_is_offered_fits_and_nothing_nearer_does(axis):
    assume(axis.room >= 0)
    whole = axis.views.denominator == 1
    assert (axis.over == 0) == whole
    assume(not whole)
    offered = [axis._replace(after=axis.after + pad - axis.pad) for pad in axis.pads()]
    offered += [axis._replace(stride=stride) for stride in axis.strides()]
    assert all(other.over == 0 and other.views >= 1 for other in offered)
    assert len(axis.pads()) + len(axis.strides()) >= 2
    for pad in range(min(axis.pads()) + 1, max(axis.pads())):
        assert axis._replace(after=axis.after + pad - axis.pad).over or pad in axis.pads()
    for stride in range(min(axis.strides()) + 1, max(axis.strides())):
        assert axis._replace(stride=stride).over or stride in axis.strides()


@given(SIZES)
def test_what_is_not_seen_lies_behind_the_last_view(axis):
    assume(axis.room >= 0 and min(axis.before, axis.after) >= 0)
    end = (int(axis.views) - 1) * axis.stride + axis.extent - axis.before
    assert axis.unseen == max(axis.length - end, 0)


@pytest.mark.parametrize(
    ("layer", "shape", "lines"),
    [
        (Conv(1, 3, 2), (1, 9, 9), []),
        (Conv(1, 3, 2, "same"), (1, 10, 10), []),
        (
            Conv(1, 3, 2),
            (1, 10, 9),
            ["views of 3 at stride 2 on 10 + 0 cells: 4.5 views, the last row is not seen; "
             "pad by 1 in all, or stride 1 or 7, fits"],
        ),
        (
            Conv(1, 3, 3),
            (1, 7, 7),
            ["views of 3 at stride 3 on 7 + 0 cells: 2.33 views, the last row and column are not seen; "
             "pad by 2 in all, or stride 2 or 4, fits"],
        ),
        (
            Conv(1, 7, 2, 3),
            (1, 225, 224),
            ["views of 7 at stride 2 on 224 + 6 cells: 112.5 views, the last column of padding is not seen; "
             "pad by 5 or 7 in all, or stride 1 or 223, fits"],
        ),
        (
            CCells(2, 5, ((-1, -1), (0, 0))),
            (1, 12, 10),
            ["views of 2 at stride 5 on 12 - 2 cells: 2.6 views, the last 3 rows are not seen; "
             "pad by -5 or 0 in all, or stride 4 or 8, fits",
             "views of 2 at stride 5 on 10 + 0 cells: 2.6 views, the last 3 columns are not seen; "
             "pad by 2 in all, or stride 4 or 8, fits"],
        ),
    ],
)  # fmt: skip
def test_what_does_not_come_out_even_is_noted_with_what_would(layer, shape, lines):
    net = Chain((("L", layer), ("flat", Flatten()), ("act", ReLU())))
    assert notes(net, shape) == [f"L: {line}" for line in lines]


def test_the_layers_of_a_block_are_noted_by_their_full_names():
    first, second = Chain((("a", Conv(1, 2, 2)), ("b", CCells(2)))), Chain((("c", Conv(1, 3, 5)),))
    lines = notes(Chain((("S", Conv(1, 1)), ("B", Branches((first, second))))), (1, 7, 6))
    assert [line.split(": ")[0] for line in lines] == ["B.a", "B.b", "B.c", "B.c"]


def test_the_layer_table_says_what_does_not_fit():
    fits, odd = (call("models", "lenet5", "--input", size, "--json").json["notes"] for size in ("1x28x28", "1x30x31"))
    assert fits == []
    assert odd
    printed = call("models", "lenet5", "--input", "1x30x31").out
    assert all(line in printed for line in odd)


def test_a_map_smaller_than_the_view_is_refused_with_the_remedy():
    with pytest.raises(UsageError, match="layer L: view of 5 does not fit a map of 3 x 9; pad by 1 or shrink the view"):
        notes(Chain((("L", Conv(1, 5, 2)),)), (1, 3, 9))
