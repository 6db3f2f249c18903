"""Invariance from sequences (Foldiak 1991): what follows upon each other in time comes to be answered alike."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.data.sweeps import frames
from neuro_cnn.layers import Dense
from neuro_cnn.rules import HardWTA, Hebbian, Trace
from neuro_cnn.streams import generator

SIDE = 8


def simple_cells(images):
    """Simple cells of four orientations at 8 x 8 places, as in the paper: which bar an image is, (N, 4 * 8 * 8).

    A cell has a line through its place as its field, and fires where the bar lies on all of it.
    """
    fields = frames(SIDE)  # (orientation, place, H, W)
    whole = np.einsum("nhw,kphw->nkp", images[:, 0], fields) == SIDE  # the bar that is shown
    return np.einsum("nkp,kphw->nkhw", whole, fields).reshape(len(images), -1)


def complex_cells(share, seed):
    """Which of four complex cells answers most to each bar after 500 sweeps, frame by frame: (orientations, places)."""
    images, rng = load("sweeps:count=125", split=seed).train.images, generator(seed, "complex cells")
    x = simple_cells(images).astype(np.float32)
    layer, rule = Dense(4, bias=False), Hebbian(0.05, HardWTA(), Trace(SIDE, share), ())
    weight = 0.1 * rng.random((4, x.shape[1]), np.float32)  # the paper's, as recalled; the rate is ours
    params, state = rule.start(layer, layer.rewire(layer.init(x.shape[1:], rng), weight), x, rng, len(x))
    for frame in x:
        activity = layer.forward(params, frame[None])[1]
        params, state = rule.update(layer, params, state, activity, None, rng)
    bars = simple_cells(frames(SIDE).reshape(-1, 1, SIDE, SIDE)).astype(np.float32)
    return layer.respond(params, bars).argmax(axis=1).reshape(4, SIDE)


@pytest.mark.parametrize("seed", range(2))
def test_with_a_trace_each_complex_cell_answers_to_one_orientation_wherever_it_is(seed):
    best = complex_cells(0.2, seed)
    assert np.all(best == best[:, :1])
    assert set(best[:, 0]) == {0, 1, 2, 3}


def test_without_a_trace_none_answers_to_all_places_of_an_orientation():
    best = complex_cells(1.0, 0)
    assert not np.any(np.all(best == best[:, :1], axis=1))
