"""What S-cells do: excitation, held down by the root mean square of what the cell sees, above a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.bench.base import Precision, Work, pytorch
from neuro_cnn.bench.maps import formats, left, signals
from neuro_cnn.bench.timing import Race
from neuro_cnn.layers import Params, SCells, Shunting


@dataclass(frozen=True)
class SLayer(Race):
    """Responses of S-cells with shunting inhibition, at rest."""

    planes_in: int
    planes: int
    size: int
    side: int
    batch: int
    r: float = 4.0

    def _cells(self) -> tuple[SCells, Params, Array]:
        """Cells whose inhibition is half of what selectivity asks for, and what they see.

        With all of it random cells would hardly answer, and rounding would be all that is compared.
        """
        layer = SCells(self.planes, self.size, pad=self.size // 2, response=Shunting(self.r), initial_inhibition=0.5)
        params = layer.init((self.planes_in, self.side, self.side), np.random.default_rng(0))
        return layer, params, signals(self.batch, self.planes_in, self.side, self.side)

    def ours(self) -> Work:
        layer, params, x = self._cells()
        if self.planes_in > 1:  # as the layer below leaves it
            x = left(x)
        return lambda: layer.respond(params, x)

    def torch(self, precision: Precision) -> dict[str, Work]:
        torch = pytorch()
        _, params, x = self._cells()
        arrays = (x, params.learned.weight, params.learned.inhibition, params.fixed.surround[:, :1])
        return {name: self._torch(torch, *each) for name, each in formats(torch, precision, *arrays).items()}

    def _torch(self, torch: Any, x: Any, a: Any, b: Any, c: Any) -> Work:
        conv2d, pad = torch.nn.functional.conv2d, self.size // 2
        weight = 2 * self.r / (1 + self.r) * b[:, None, None]

        def respond() -> Any:
            with torch.inference_mode():
                e = conv2d(x, a, padding=pad)
                v = conv2d((x * x).sum(1, keepdim=True), c, padding=pad).sqrt_()
                held = (weight * v).add_(1)
                return e.add_(1).div_(held).sub_(1).mul_(self.r).relu_()  # Fukushima 1980, eq. (1)

        return respond
