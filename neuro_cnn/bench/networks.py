"""LeNet-5: a step of learning, and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.bench.base import Precision, Work, pytorch
from neuro_cnn.bench.maps import formats
from neuro_cnn.bench.timing import Race
from neuro_cnn.exchange import to_torch
from neuro_cnn.layers import Params
from neuro_cnn.losses import CrossEntropy
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam

RATE = 0.002
"""That of `lenet5`."""
EPSILON = 1e-3
"""Of Adam, far above its usual 1e-8, under which the first step of a weight hangs on the sign of its gradient alone:
where that is next to nothing, on rounding, and results could not be compared. It costs the same."""

Tensors: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class _LeNet5(Race):
    """The network of `lenet5` on the first `batch` digits, with weights as they begin."""

    batch: int

    def _network(self) -> tuple[Chain, dict[str, Params]]:
        net, _ = build("lenet5", in_shape=(1, 28, 28), classes=10)
        return net, net.init((1, 28, 28), 0)

    def _digits(self) -> tuple[Array, Any]:
        from neuro_cnn.data import load

        digits = load("digits").train
        return np.ascontiguousarray(digits.images[: self.batch]), digits.labels[: self.batch]

    def _tensors(self, torch: Any, precision: Precision) -> dict[str, tuple[Any, Tensors]]:
        """Images and weights in both of PyTorch's formats, the weights under PyTorch's names."""
        arrays = to_torch(*self._network(), "lenet5")
        each = formats(torch, precision, self._digits()[0], *arrays.values())
        return {name: (x, dict(zip(arrays, tensors, strict=True))) for name, (x, *tensors) in each.items()}


def scores(torch: Any, w: Tensors, x: Any) -> Any:
    """LeNet-5 in PyTorch: (N, 1, 28, 28) -> (N, 10)."""
    f = torch.nn.functional
    x = f.max_pool2d(f.conv2d(x, w["conv1.weight"], w["conv1.bias"], padding=2).relu_(), 2)
    x = f.max_pool2d(f.conv2d(x, w["conv2.weight"], w["conv2.bias"]).relu_(), 2).flatten(1)
    x = f.linear(x, w["fc1.weight"], w["fc1.bias"]).relu_()
    x = f.linear(x, w["fc2.weight"], w["fc2.bias"]).relu_()
    return f.linear(x, w["fc3.weight"], w["fc3.bias"])


@dataclass(frozen=True)
class LeNet5Answers(_LeNet5):
    """Scores of a batch, at rest."""

    def ours(self) -> Work:
        net, params = self._network()
        x, _ = self._digits()
        return lambda: net.respond(params, x)

    def torch(self, precision: Precision) -> dict[str, Work]:
        torch = pytorch()
        return {name: self._torch(torch, x, w) for name, (x, w) in self._tensors(torch, precision).items()}

    def _torch(self, torch: Any, x: Any, w: Tensors) -> Work:
        def answer() -> Any:
            with torch.inference_mode():
                return scores(torch, w, x)

        return answer


@dataclass(frozen=True)
class LeNet5Step(_LeNet5):
    """Loss, gradients and one step of Adam; the weights move on from step to step. Loss and weights are compared.

    Biases begin at .1: from 0 they would be Adam's first step alone, which divides a gradient by its own size, so that
    the rounding of the smallest gradients, and nothing else, would be compared.
    """

    def _network(self) -> tuple[Chain, dict[str, Params]]:
        net, params = super()._network()
        for name, each in params.items():
            if not isinstance(bias := getattr(each.learned, "bias", ()), tuple):
                params[name] = each._replace(learned=each.learned._replace(bias=bias + np.float32(0.1)))
        return net, params

    def ours(self) -> Work:
        net, params = self._network()
        x, labels = self._digits()
        loss, adam = CrossEntropy(), Adam(RATE, epsilon=EPSILON)
        state, number = adam.start({name: each.learned for name, each in params.items()}), 0

        def step() -> tuple[Array, dict[str, Params]]:
            nonlocal params, state, number
            answers, activity = net.forward(params, x)
            value, error = loss(answers, labels)
            _, gradients = net.backward(params, activity, error, need_input=False)
            weights = {name: each.learned for name, each in params.items()}
            weights, state = adam.step(weights, gradients, state, number, 1)
            params = {name: each._replace(learned=weights[name]) for name, each in params.items()}
            number += 1
            return value, params

        return step

    def told(self, result: Any) -> tuple[Array, list[Any]]:
        value, params = result
        return value, list(to_torch(self._network()[0], params, "lenet5").values())

    def torch(self, precision: Precision) -> dict[str, Work]:
        torch = pytorch()
        return {
            f"{name}, {adam} Adam": self._torch(torch, x, w, adam)
            for adam in ("foreach", "fused")
            for name, (x, w) in self._tensors(torch, precision).items()
        }

    def _torch(self, torch: Any, x: Any, w: Tensors, adam: str) -> Work:
        labels = torch.from_numpy(np.asarray(self._digits()[1], np.int64))
        weights = list(w.values())
        for each in weights:
            each.requires_grad_()
        optimizer = torch.optim.Adam(weights, RATE, eps=EPSILON, **{adam: True})

        def step() -> Any:
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(scores(torch, w, x), labels)
            loss.backward()
            optimizer.step()
            return loss.detach(), [each.detach() for each in weights]

        return step
