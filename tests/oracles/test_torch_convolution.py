"""Convolutions of every kind against PyTorch, in double precision: responses and both gradients."""

import numpy as np
import pytest
from kit import difference, double

from neuro_cnn.layers import Conv, LocallyConnected, Params, TrueConv
from neuro_cnn.layers.base import Weights

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
functional = torch.nn.functional
MAP = (4, 9, 8)


def agrees(layer, theirs, in_shape=MAP):
    """Whether response and gradients are those of a function of torch's input, weight and bias."""
    rng = np.random.default_rng(0)
    params = double(layer.init(in_shape, rng))
    weight, bias = params.learned
    params = Params(Weights(weight, rng.standard_normal(bias.shape)))
    x = rng.standard_normal((3, *in_shape))
    tx, tw, tb = (torch.tensor(array, requires_grad=True) for array in (x, weight, params.learned.bias))
    ty = theirs(tx, tw, tb)
    dy = rng.standard_normal(tuple(ty.shape))
    ty.backward(torch.tensor(dy))
    y, activity = layer.forward(params, x)
    dx, gradient = layer.backward(params, activity, dy)
    pairs = ((y, ty.detach()), (dx, tx.grad), (gradient.weight, tw.grad), (gradient.bias, tb.grad))
    assert [difference(ours, torchs.numpy()) < 1e-10 for ours, torchs in pairs] == [True] * 4


@pytest.mark.parametrize("size", [1, 2, 3, 4, (2, 5), (6, 3)])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")  # it warns of a copy
def test_same_padding_is_torchs(size, dilation):
    def theirs(x, weight, bias):
        return functional.conv2d(x, weight, bias, padding="same", dilation=dilation)

    agrees(Conv(5, size, pad="same", dilation=dilation), theirs)


@pytest.mark.parametrize(("size", "dilation"), [((2, 3), (1, 1)), ((3, 2), (2, 3))])
def test_full_padding_and_none_are_torchs(size, dilation):
    full = tuple(d * (s - 1) for s, d in zip(size, dilation, strict=True))
    for word, pad in (("full", full), ("valid", 0)):
        agrees(
            Conv(5, size, pad=word, dilation=dilation),
            lambda x, w, b, pad=pad: functional.conv2d(x, w, b, padding=pad, dilation=dilation),
        )


@pytest.mark.parametrize(("planes", "groups"), [(4, 4), (8, 4), (6, 2)])
def test_groups_down_to_one_plane_each_with_dilation_and_stride_are_torchs(planes, groups):
    agrees(
        Conv(planes, 3, (2, 1), (2, 1), (2, 3), groups),
        lambda x, w, b: functional.conv2d(x, w, b, (2, 1), (2, 1), (2, 3), groups),
    )


def test_a_connection_table_is_torchs_weights_times_a_mask():
    table = np.random.default_rng(1).random((6, 2)) < 0.5
    assert 0 < table.sum() < table.size
    mask = torch.tensor(table[:, :, None, None], dtype=torch.float64)
    agrees(
        Conv(6, 3, 2, 1, groups=2, table=tuple(map(tuple, table.tolist()))),
        lambda x, w, b: functional.conv2d(x, w * mask, b, 2, 1, groups=2),
    )


def test_true_convolution_is_torchs_with_the_weights_turned():
    agrees(
        TrueConv(6, (3, 4), 2, (1, 2), groups=2),
        lambda x, w, b: functional.conv2d(x, torch.flip(w, (2, 3)), b, 2, (1, 2), groups=2),
    )


@pytest.mark.parametrize(("stride", "pad", "dilation"), [(1, 0, 1), (2, 2, 1), (3, 1, 2)])
def test_a_signal_is_a_map_of_height_1(stride, pad, dilation):
    def theirs(x, weight, bias):
        return functional.conv1d(x[:, :, 0], weight[:, :, 0], bias, stride, pad, dilation)[:, :, None]

    agrees(Conv(5, (1, 4), (1, stride), (0, pad), (1, dilation)), theirs, (3, 1, 17))


@pytest.mark.parametrize(
    ("size", "stride", "pad", "dilation"), [(3, 1, 0, 1), ((2, 3), (2, 1), (1, 0), (1, 2)), (4, 3, 2, 1)]
)
def test_locally_connected_cells_are_torchs_unfolded_views_times_weights(size, stride, pad, dilation):
    def theirs(x, weight, bias):
        rows, columns, planes = weight.shape[:3]
        views = functional.unfold(x, weight.shape[4:], dilation, pad, stride)  # (N, D, P)
        matrices = weight.reshape(rows * columns, planes, -1)
        y = torch.einsum("pkd,ndp->nkp", matrices, views)
        return y.reshape(len(x), planes, rows, columns) + bias

    agrees(LocallyConnected(3, size, stride, pad, dilation), theirs)
