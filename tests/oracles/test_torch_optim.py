"""Ten steps of the optimisers against PyTorch's, in double precision."""

import numpy as np
import pytest
from kit import difference

from neuro_cnn.optim import SGD, Adam

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SGD(0.05, momentum=0.9, decay=1e-2), lambda w: torch.optim.SGD(w, 0.05, momentum=0.9, weight_decay=1e-2)),
        (SGD(0.05, momentum=0.0), lambda w: torch.optim.SGD(w, 0.05)),
        (Adam(0.01), lambda w: torch.optim.Adam(w, 0.01)),
    ],
)
def test_ten_steps_are_torchs(ours, theirs):
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((4, 3))
    tw = torch.tensor(weights, requires_grad=True)
    optimizer, state = theirs([tw]), ours.start(weights)
    for step in range(10):
        gradient = rng.standard_normal((4, 3))
        tw.grad = torch.tensor(gradient)
        optimizer.step()
        weights, state = ours.step(weights, gradient, state, step, 10)
        assert difference(weights, tw.detach().numpy()) < 1e-10
