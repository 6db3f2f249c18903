"""Output functions, normalisation, dropout and pools against PyTorch: responses and all gradients."""

from math import log

import numpy as np
import pytest
from kit import difference
from layer_examples import MAP

from neuro_cnn.layers import (
    APL,
    ELU,
    GELU,
    ISRLU,
    L2,
    SELU,
    BatchNorm,
    BentIdentity,
    CCells,
    Dropout,
    GlobalPool,
    Key,
    LeakyReLU,
    LocalResponse,
    Logistic,
    Max,
    PowerMean,
    PReLU,
    RReLU,
    Softplus,
    SoftPlusPlus,
    SReLU,
    Tanh,
)
from neuro_cnn.tree import leaves, tree_map

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
functional = torch.nn.functional

WITHIN = {"float32": 1e-5, "float64": 1e-10}
KEY = Key((5,))
every_precision = pytest.mark.parametrize("precision", WITHIN)


def assert_like_torch(layer, theirs, precision, train=None, shape=MAP):
    """The layer's response and every gradient are those of theirs(x, weights by name); our activity is returned."""
    rng = np.random.default_rng(0)
    params = layer.init(shape, rng)
    moved = tree_map(lambda w: w + 0.1 * rng.standard_normal(w.shape), params.learned)
    params = tree_map(lambda w: w.astype(precision), params._replace(learned=layer.project(moved)))
    x = (2 * rng.standard_normal((4, *shape))).astype(precision)
    y, activity = layer.forward(params, x, train)
    dy = rng.standard_normal(y.shape).astype(precision)
    dx, gradient = layer.backward(params, activity, dy)

    tx = torch.tensor(x, requires_grad=True)
    weights = {name: torch.tensor(w, requires_grad=True) for name, w in leaves(params.learned)}
    ty = theirs(tx, **weights)
    ty.backward(torch.tensor(dy))
    assert difference(y, ty.detach().numpy()) < WITHIN[precision]
    assert difference(dx, tx.grad.numpy()) < WITHIN[precision]
    assert dict(leaves(gradient)).keys() == weights.keys()
    for name, value in leaves(gradient):
        assert difference(value, weights[name].grad.numpy()) < WITHIN[precision], name
    return params, activity


def planes(values):
    """(K,) or (S, K) -> ready to meet (N, K, H, W)."""
    return values[..., None, None]


def srelu(x, left, left_slope, right, right_slope):
    left, left_slope, right, right_slope = map(planes, (left, left_slope, right, right_slope))
    y = torch.where(x >= right, right + right_slope * (x - right), x)
    return torch.where(x <= left, left + left_slope * (x - left), y)


def apl(x, slope, place):
    hinges = (planes(a) * functional.relu(planes(b) - x) for a, b in zip(slope, place, strict=True))
    return functional.relu(x) + sum(hinges)


CURVES = (
    (LeakyReLU(0.1), lambda x: functional.leaky_relu(x, 0.1)),
    (ELU(1.3), lambda x: functional.elu(x, 1.3)),
    (SELU(), functional.selu),
    (ISRLU(0.7), lambda x: torch.where(x >= 0, x, x / torch.sqrt(1 + 0.7 * x**2))),
    (Softplus(), lambda x: functional.softplus(x, threshold=40)),
    (SoftPlusPlus(1.5, 3), lambda x: functional.softplus(1.5 * x, threshold=40) + x / 3 - log(2)),
    (BentIdentity(), lambda x: (torch.sqrt(x**2 + 1) - 1) / 2 + x),
    (Tanh(), torch.tanh),
    (Logistic(), torch.sigmoid),
    (GELU(), functional.gelu),
    (PReLU(), functional.prelu),
    (SReLU(right=0.5), srelu),
    (APL(3), apl),
    (RReLU(0.1, 0.4), lambda x: functional.rrelu(x, 0.1, 0.4, training=False)),
    (Dropout(0.3), lambda x: functional.dropout(x, 0.3, training=False)),
)


@every_precision
@pytest.mark.parametrize(("layer", "theirs"), CURVES, ids=lambda it: getattr(it, "kind", ""))
def test_output_functions_are_torchs(layer, theirs, precision):
    if isinstance(layer, PReLU):
        assert_like_torch(layer, lambda x, weight: theirs(x, weight), precision)
    else:
        assert_like_torch(layer, theirs, precision)


@every_precision
@pytest.mark.parametrize(("layer", "theirs"), [(p, t) for p, t in CURVES[:10]], ids=lambda it: getattr(it, "kind", ""))
def test_far_drives_are_answered_as_torch_does(layer, theirs, precision):
    x = np.array([[-80.0, -30, -1e-6, 0, 1e-6, 30, 80]], precision)
    tx = torch.tensor(x, requires_grad=True)
    ty = theirs(tx)
    ty.sum().backward()
    y, activity = layer.forward(layer.init((7,), None), x)
    assert difference(y, ty.detach().numpy()) < WITHIN[precision]
    dx = layer.backward((), activity, np.ones_like(x))[0]
    apart = x != 0  # at the kink, a table's choice
    assert difference(dx[apart], tx.grad.numpy()[apart]) < WITHIN[precision]


@every_precision
@pytest.mark.parametrize("shape", [MAP, (5,)])
def test_batch_normalisation_is_torchs_at_rest_in_a_learning_pass_and_in_its_running_moments(shape, precision):
    layer = BatchNorm(momentum=0.3, epsilon=1e-3)
    running = [torch.tensor(np.full(shape[0], v, precision)) for v in (0, 1)]

    def learning(x, weight, bias):
        return functional.batch_norm(x, *running, weight, bias, training=True, momentum=0.3, eps=1e-3)

    params, activity = assert_like_torch(layer, learning, precision, KEY, shape)
    absorbed = layer.absorb(params, activity)
    for ours, theirs in zip(absorbed.fixed, running, strict=True):
        assert ours.dtype == precision
        assert difference(ours, theirs.numpy()) < WITHIN[precision]

    rng = np.random.default_rng(1)
    x, dy = rng.standard_normal((2, 3, *shape)).astype(precision)
    tx = torch.tensor(x, requires_grad=True)
    weights = [torch.tensor(w, requires_grad=True) for w in params.learned]
    ty = functional.batch_norm(tx, *running, *weights, training=False, eps=1e-3)
    ty.backward(torch.tensor(dy))
    y, activity = layer.forward(absorbed, x)
    dx, gradient = layer.backward(absorbed, activity, dy)
    pairs = ((y, ty.detach()), (dx, tx.grad), *zip(gradient, (w.grad for w in weights), strict=True))
    for ours, theirs in pairs:
        assert difference(ours, theirs.numpy()) < WITHIN[precision]
    assert layer.absorb(absorbed, activity) is absorbed


@every_precision
@pytest.mark.parametrize(("neighbours", "planes"), [(5, 8), (3, 2), (1, 3)])
def test_local_response_normalisation_is_torchs_but_for_its_alpha(neighbours, planes, precision):
    layer = LocalResponse(neighbours, k=1.5, alpha=0.2, beta=0.6)
    for shape in ((planes, 4, 3), (planes, 1, 1)):
        assert_like_torch(
            layer,
            lambda x: functional.local_response_norm(x, neighbours, neighbours * 0.2, 0.6, 1.5),
            precision,
            shape=shape,
        )


@every_precision
@pytest.mark.parametrize(("size", "stride"), [((2, 2), (2, 2)), ((3, 2), (2, 1))])
def test_l2_and_power_mean_pools_are_lp_pool2d(size, stride, precision):
    area = size[0] * size[1]
    assert_like_torch(CCells(size, stride, pool=L2()), lambda x: functional.lp_pool2d(x, 2, size, stride), precision)
    assert_like_torch(
        CCells(size, stride, pool=PowerMean(4)),
        lambda x: functional.lp_pool2d(x, 4, size, stride) / area**0.25,
        precision,
    )


@every_precision
def test_global_pools_are_adaptive_pools_of_one_place(precision):
    mean, largest = functional.adaptive_avg_pool2d, functional.adaptive_max_pool2d
    assert_like_torch(GlobalPool(), lambda x: mean(x, 1).flatten(1), precision)
    assert_like_torch(GlobalPool(Max()), lambda x: largest(x, 1).flatten(1), precision)


def test_dropout_has_torchs_statistics():
    x = np.ones((50, 10, 20, 20), np.float32)
    ours = Dropout(0.3).forward((), x, KEY)[0]
    torch.manual_seed(0)
    theirs = functional.dropout(torch.tensor(x), 0.3).numpy()
    assert np.unique(ours) == pytest.approx(np.unique(theirs))  # 0 and 1 / (1 - 0.3)
    sd = np.sqrt(0.3 * 0.7 / x.size)
    for share in (np.mean(ours == 0), np.mean(theirs == 0)):
        assert abs(share - 0.3) < 5 * sd


def test_randomised_slopes_have_torchs_statistics():
    x = np.full((50, 10, 20, 20), -1.0)
    ours = -RReLU().forward((), x, KEY)[0]
    torch.manual_seed(0)
    theirs = -functional.rrelu(torch.tensor(x), training=True).numpy()
    width = 1 / 3 - 1 / 8
    for slopes in (ours, theirs):
        assert slopes.min() >= 1 / 8
        assert slopes.max() <= 1 / 3
        assert abs(slopes.mean() - 11 / 48) < 5 * width * np.sqrt(1 / 12 / x.size)
        assert slopes.var() == pytest.approx(width**2 / 12, rel=0.01)
