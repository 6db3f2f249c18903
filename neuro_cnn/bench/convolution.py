"""Convolution, its two adjoints, and dense units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from neuro_cnn import ops
from neuro_cnn.backend import Array
from neuro_cnn.bench.base import Precision, Work, pytorch
from neuro_cnn.bench.maps import errors, formats, left, signals, weights
from neuro_cnn.bench.timing import Race


class Sizes(NamedTuple):
    """A layer that shares weights. A `first` one sees images, which lie one after another in memory."""

    planes_in: int
    planes: int
    size: int
    side: int
    batch: int
    stride: int = 1
    pad: int = 0
    first: bool = False

    def x(self) -> Array:
        """What it sees, as it lies: (N, C, H, W)."""
        x = signals(self.batch, self.planes_in, self.side, self.side)
        return x if self.first else left(x)

    def weight(self) -> Array:
        """Its weights: (K, C, h, h)."""
        return weights(self.planes, self.planes_in, self.size, self.size)

    def dy(self) -> Array:
        """The error gradient of its responses: (N, K, H', W')."""
        side = (self.side + 2 * self.pad - self.size) // self.stride + 1
        return left(errors(self.batch, self.planes, side, side))


@dataclass(frozen=True)
class Forward(Race):
    """Responses to a batch."""

    of: Sizes

    def ours(self) -> Work:
        x, weight = self.of.x(), self.of.weight()
        return lambda: ops.correlate(x, weight, self.of.stride, self.of.pad)

    def torch(self, precision: Precision) -> dict[str, Work]:
        torch = pytorch()
        each = formats(torch, precision, self.of.x(), self.of.weight())
        return {name: self._torch(torch, *arrays) for name, arrays in each.items()}

    def _torch(self, torch: Any, x: Any, weight: Any) -> Work:
        def respond() -> Any:
            with torch.inference_mode():
                return torch.nn.functional.conv2d(x, weight, None, self.of.stride, self.of.pad)

        return respond


@dataclass(frozen=True)
class InputAdjoint(Race):
    """Errors sent back to the layer below."""

    of: Sizes

    def ours(self) -> Work:
        dy, weight, shape = self.of.dy(), self.of.weight(), self.of.x().shape
        return lambda: ops.correlate_input_adjoint(dy, weight, shape, self.of.stride, self.of.pad)

    def torch(self, precision: Precision) -> dict[str, Work]:
        return backward(self.of, 0, precision)


@dataclass(frozen=True)
class WeightAdjoint(Race):
    """The weights' gradient, or Hebb's product."""

    of: Sizes

    def ours(self) -> Work:
        x, dy, shape = self.of.x(), self.of.dy(), self.of.weight().shape
        return lambda: ops.correlate_weight_adjoint(x, dy, shape, self.of.stride, self.of.pad)

    def torch(self, precision: Precision) -> dict[str, Work]:
        return backward(self.of, 1, precision)


def backward(of: Sizes, place: int, precision: Precision) -> dict[str, Work]:
    """PyTorch's gradient of the input (place 0) or of the weights (1), by the function that its autograd calls."""
    torch = pytorch()
    both = (2 * [of.stride], 2 * [of.pad], [1, 1], False, [0, 0], 1, [place == 0, place == 1, False])

    def work(dy: Any, x: Any, weight: Any) -> Work:
        def adjoint() -> Any:
            with torch.inference_mode():
                return torch.ops.aten.convolution_backward(dy, x, weight, None, *both)[place]

        return adjoint

    return {name: work(*each) for name, each in formats(torch, precision, of.dy(), of.x(), of.weight()).items()}


@dataclass(frozen=True)
class _Dense(Race):
    """Units that see all of a map of `planes` x `side` x `side`."""

    planes: int
    side: int
    units: int
    batch: int

    def _arrays(self) -> tuple[Array, Array, Array, Array]:
        """What they see, as `Flatten` leaves it, weights, bias, and the error gradient of their responses."""
        from neuro_cnn.layers import Flatten, Params

        x, _ = Flatten().forward(Params(), left(signals(self.batch, self.planes, self.side, self.side)))
        return x, weights(self.units, x.shape[1]), errors(self.units), errors(self.batch, self.units)


@dataclass(frozen=True)
class DenseForward(_Dense):
    """Responses of dense units."""

    def ours(self) -> Work:
        from neuro_cnn.layers import Dense, Params
        from neuro_cnn.layers.base import Weights

        x, weight, bias, _ = self._arrays()
        layer, params = Dense(self.units), Params(Weights(weight, bias))
        return lambda: layer.respond(params, x)

    def torch(self, precision: Precision) -> dict[str, Work]:
        torch = pytorch()
        x, weight, bias, _ = formats(torch, precision, *self._arrays())["contiguous"]

        def respond() -> Any:
            with torch.inference_mode():
                return torch.nn.functional.linear(x, weight, bias)

        return {"contiguous": respond}


@dataclass(frozen=True)
class DenseBackward(_Dense):
    """Gradients of the input, the weights and the bias of dense units."""

    def ours(self) -> Work:
        from neuro_cnn.layers import Dense, Params
        from neuro_cnn.layers.base import Weights

        x, weight, bias, dy = self._arrays()
        layer, params = Dense(self.units), Params(Weights(weight, bias))
        _, activity = layer.forward(params, x)
        return lambda: layer.backward(params, activity, dy)

    def torch(self, precision: Precision) -> dict[str, Work]:
        torch = pytorch()
        x, weight, _, dy = formats(torch, precision, *self._arrays())["contiguous"]

        def backward() -> Any:
            with torch.inference_mode():
                return dy @ weight, (dy.t() @ x, dy.sum(0))

        return {"contiguous": backward}
