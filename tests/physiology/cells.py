"""Known cells for the protocols: Gabor S-cells behind a whitening filter, C-cells above them, energy and dead cells."""

import numpy as np

from neuro_cnn.layers import CCells, Conv, Maxout, OlshausenField, Params, ReLU, SCells
from neuro_cnn.layers.base import Weights
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Electrode, Preparation
from neuro_cnn.stimuli import gabor

SIDE = 9
ORIENTATIONS = np.array([0.0, 40.0, 90.0, 135.0])
FREQUENCIES = np.array([0.15, 0.2, 0.16, 0.22])


def gabors(side=SIDE, orientations=ORIENTATIONS, frequencies=FREQUENCIES, phases=0.7, spread=1.8):
    """Gabors of sum 0 and norm 1, (K, side, side)."""
    w = gabor((side, side), orientations, frequencies, phases, spread, spread).astype(float)
    w -= w.mean(axis=(1, 2), keepdims=True)
    return (w / np.linalg.norm(w, axis=(1, 2), keepdims=True)).astype(np.float32)


def linear(weights, *above, in_side=None, threshold=0.0):
    """Half-rectified linear cells with these weights (K, h, w), under further layers: network, params, shape."""
    planes, side, _ = weights.shape
    net = Chain((("conv", Conv(planes, side)), ("S", ReLU()), *above))
    shape = (1, in_side or side, in_side or side)
    params = net.init(shape, 0)
    params["conv"] = Params(Weights(weights[:, None], np.full(planes, -threshold, np.float32)))
    return net, params, shape


def prepared(net, params, shape, layer=None):
    return Preparation(Electrode(net, params, shape, layer or net.names[-1]))


def simple_and_complex(whitened=False, side=24, pool=5):
    """S-cells of one plane an orientation, and C-cells that take the strongest of some of them: two preparations."""
    eye = (("eye", OlshausenField()),) if whitened else ()
    net = Chain((*eye, ("S", SCells(4, SIDE)), ("C", CCells(pool, 1))))
    params = net.init((1, side, side), 0)
    scells = params["S"]
    params["S"] = scells._replace(learned=scells.learned._replace(weight=gabors()[:, None]))
    return [prepared(net, params, (1, side, side), layer) for layer in ("S", "C")]


def both_polarities(side=13, size=SIDE):
    """C-cells over S-cells of both polarities, the strongest of the two: a frame and its negative are alike to them."""
    w = gabors(size)
    pairs = np.stack([w, -w], axis=1).reshape(-1, size, size)
    return linear(pairs, ("C", CCells(side - size + 1, 1)), ("both", Maxout(2)), in_side=side)


def energy(side=13):
    """A cell that answers sqrt(a^2 + b^2) to a pair of filters in quadrature, and the two filters, (2, d)."""
    pair = gabors(side, np.array([30.0, 30.0]), np.array([0.15, 0.15]), np.array([0, np.pi / 2]), 2.5)
    return pair.reshape(2, -1).astype(float)
