"""LeNet-5 of 1998, forward and all gradients, and its criterion, against PyTorch in double precision."""

import numpy as np
import pytest
from kit import difference, double

from neuro_cnn.layers.rbf import codes
from neuro_cnn.losses import MAP
from neuro_cnn.models import build
from neuro_cnn.models.lenet5_1998 import TABLES
from neuro_cnn.tree import leaves, tree_map

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
functional = torch.nn.functional

DIGIT = (1, 28, 28)


def squash(x):
    return 1.7159 * torch.tanh(2 / 3 * x)


def subsample(x, weight, bias):
    total = functional.avg_pool2d(x, 2, divisor_override=1)
    return total * weight[:, None, None] + bias[:, None, None]


def criterion(penalties, labels, j=10.0):
    """LeCun et al. 1998, eq. (9)."""
    right = penalties[torch.arange(len(labels)), labels]
    rubbish = torch.full((len(labels), 1), j, dtype=penalties.dtype)
    return (right + torch.logsumexp(-torch.cat([penalties, rubbish], dim=1), dim=1)).mean()


def lenet(x, t, table):
    """Penalties of the ten classes; each plane of C3 is a convolution of its own over the planes that it sees."""
    y = 1.275 * functional.pad(x, (2, 2, 2, 2)) - 0.1
    y = squash(functional.conv2d(y, t["C1.weight"], t["C1.bias"]))
    y = squash(subsample(y, t["S2.weight"], t["S2.bias"]))
    planes = [
        functional.conv2d(y[:, list(row)], t["C3.weight"][k : k + 1, list(row)], t["C3.bias"][k : k + 1])
        for k, row in enumerate(table)
    ]
    y = squash(torch.cat(planes, dim=1))
    y = squash(subsample(y, t["S4.weight"], t["S4.bias"]))
    y = squash(functional.conv2d(y, t["C5.weight"], t["C5.bias"])).flatten(1)
    y = squash(functional.linear(y, t["F6.weight"], t["F6.bias"]))
    return ((y[:, None, :] - torch.tensor(codes(10)).double()) ** 2).sum(dim=2)


@pytest.mark.parametrize("table", TABLES)
def test_lenet5_of_1998_gives_torchs_penalties_loss_and_gradients(table):
    net, _ = build("lenet5-1998", DIGIT, 10, table=table)
    rng = np.random.default_rng(0)
    params = double(net.init(DIGIT, 0))
    params = {
        name: layer._replace(learned=tree_map(lambda w: w + 0.1 * rng.standard_normal(w.shape), layer.learned))
        for name, layer in params.items()
    }  # far from where learning begins, so that cells are squashed and biases are not 0
    x, labels = rng.random((5, *DIGIT)), np.arange(5)
    scores, activity = net.forward(params, x)
    j = float(-np.median(scores))  # where it matters
    loss, error = MAP(j)(scores, labels)
    dx, gradients = net.backward(params, activity, error)

    t = {name: torch.tensor(w, requires_grad=True) for name, w in leaves({n: p.learned for n, p in params.items()})}
    tx = torch.tensor(x, requires_grad=True)
    penalties = lenet(tx, t, TABLES[table])
    tloss = criterion(penalties, torch.tensor(labels), j)
    tloss.backward()

    assert difference(scores, -penalties.detach().numpy()) < 1e-10
    assert float(loss) == pytest.approx(tloss.item(), rel=1e-10)
    assert difference(dx, tx.grad.numpy()) < 1e-10
    found = dict(leaves(gradients))
    assert found.keys() == t.keys()
    for name, gradient in found.items():
        assert difference(gradient, t[name].grad.numpy()) < 1e-10, name


@pytest.mark.parametrize(("precision", "most"), [(np.float32, 1e-5), (np.float64, 1e-10)])
@pytest.mark.parametrize("j", [0.5, 10.0])
def test_map_and_its_gradient_are_what_torch_makes_of_equation_9(precision, most, j):
    rng = np.random.default_rng(0)
    scores, labels = (-20 * rng.random((9, 6))).astype(precision), np.arange(9) % 6
    ts = torch.tensor(scores, requires_grad=True)
    tloss = criterion(-ts, torch.tensor(labels), j)
    tloss.backward()
    loss, gradient = MAP(j)(scores, labels)
    assert float(loss) == pytest.approx(tloss.item(), rel=most)
    assert difference(gradient, ts.grad.numpy()) < most
