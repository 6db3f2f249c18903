"""Residual blocks and Inception modules in a learning pass: scores, running moments and all gradients are PyTorch's."""

import numpy as np
import pytest
from kit import difference

from neuro_cnn import exchange
from neuro_cnn.layers import BatchNorm, CCells, Conv, Dense, GlobalPool, Key, Params, ReLU
from neuro_cnn.losses import CrossEntropy
from neuro_cnn.models.googlenet import inception
from neuro_cnn.models.resnet import basic, bottleneck
from neuro_cnn.network import Chain, Residual
from neuro_cnn.tree import tree_map

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
nn, functional = torch.nn, torch.nn.functional

SHORT = Chain((("downsample_0", Conv(6, 1, 2, bias=False)), ("downsample_1", BatchNorm())))
NET = Chain(
    (
        *(("conv1", Conv(4, 3, 2, 1, bias=False)), ("bn1", BatchNorm()), ("relu1", ReLU()), ("pool1", CCells(3, 2, 1))),
        *(("block1", Residual(basic(6, 2), SHORT)), ("relu2", ReLU()), ("block2", Residual(basic(6, 1)))),
        *(("wide", Residual(bottleneck(2, 1), Chain((("side", Conv(8, 1)),)))), ("relu3", ReLU())),
        *(("module", inception(3, 2, 4, 1, 2, 2)), ("mean", GlobalPool()), ("out", Dense(5))),
    )
)
SHAPE = (3, 26, 22)


def theirs(arrays, x):
    """The same network as functions of PyTorch on its state dictionary, in a learning pass."""

    def conv(name, x, stride=1, pad=0):
        return functional.conv2d(x, arrays[f"{name}.weight"], arrays.get(f"{name}.bias"), stride, pad)

    def norm(name, x):
        moments = arrays[f"{name}.running_mean"], arrays[f"{name}.running_var"]
        return functional.batch_norm(x, *moments, arrays[f"{name}.weight"], arrays[f"{name}.bias"], training=True)

    def basics(name, x, stride):
        y = torch.relu(norm(f"{name}.bn1", conv(f"{name}.conv1", x, stride, 1)))
        return norm(f"{name}.bn2", conv(f"{name}.conv2", y, 1, 1))

    x = functional.max_pool2d(torch.relu(norm("bn1", conv("conv1", x, 2, 1))), 3, 2, 1)
    short = norm("block1.downsample.1", conv("block1.downsample.0", x, 2))
    x = torch.relu(basics("block1", x, 2) + short)
    x = basics("block2", x, 1) + x
    y = torch.relu(norm("wide.bn1", conv("wide.conv1", x)))
    y = torch.relu(norm("wide.bn2", conv("wide.conv2", y, 1, 1)))
    x = torch.relu(norm("wide.bn3", conv("wide.conv3", y)) + conv("wide.side", x))
    parts = [
        conv("module.ones", x),
        conv("module.threes", torch.relu(conv("module.reduce3", x)), 1, 1),
        conv("module.fives", torch.relu(conv("module.reduce5", x)), 1, 2),
        conv("module.pooled", functional.max_pool2d(x, 3, 1, 1)),
    ]
    return functional.linear(torch.relu(torch.cat(parts, 1)).mean((2, 3)), arrays["out.weight"], arrays["out.bias"])


@pytest.mark.parametrize(("precision", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_blocks_give_pytorchs_scores_moments_and_gradients(precision, tolerance):
    rng = np.random.default_rng(0)
    params = tree_map(lambda w: w.astype(precision), NET.init(SHAPE, 0))
    x, labels = rng.standard_normal((4, *SHAPE)).astype(precision), np.array([1, 0, 4, 2])
    arrays = {name: torch.tensor(a) for name, a in exchange.to_torch(NET, params).items()}
    for name, array in arrays.items():
        array.requires_grad_("running" not in name)
    tx = torch.tensor(x, requires_grad=True)
    scores = theirs(arrays, tx)
    loss = functional.cross_entropy(scores, torch.tensor(labels))
    loss.backward()

    ours, activity = NET.forward(params, x, Key((0,)))
    value, error = CrossEntropy()(ours, labels)
    dx, gradients = NET.backward(params, activity, error)
    assert difference(ours, scores.detach().numpy()) < tolerance
    assert float(value) == pytest.approx(loss.item(), rel=tolerance)
    assert difference(dx, tx.grad.numpy()) < tolerance
    moved = {name: Params(gradients[name], params[name].fixed) for name in NET.names}
    for name, gradient in exchange.to_torch(NET, moved).items():
        if "running" not in name:
            assert difference(gradient, arrays[name].grad.numpy()) < tolerance, name
    absorbed = {name: layer.absorb(params[name], activity[name]) for name, layer in NET.layers}
    for name, moment in exchange.to_torch(NET, absorbed).items():
        if "running" in name:
            assert difference(moment, arrays[name].numpy()) < tolerance, name
