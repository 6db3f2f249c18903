"""What C-cells do: the largest value of each view and which cell had it, and errors sent back to that cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neuro_cnn import ops
from neuro_cnn.bench.base import Precision, Work, pytorch
from neuro_cnn.bench.maps import errors, formats, left, signals
from neuro_cnn.bench.timing import Race


@dataclass(frozen=True)
class _MaxPool(Race):
    """C-cells over maps of `planes` x `side` x `side`."""

    planes: int
    side: int
    batch: int
    size: int
    stride: int
    pad: int = 0

    @property
    def _how(self) -> tuple[int, int, int]:
        return self.size, self.stride, self.pad

    def _shape(self) -> tuple[int, int, int, int]:
        return self.batch, self.planes, self.side, self.side


@dataclass(frozen=True)
class MaxPool(_MaxPool):
    """Maxima and winners. The maxima are compared; winners are numbered differently."""

    def ours(self) -> Work:
        x = left(signals(*self._shape()))
        return self._first(lambda: ops.max_pool(x, *self._how))

    def torch(self, precision: Precision) -> dict[str, Work]:
        torch = pytorch()
        each = formats(torch, precision, signals(*self._shape()))
        return {name: self._first(self._torch(torch, x)) for name, (x,) in each.items()}

    def _torch(self, torch: Any, x: Any) -> Work:
        def pool() -> Any:
            with torch.inference_mode():
                return torch.nn.functional.max_pool2d(x, *self._how, return_indices=True)

        return pool

    def _first(self, both: Work) -> Work:
        return lambda: both()[0]


@dataclass(frozen=True)
class MaxPoolBackward(_MaxPool):
    """Each error sent back to the cell that won; where views overlap a cell may win several."""

    def ours(self) -> Work:
        y, winners = ops.max_pool(left(signals(*self._shape())), *self._how)
        dy, shape = left(errors(*y.shape)), self._shape()
        return lambda: ops.max_pool_adjoint(dy, winners, shape, *self._how)

    def torch(self, precision: Precision) -> dict[str, Work]:
        torch = pytorch()
        x = signals(*self._shape())
        dy = errors(*ops.maximum(x, *self._how).shape)
        return {name: self._torch(torch, *each) for name, each in formats(torch, precision, x, dy).items()}

    def _torch(self, torch: Any, x: Any, dy: Any) -> Work:
        _, winners = torch.nn.functional.max_pool2d(x, *self._how, return_indices=True)
        how = (*(2 * [number] for number in self._how), [1, 1], False)

        def spread() -> Any:
            with torch.inference_mode():
                return torch.ops.aten.max_pool2d_with_indices_backward(dy, x, *how, winners)

        return spread
