"""Cut down to what a cell hears, a network answers as the whole does."""

import numpy as np
import pytest
from kit import difference, double

from neuro_cnn.layers import (
    CCells,
    Contrast,
    Conv,
    Dense,
    Divisive,
    EndStopped,
    Flatten,
    LocallyConnected,
    Maxout,
    Mean,
    OlshausenField,
    ReLU,
    SCells,
    Shunting,
    SimpleCells,
    SquareRoot,
    TrueConv,
)
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Electrode
from neuro_cnn.physiology.tissue import intact

NETS = {
    "cnn": [Conv(4, 3, pad="same"), ReLU(), CCells(2), TrueConv(5, 3, 2, dilation=(1, 2)), ReLU(), CCells(2, 1)],
    "whitened": [OlshausenField(5), SCells(4, 5, pad="same"), CCells(3, 2, pool=Mean())],
    "neocognitron": [
        Contrast(5, margin=1),
        SCells(4, 3, pad=1, response=Shunting(0.3)),
        CCells(3, 2, "same", SquareRoot(inhibition=0)),
        SCells(5, 3, response=Shunting(0.2), initial_inhibition=0.2),
    ],
    "contrast within": [Contrast(5, margin=-2), SCells(4, 4, (2, 1), pad=((1, 0), (-1, 2)))],
    "surrounds": [Conv(3, 3), ReLU(), CCells(3, 2, 1, SquareRoot()), Conv(3, 2)],
    "v1": [Contrast(5), SimpleCells(3, 2, 0.3, 0.3, 0.3), Divisive(1.0), Maxout(2), EndStopped(2.0)],
    "places": [Conv(3, 3), LocallyConnected(3, 3), Conv(3, 2), CCells(2)],
    "row": [Conv(3, 3), ReLU(), Flatten(), Dense(4)],
    "padded": [Conv(3, 3), Conv(3, 9, pad=4), Conv(2, 9, pad=4)],
}
ROUNDING = 1e-7
"""The whitening kernel is of single precision, so that its sum is not quite 0, and removes the mean not quite."""


def recorded(name, place=None):
    net = Chain(tuple((f"L{number}", layer) for number, layer in enumerate(NETS[name])))
    params = double(net.init((2, 24, 25), 3))
    return Electrode(net, params, (2, 24, 25), net.names[-1], place)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("place", [None, (0, 0)])
def test_the_excised_tissue_answers_and_slopes_as_the_whole_network(name, place):
    electrode, whole = recorded(name, place), recorded(name, place)
    object.__setattr__(whole, "tissue", intact(whole.below, whole.params, whole.at))
    stimuli = np.random.default_rng(0).standard_normal((2, 3, 24, 25))
    assert np.any(whole.respond(stimuli))
    assert difference(electrode.respond(stimuli), whole.respond(stimuli)) < ROUNDING
    for plane in (0, electrode.planes - 1):
        assert difference(electrode.gradient(stimuli, plane), whole.gradient(stimuli, plane)) < ROUNDING


def test_of_every_map_no_more_is_worked_out_than_one_place_sees():
    tissue = recorded("cnn").tissue
    shape = (2, *np.zeros((24, 25))[tissue.rows, tissue.columns].shape)
    assert shape[1:] == recorded("cnn").box.sides
    shapes = tissue.net.shapes(tissue.params, shape)
    assert shapes["L5"][1:] == (1, 1)
    assert shapes["L4"][1:] == (2, 2)
    assert tissue.net.names == recorded("cnn").net.names
