"""Weights brought down to the pixels: the adjoint of the excitatory path, and the weights themselves at the bottom."""

import numpy as np
import pytest

from neuro_cnn import ops
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    CCells,
    Contrast,
    Conv,
    Dense,
    Flatten,
    Gabors,
    Hyperbolic,
    Join,
    LocallyConnected,
    Maxout,
    Mean,
    Normalize,
    Resize,
    Saturating,
    SquareRoot,
    TrueConv,
)
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.ops.normalize import standardize
from neuro_cnn.physiology import backprojection

RNG = np.random.default_rng(0)


def excited(net, params, x, layer):
    """The response of a layer if only the excitatory path were there: linear in x."""
    for name, cells in (*net.part(stop=layer), (layer, net[layer])):
        learned, fixed = params[name]
        if hasattr(learned, "weight") and learned.weight.ndim == 4:
            x = ops.correlate(x, learned.weight, cells.stride, cells.window(x.shape[1:]).pad)
        elif isinstance(cells, CCells):
            how = (cells.window(()).stride, cells.pad)
            if isinstance(cells.pool, Saturating):
                x = ops.weighted_pool(x, fixed.blur, *how)
            elif isinstance(cells.pool, SquareRoot | Hyperbolic):
                x = ops.blur(x, fixed.down, fixed.across, *how)
            else:
                x = ops.mean_pool(x, cells.size, *how)
        elif isinstance(cells, Contrast):
            d = ops.correlate(x, fixed.kernel, 1, cells.window(()).pad)
            x = np.concatenate([d, -d], axis=1)
        elif isinstance(cells, Normalize):
            x = standardize(x, 0 * fixed.mean, fixed.deviation)
        elif isinstance(cells, Join | Resize):
            x = cells.respond(params[name], x)
        elif isinstance(cells, Gabors):
            x = ops.correlate(x.mean(axis=1, keepdims=True), fixed.kernel, 1, cells.window(()).pad)
        elif isinstance(cells, Maxout):
            x = x.reshape(len(x), -1, cells.group, *x.shape[2:]).mean(axis=2)
    return x


@pytest.mark.parametrize(
    ("system", "options", "shape", "layer"),
    [
        ("neocognitron-1980", {"planes": 5}, (1, 16, 16), "S1"),
        ("neocognitron-1980", {"planes": 5}, (1, 16, 16), "S2"),
        ("neocognitron-1980", {"planes": 5}, (1, 16, 16), "C3"),
        ("neocognitron-2013", {"planes": 40}, (1, 28, 28), "S2"),
        ("neocognitron-simple", {"planes": 4}, (1, 16, 16), "S3"),
        ("hebbian-wta", {"layers": 2, "planes": 3}, (1, 28, 28), "S2"),
        ("lenet5", {}, (1, 28, 28), "C2"),
        ("neocognitron-1988", {}, (1, 16, 16), "S2"),
        ("neocognitron-2003", {"planes2": 5}, (1, 28, 28), "S1"),
        ("neocognitron-2003", {"planes2": 5}, (1, 28, 28), "S2"),
        ("neocognitron-2003", {"planes2": 5, "side": 19}, (1, 31, 28), "C2"),
        ("hmax", {}, (3, 28, 28), "C1"),
    ],
)
def test_a_back_projection_is_the_adjoint_of_the_excitatory_path(system, options, shape, layer):
    net, _ = build(system, shape, 10, **options)
    params = net.init(shape, 3)
    found = backprojection(net, params, shape, layer)
    x = RNG.random((2, *shape), dtype=np.float32)
    y = excited(net, params, x, layer)
    middle = y[:, :, y.shape[2] // 2, y.shape[3] // 2]
    rows, columns = (slice(c, c + n) for c, n in zip(found.corner, found.weights.shape[2:], strict=True))
    seen = np.einsum("kchw,nchw->nk", found.weights, x[:, :, rows, columns])
    np.testing.assert_allclose(seen, middle, rtol=1e-3, atol=1e-5 * np.abs(middle).max())


def test_the_back_projection_of_the_first_layer_is_its_weights():
    net, _ = build("neocognitron-1980", (1, 16, 16), 5)
    params = net.init((1, 16, 16), 0)
    found = backprojection(net, params, (1, 16, 16), "S1")
    np.testing.assert_allclose(found.weights, params["S1"].learned.weight, rtol=1e-6)
    assert found.corner == (6, 6)


@pytest.mark.parametrize("kind", [Conv, TrueConv, LocallyConnected])
def test_of_a_linear_network_it_is_the_gradient_and_a_read_out_sees_the_whole_image(kind):
    layers = [("S1", kind(3, 3, 2, bias=False)), ("C1", CCells(2, pool=Mean())), ("flat", Flatten())]
    net = Chain((*layers, ("out", Dense(4, bias=False))))
    params = net.init((2, 9, 9), 1)
    found = backprojection(net, params, (2, 9, 9), "out")
    every_pixel = np.eye(2 * 81, dtype=np.float32).reshape(-1, 2, 9, 9)
    gradient = net.respond(params, every_pixel).T.reshape(4, 2, 9, 9)
    rows, columns = (slice(c, c + n) for c, n in zip(found.corner, found.weights.shape[2:], strict=True))
    np.testing.assert_allclose(found.weights, gradient[:, :, rows, columns], atol=1e-6)
    gradient[:, :, rows, columns] = 0
    assert not gradient.any()  # nothing lies outside the receptive box


def test_layers_without_a_linear_path_are_refused():
    net, _ = build("nearest-neighbour", (1, 8, 8), 3)
    with pytest.raises(UsageError, match="no linear path leads down through layer out"):
        backprojection(net, net.init((1, 8, 8), 0), (1, 8, 8), "out")
