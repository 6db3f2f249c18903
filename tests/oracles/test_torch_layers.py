"""Layers and a small LeNet against PyTorch, in single precision."""

import numpy as np
import pytest
from kit import assert_close, difference

from neuro_cnn import ops
from neuro_cnn.layers import CCells, Conv, Dense, Flatten, Mean, ReLU
from neuro_cnn.losses import CrossEntropy, SquaredError
from neuro_cnn.network import Chain
from neuro_cnn.tree import leaves, tree_map

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
functional = torch.nn.functional


def drawn(*shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def follow(*arrays):
    """The arrays as tensors whose gradients are kept."""
    return [torch.tensor(array, requires_grad=True) for array in arrays]


@pytest.mark.parametrize(
    ("size", "stride", "pad", "dilation", "groups"),
    [
        ((3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
        ((5, 5), (1, 1), ((2, 2), (2, 2)), (1, 1), 1),
        ((3, 2), (2, 3), ((1, 1), (0, 0)), (1, 1), 1),
        ((3, 2), (2, 1), ((1, 0), (-1, 2)), (2, 3), 2),
        ((1, 1), (2, 2), ((-1, -1), (-2, 0)), (1, 1), 4),
        ((3, 3), (1, 2), ((2, 1), (1, 2)), (2, 1), 4),
    ],
)
def test_correlate_and_its_adjoints_are_conv2d_and_its_gradients(size, stride, pad, dilation, groups):
    (top, bottom), (left, right) = pad
    x, weight = drawn((3, 4, 12, 11), (8, 4 // groups, *size))
    tx, tw = follow(x, weight)
    padded = functional.pad(tx, (left, right, top, bottom))
    ty = functional.conv2d(padded, tw, stride=stride, dilation=dilation, groups=groups)
    (dy,) = drawn(ty.shape)
    ty.backward(torch.tensor(dy))
    how = {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups}
    assert_close(ops.correlate(x, weight, **how), ty.detach().numpy())
    assert_close(ops.correlate_input_adjoint(dy, weight, x.shape, **how), tx.grad.numpy())
    assert_close(ops.correlate_weight_adjoint(x, dy, weight.shape, **how), tw.grad.numpy())


@pytest.mark.parametrize(("size", "stride", "pad"), [(2, 2, 0), (3, 2, 1), (3, 1, 1), ((2, 3), (1, 2), (1, 0))])
def test_pooling_is_max_pool2d_and_avg_pool2d(size, stride, pad):
    (x,) = drawn((2, 3, 8, 9))
    for pool, theirs in (
        (CCells(size, stride, pad), functional.max_pool2d),
        (CCells(size, stride, pad, Mean()), functional.avg_pool2d),
    ):
        (tx,) = follow(x)
        ty = theirs(tx, size, stride, pad)
        (dy,) = drawn(ty.shape)
        ty.backward(torch.tensor(dy))
        params = pool.init(x.shape[1:], None)
        y, activity = pool.forward(params, x)
        assert_close(y, ty.detach().numpy())
        assert_close(pool.backward(params, activity, dy)[0], tx.grad.numpy())


def test_a_lenet_gives_torchs_scores_loss_and_gradients():
    net = Chain(
        (
            ("C1", Conv(6, 5, pad=2)),
            ("R1", ReLU()),
            ("S2", CCells(2)),
            ("C3", Conv(16, 5)),
            ("R3", ReLU()),
            ("S4", CCells(2, pool=Mean())),
            ("flat", Flatten()),
            ("F5", Dense(32)),
            ("R5", ReLU()),
            ("out", Dense(10)),
        )
    )
    (x,) = drawn((8, 1, 28, 28))
    labels = np.arange(8) % 10
    params = tree_map(lambda w: w + np.float32(0.01), net.init((1, 28, 28), 0))  # so that biases are not 0
    scores, activity = net.forward(params, x)
    loss, error = CrossEntropy()(scores, labels)
    dx, gradients = net.backward(params, activity, error)

    t = dict(zip((name for name, _ in leaves(params)), follow(*(w for _, w in leaves(params))), strict=True))
    (tx,) = follow(x)
    y = functional.max_pool2d(functional.conv2d(tx, t["C1.weight"], t["C1.bias"], padding=2).relu(), 2)
    y = functional.avg_pool2d(functional.conv2d(y, t["C3.weight"], t["C3.bias"]).relu(), 2)
    y = functional.linear(y.flatten(1), t["F5.weight"], t["F5.bias"]).relu()
    y = functional.linear(y, t["out.weight"], t["out.bias"])
    tloss = functional.cross_entropy(y, torch.tensor(labels))
    tloss.backward()

    assert_close(scores, y.detach().numpy())
    assert float(loss) == pytest.approx(tloss.item(), rel=1e-5)
    assert_close(dx, tx.grad.numpy())
    for name, gradient in leaves(gradients):
        assert_close(gradient, t[name].grad.numpy())


def test_cross_entropy_is_torchs():
    (scores,) = drawn((7, 5))
    labels = np.arange(7) % 5
    (ts,) = follow(scores)
    tloss = functional.cross_entropy(ts, torch.tensor(labels))
    tloss.backward()
    loss, gradient = CrossEntropy()(scores, labels)
    assert float(loss) == pytest.approx(tloss.item(), rel=1e-6)
    assert_close(gradient, ts.grad.numpy())


@pytest.mark.parametrize(("precision", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_squared_error_is_half_of_torchs_summed_over_classes(precision, tolerance):
    scores = np.random.default_rng(0).standard_normal((6, 5)).astype(precision)
    labels = np.array([0, 4, 1, 1, 3, 2])
    (ts,) = follow(scores)
    target = functional.one_hot(torch.tensor(labels), 5).to(ts.dtype)
    loss = functional.mse_loss(ts, target, reduction="sum") / (2 * len(labels))
    loss.backward()
    value, error = SquaredError()(scores, labels)
    assert float(value) == pytest.approx(loss.item(), rel=tolerance)
    assert difference(error, ts.grad.numpy()) < tolerance


@pytest.mark.parametrize(
    "layer",
    [
        Conv(4, 3, 2, 1),
        Conv(6, (3, 2), pad=((1, 0), (0, 1)), groups=3),
        Dense(5),
        CCells(3, 2, 1),
        CCells(2, pool=Mean()),
    ],
)
def test_layers_are_torchs_in_double_precision(layer):
    rng = np.random.default_rng(0)
    shape = (7,) if isinstance(layer, Dense) else (3, 9, 8)
    params = tree_map(lambda w: w.astype(np.float64), layer.init(shape, rng))
    x = rng.standard_normal((2, *shape))
    tx, *weights = follow(x, *(leaf for _, leaf in leaves(params)))
    if isinstance(layer, Dense):
        ty = functional.linear(tx, *weights)
    elif isinstance(layer, Conv):
        (top, bottom), (left, right) = layer.window(shape).pad
        padded = functional.pad(tx, (left, right, top, bottom))
        ty = functional.conv2d(padded, *weights, stride=layer.stride, groups=layer.groups)
    else:
        pool = functional.avg_pool2d if isinstance(layer.pool, Mean) else functional.max_pool2d
        ty = pool(tx, layer.size, layer.stride, layer.pad)
    dy = rng.standard_normal(ty.shape)
    ty.backward(torch.tensor(dy))
    y, activity = layer.forward(params, x)
    dx, gradient = layer.backward(params, activity, dy)
    ours = [y, dx, *(leaf for _, leaf in leaves(gradient))]
    for mine, true in zip(ours, [ty.detach(), tx.grad, *(w.grad for w in weights)], strict=True):
        assert difference(mine, true.numpy()) < 1e-10
