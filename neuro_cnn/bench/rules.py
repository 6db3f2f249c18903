"""What local learning costs: a layer's response, the competition, and the update of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.bench.base import Precision, Work, pytorch
from neuro_cnn.bench.maps import formats, left, signals, weights
from neuro_cnn.bench.timing import Race


@dataclass(frozen=True)
class SoftHebbLayer(Race):
    """One batch learned by SoftHebb, weights kept at norm 1."""

    planes_in: int
    planes: int
    size: int
    side: int
    batch: int
    rate: float = 0.1
    temperature: float = 1.0

    def _arrays(self) -> tuple[Array, Array]:
        """Images and unit-norm weights. No view is blank, so that PyTorch need not look for blank ones."""
        weight = weights(self.planes, self.planes_in, self.size, self.size)
        norm = np.sqrt(np.sum(weight * weight, axis=(1, 2, 3), keepdims=True))
        return signals(self.batch, self.planes_in, self.side, self.side), weight / norm

    def ours(self) -> Work:
        from neuro_cnn.layers import Conv, Params
        from neuro_cnn.layers.base import Weights
        from neuro_cnn.rules import Hebbian, SoftHebb, SoftWTA, UnitNorm

        x, weight = self._arrays()
        if self.planes_in > 1:  # as the layer below leaves it
            x = left(x)
        rng = np.random.default_rng(0)
        layer = Conv(self.planes, self.size, pad=self.size // 2, bias=False)
        rule = Hebbian(self.rate, SoftWTA(self.temperature), SoftHebb(), (UnitNorm(),))
        params, state = rule.start(layer, Params(Weights(weight)), x, rng, 1)

        def update() -> Array:
            _, activity = layer.forward(params, x)
            return rule.update(layer, params, state, activity, (), rng)[0].learned.weight

        return update

    def torch(self, precision: Precision) -> dict[str, Work]:
        torch = pytorch()
        return {name: self._torch(torch, *each) for name, each in formats(torch, precision, *self._arrays()).items()}

    def _torch(self, torch: Any, x: Any, weight: Any) -> Work:
        pad, places = self.size // 2, (0, 2, 3)

        def update() -> Any:
            with torch.inference_mode():
                u = torch.nn.functional.conv2d(x, weight, padding=pad)
                g = torch.softmax(u / self.temperature, dim=1)
                winner = u.argmax(dim=1, keepdim=True)
                y = (-g).scatter_(1, winner, g.gather(1, winner))
                product = torch.nn.grad.conv2d_weight(x, weight.shape, y, padding=pad)
                step = product - (y * u).sum(places)[:, None, None, None] * weight
                chances = g.sum(places)
                chances = torch.maximum(chances, chances.sum() / self.planes)  # far above any single cell's
                moved = weight + self.rate * step / chances[:, None, None, None]
                return moved / moved.flatten(1).norm(dim=1)[:, None, None, None]

        return update
