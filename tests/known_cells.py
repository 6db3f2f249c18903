"""Cells whose tuning is known in closed form, under the electrode."""

from dataclasses import dataclass

import numpy as np

from neuro_cnn.layers import CCells, Contrast, Conv, Params, ReLU, SCells, Shunting
from neuro_cnn.layers.base import Weights
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Electrode
from neuro_cnn.stimuli import gabor


def rectified(filters, threshold=None):
    """Conv + ReLU cells [w s - threshold]+ for filters (K, h, w), on images of their size; grey drives none of them."""
    filters = np.asarray(filters, np.float32)
    threshold = np.zeros(len(filters)) if threshold is None else threshold
    bias = -0.5 * filters.sum(axis=(1, 2)) - 0.5 * np.asarray(threshold)
    net = Chain((("S1", Conv(len(filters), filters.shape[1:])), ("R1", ReLU())))
    params = {"S1": Params(Weights(filters[:, None], bias.astype(np.float32))), "R1": Params()}
    return Electrode(net, params, (1, *filters.shape[1:]), "R1")


def pooled(stretch=4, filter_=None):
    """The maximum over rectified cells of one filter, by default one pixel, along `stretch` pixels of a row."""
    spot = np.pad(np.ones((1, 1)), 4) if filter_ is None else filter_
    cells = rectified(spot[None])
    height, width = spot.shape
    net = Chain((*cells.net.layers, ("C1", CCells((1, stretch + 1), 1))))
    return Electrode(net, {**cells.params, "C1": Params()}, (1, height, width + stretch), "C1")


def end_stopped(ends=0.35):
    """An upright rectified Gabor cell held down by two like it, 8 pixels above and below."""
    cell = gabor((13, 13), 90.0, 0.14, 0.0, 2.5, 2.0)
    below = rectified(cell[None])
    net = Chain((*below.net.layers, ("E", Conv(1, (17, 1), bias=False)), ("R2", ReLU())))
    weight = np.zeros((1, 1, 17, 1), np.float32)
    weight[0, 0, (0, 8, 16), 0] = -ends, 1, -ends
    params = {**below.params, "E": Params(Weights(weight)), "R2": Params()}
    return Electrode(net, params, (1, 29, 13), "R2")


@dataclass(frozen=True)
class Energy(Conv):
    """Sums of squares of two neighbouring planes of a convolution: w s, without bias."""

    def respond(self, params, x):
        y = super().respond(params, x)
        return y[:, ::2] ** 2 + y[:, 1::2] ** 2

    def out_shape(self, params, in_shape):
        planes, *sides = super().out_shape(params, in_shape)
        return (planes // 2, *sides)


def energy(side=25, frequency=0.14):
    """A complex cell: the energy of a quadrature pair of Gabors."""
    pair = gabor((side, side), 60.0, frequency, np.array([0.0, np.pi / 2]), 3.5, 4.5).astype(float)
    pair -= pair.mean(axis=(1, 2), keepdims=True)
    layer = Energy(2, side, bias=False)
    params = {"E": Params(Weights(pair[:, None].astype(np.float32)))}
    return Electrode(Chain((("E", layer),)), params, (1, side, side), "E")


def shunting(r, orientations=(20.0, 75.0, 140.0), size=9, strength=400.0, frequency=0.15):
    """Fukushima's S-cells of selectivity r behind ON and OFF cells, each taught one Gabor by Fukushima's rule."""
    retina = Contrast(7, 0.8, 1.6, margin=-3)
    side = size + 6
    layer = SCells(len(orientations), size, response=Shunting(r))
    params = {"R": retina.init((1, side, side), np.random.default_rng(0))}
    taught = gabor((side, side), np.array(orientations), frequency, 0.3, 2.5, 3.0)
    views = retina.respond(params["R"], 0.5 + 0.5 * taught[:, None])
    params["S"] = layer.init(views.shape[1:], np.random.default_rng(0))
    params["S"] = layer.rewire(params["S"], strength * params["S"].fixed.surround * views)
    return Electrode(Chain((("R", retina), ("S", layer))), params, (1, side, side), "S")
