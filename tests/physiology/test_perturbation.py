"""The receptive box by perturbation is that by arithmetic, in every layer; and where it is not, that is told."""

from functools import cached_property

import numpy as np
import pytest
from cells import linear, prepared, simple_and_complex
from kit import double

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    CCells,
    Contrast,
    Conv,
    Maxout,
    Mean,
    Normalize,
    OlshausenField,
    ReLU,
    Saturating,
    SCells,
    Shunting,
    SquareRoot,
    Subtractive,
    TrueConv,
)
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Electrode, Pixels, receptive_box_check
from neuro_cnn.physiology.mapping.perturbation import BORDERS, support

NETS = {
    "cnn": [Conv(6, 3, pad="same"), ReLU(), CCells(2), Conv(6, 3, pad=1), ReLU(), CCells(3, 2)],
    "strides": [Conv(6, (5, 3), (2, 1), pad=1), ReLU(), TrueConv(6, 3, 2, pad=1), ReLU(), CCells(2, 1, pool=Mean())],
    "dilated": [Conv(6, 3, pad=2, dilation=2), ReLU(), Conv(6, (2, 3), dilation=(3, 1)), ReLU(), Maxout(2)],
    "neocognitron 1980": [
        SCells(6, 5, pad=2, response=Shunting(0.5), initial_inhibition=0.3),
        CCells(3, 2, 1, Saturating(4.0)),
        SCells(6, 3, pad=1, response=Shunting(0.3), initial_inhibition=0.3),
        CCells(3, 1, pool=Saturating(4.0)),
    ],
    "neocognitron 2013": [
        Contrast(5, margin=2),
        SCells(6, 3, response=Subtractive(0.2), initial_inhibition=0.3),
        CCells(3, 2, 1, SquareRoot()),
        SCells(6, 3, pad=1, response=Subtractive(0.1), initial_inhibition=0.3),
    ],
    "whitened": [OlshausenField(7), SCells(6, 5, pad="same"), CCells(3, 2)],
}
LAYERS = [(name, number) for name, layers in NETS.items() for number in range(len(layers))]
SHAPE = (1, 25, 26)


def recorded(name, number):
    net = Chain(tuple((f"L{each}", layer) for each, layer in enumerate(NETS[name])))
    return Electrode(net, double(net.init(SHAPE, 5)), SHAPE, f"L{number}")


def boxed(found):
    """The least box around the pixels that moved any cell."""
    moved = found.moved.any(axis=0)
    rows, columns = (np.flatnonzero(moved.any(axis=axis)) for axis in (1, 0))
    top, left = found.corner
    return Pixels(top + rows[0], left + columns[0], top + rows[-1] + 1, left + columns[-1] + 1)


@pytest.mark.parametrize(("name", "number"), LAYERS)
def test_in_every_layer_of_random_networks_perturbation_finds_the_box_of_arithmetic(name, number):
    electrode = recorded(name, number)
    found = support(electrode, np.random.default_rng(0))
    assert found.answered.any()
    assert boxed(found) == electrode.box
    assert not found.outside.any()
    assert found.borders[found.answered].all()


def test_every_pixel_of_the_box_moves_cells_that_leave_none_out():
    electrode = recorded("cnn", 4)
    found = support(electrode, np.random.default_rng(0))
    assert found.moved.any(axis=0).sum() == np.prod(electrode.box.sides)


class Mistaken(Electrode):
    """An electrode whose arithmetic is one pixel off."""

    off = (0, 0, 0, 0)

    @cached_property
    def box(self):
        return Pixels(*(edge + more for edge, more in zip(super().box, self.off, strict=True)))


@pytest.mark.parametrize("border", range(4))
def test_a_box_that_is_one_pixel_short_or_too_far_on_any_side_is_told(border):
    short, far = (tuple(sign * (at == border) for at in range(4)) for sign in ((1, -1) if border < 2 else (-1, 1)))
    right = recorded("cnn", 3)
    for off, outside in ((short, True), (far, False)):
        electrode = Mistaken(right.net, right.params, SHAPE, right.layer)
        object.__setattr__(electrode, "off", off)
        found = support(electrode, np.random.default_rng(0))
        assert found.outside.all() == outside
        assert found.borders[:, border].all() == outside


def test_the_protocol_agrees_for_whitened_cells_in_single_precision():
    for preparation in simple_and_complex(whitened=True, side=28):
        found = receptive_box_check(preparation)
        assert found.usable.all()
        assert found.measures["agrees"].all()
        assert not found.measures["outside"].any()


def test_a_cell_that_never_answers_is_silent_and_one_without_a_border_is_unfit():
    w = np.random.default_rng(0).standard_normal((3, 5, 5)).astype(np.float32)
    w[1, 0] = 0
    w[2] = 0
    found = receptive_box_check(prepared(*linear(w, in_side=9)))
    assert [verdict.flag for verdict in found.verdicts] == ["ok", "unfit", "silent"]
    assert found.verdicts[1].reason == f"nothing moved it at the {BORDERS[0]} of the box"


def test_a_box_that_leaves_the_image_is_refused():
    net = Chain((("S", SCells(2, 5, pad=2)), ("N", Normalize())))
    electrode = Electrode(net, net.init((1, 8, 8), 0), (1, 8, 8), "N", (0, 0))
    with pytest.raises(UsageError, match="choose a row from 2 to 5"):
        support(electrode, np.random.default_rng(0))
