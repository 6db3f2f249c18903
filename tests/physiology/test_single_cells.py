"""The single-cell table: known cells in it, and what it tells apart on digits where similarity of codes does not."""

from itertools import pairwise

import numpy as np
import pytest

from neuro_cnn.curriculum import Backprop, Phase
from neuro_cnn.data import load
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, ReLU
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.physiology import Electrode, Preparation, born, single_cells
from neuro_cnn.training import train


def test_a_built_cell_is_in_the_table_as_it_was_built():
    net, _ = build("lgn-v1", (1, 28, 28), 10, orientations=4, phases=2)
    found = single_cells(Preparation(Electrode(net, net.init((1, 28, 28), 0), (1, 28, 28), "S1")))
    assert found.r2.min() > 0.98
    np.testing.assert_allclose(found.ratio, np.pi / 2, atol=0.03)
    np.testing.assert_allclose(found.frequency, 0.2, rtol=0.1)
    assert found.cancellation.min() > 0.99
    assert found.summary()["fitted"] == 1
    assert 15 < found.summary()["half_width"] < 25


def test_cells_that_answer_to_no_grating_have_no_tuning():
    net = Chain((("S1", Conv(3, 7)), ("T1", ReLU())))
    params = net.init((1, 20, 20), 0)
    params["S1"].learned.weight[1] = 0
    found = single_cells(Preparation(Electrode(net, params, (1, 20, 20), "T1")))
    assert np.isnan(found.half_width).tolist() == [False, True, False]
    assert np.isnan(found.cancellation[1])
    assert found.r2[1] == 0


def test_layers_other_than_of_s_cells_responses_are_refused_by_name():
    net, _ = build("hebbian-wta", (1, 28, 28), 10, planes=3)
    params = net.init((1, 28, 28), 0)
    with pytest.raises(UsageError, match="layer S1 is none of S-cells' responses; choose T1"):
        single_cells(Preparation(Electrode(net, params, (1, 28, 28), "S1")))
    with pytest.raises(UsageError, match="choose T1"):
        single_cells(Preparation(Electrode(net, params, (1, 28, 28), "C1")))


def told(seed, images, epochs):
    """One wiring on digits after Hebb, after backpropagation and unlearned: the table's summary of each."""
    data = load("digits").train.take(np.arange(0, 4000, 4000 // images))
    net, curriculum = build("hebbian-wta", data.shape, 10, planes=16, size=7, eye="centred")
    untaught = tuple(phase for phase in curriculum if not phase.method.supervised)
    raw = born(net, curriculum, data, seed)
    backprop = (Phase(None, Backprop(optimizer=Adam(0.002)), epochs=epochs, batch=64),)
    learned = [[*train(net, each, data, seed=seed, params=raw)][-1].params for each in (untaught, backprop)]
    cells = [Preparation(Electrode(net, params, data.shape, "T1"), seed) for params in (*learned, raw)]
    return [single_cells(each).summary() for each in cells]


@pytest.mark.parametrize(("seeds", "images"), [((0,), 1000), pytest.param((0, 1, 2), 4000, marks=pytest.mark.slow)])
def test_hebb_backprop_and_nothing_are_told_apart_on_digits_by_single_cells(seeds, images):
    found = [told(seed, images, 8) for seed in seeds]
    for name in ("fitted", "half_width", "rank"):
        hebbian, backprop, unlearned = ([each[name] for each in way] for way in zip(*found, strict=True))
        rising = (unlearned, backprop, hebbian)  # fits and widths; fields lie in fewer dimensions
        for low, high in pairwise(rising[::-1] if name == "rank" else rising):
            assert max(low) < min(high)
    assert min(each["fitted"] for each, _, _ in found) > 0.9
