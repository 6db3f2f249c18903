"""Ten steps of the optimisers against PyTorch's, in double precision, and clipped gradients."""

from dataclasses import replace

import numpy as np
import pytest
from kit import difference

from neuro_cnn.optim import SGD, Adadelta, AdaGrad, Adam, AdamW, ClipNorm, ClipValue, Nesterov, RMSProp

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
OPTIM = torch.optim


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize(
    ("ours", "theirs", "how"),
    [
        (SGD(0.05, momentum=0.0), OPTIM.SGD, {"lr": 0.05}),
        (SGD(0.05, momentum=0.9), OPTIM.SGD, {"lr": 0.05, "momentum": 0.9}),
        (Nesterov(0.05, momentum=0.9), OPTIM.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
        (AdaGrad(0.1), OPTIM.Adagrad, {"lr": 0.1}),
        (Adadelta(), OPTIM.Adadelta, {"rho": 0.95}),
        (RMSProp(0.01, rho=0.9), OPTIM.RMSprop, {"lr": 0.01, "alpha": 0.9}),
        (Adam(0.01), OPTIM.Adam, {"lr": 0.01}),
        (AdamW(0.01), OPTIM.AdamW, {"lr": 0.01}),
    ],
)
def test_ten_steps_are_torchs(ours, theirs, how, decay):
    rng = np.random.default_rng(0)
    ours = replace(ours, decay=decay)
    weights = rng.standard_normal((4, 3))
    tw = torch.tensor(weights, requires_grad=True)
    optimizer, state = theirs([tw], **how, weight_decay=decay), ours.start(weights)
    for step in range(10):
        gradient = rng.standard_normal((4, 3))
        tw.grad = torch.tensor(gradient)
        optimizer.step()
        weights, state = ours.step(weights, gradient, state, step, 10)
        assert difference(weights, tw.detach().numpy()) < 1e-10


@pytest.mark.parametrize("limit", [0.1, 1.0, 100.0])
def test_gradients_are_clipped_as_torch_does(limit):
    rng = np.random.default_rng(0)
    gradient = {"A": rng.standard_normal((4, 3)), "B": rng.standard_normal(5)}
    for ours, theirs in (
        (ClipNorm(limit), torch.nn.utils.clip_grad_norm_),
        (ClipValue(limit), torch.nn.utils.clip_grad_value_),
    ):
        tensors = {name: torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for name, g in gradient.items()}
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(gradient[name])
        theirs(tensors.values(), limit)
        for name, clipped in ours(gradient).items():
            assert difference(clipped, tensors[name].grad.numpy()) < 1e-10
