"""View-tuned cells: each answers the more, the closer its view is to a remembered one, at every scale alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant, draw, places
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.ops.geometry import Pad, Window, window
from neuro_cnn.ops.normalize import at_planes, norms, over_planes, sum_positions


class Remembered(NamedTuple):
    """The prototypes, (K, C, h, w), of which only each one's own view counts."""

    weight: Array


class Views(NamedTuple):
    """Where in the largest view that of each size lies: ones and zeros, (sizes, 1, h, w)."""

    mask: Array


class PrototypeActivity(NamedTuple):
    """The input of all bands, (bands N, C, H, W), and the response to it, (bands N, K, H', W')."""

    x: Array
    response: Array


@dataclass(frozen=True)
class Prototypes(Layer):
    """Cells tuned to remembered views of every band of scales: (N, C bands, H, W) -> (N, K bands, H', W').

    u = exp(-d / 2 sigma^2), where d is the mean squared difference from the prototype. The input planes are ordered by
    feature and within it by band, the response by prototype and within it by band; every band is compared with the
    same prototypes. There are `planes` of each of the `sizes`, which lie in the middle of the largest view. Gaussian
    tuning is that of Serre et al. (2007), where d is the sum; with the mean, sizes share one sigma, as by the factor of
    Mutch & Lowe (2008; recalled, to be checked against the paper).
    """

    planes: int
    sizes: tuple[int, ...]
    bands: int = 1
    pad: Pad = 0
    sigma: float = 0.1
    kind: Literal["prototypes"] = "prototypes"

    def __post_init__(self) -> None:
        at_least_one("planes", self.planes)
        at_least_one("bands", self.bands)
        if not self.sizes or min(self.sizes) < 1 or len({size % 2 for size in self.sizes}) > 1:
            raise UsageError(f"prototypes of sizes {self.sizes}; give sizes of at least 1, all odd or all even")
        if not self.sigma > 0:
            raise UsageError(f"tuning of width sigma = {self.sigma}; it must be positive")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if in_shape[0] % self.bands:
            raise UsageError(f"{self.bands} bands do not divide {in_shape[0]} planes; choose a divisor")
        most = max(self.sizes)
        mask = np.zeros((len(self.sizes), 1, most, most))
        for number, size in enumerate(self.sizes):
            inside = slice((most - size) // 2, (most + size) // 2)
            mask[number, 0, inside, inside] = 1
        weight = draw(rng, (self.planes * len(self.sizes), in_shape[0] // self.bands, most, most), 0.25)
        params = Params(Remembered(weight), Views(constant(mask, rng)))
        return params if rng is None else self.rewire(params, np.abs(weight))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (params.learned.weight.shape[0] * self.bands, *places(self.window(in_shape), in_shape))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.weight.shape[1] * self.bands == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, PrototypeActivity]:
        xp = namespace(x)
        x, weight = self.folded(x), self._masked(params, params.learned.weight)
        scale = self._scale(weight)
        square = xp.sum(x * x, axis=1, keepdims=True)
        energy = ops.correlate(square, params.fixed.mask, 1, self.pad)  # (bands N, sizes, H', W')
        own = at_planes(scale * norms(weight) ** 2, energy)
        # |X - P|^2 = |X|^2 - 2 X P + |P|^2, scaled and negative
        drive = ops.correlate(x, over_planes(2 * scale, weight) * weight, 1, self.pad)
        for size in range(len(self.sizes)):
            mine = self._of(size)
            drive[:, mine, ...] -= scale[mine.start] * energy[:, size : size + 1, ...] + own[:, mine, ...]
        response = xp.exp(xp.minimum(drive, xp.zeros((), dtype=drive.dtype)))
        return self._unfolded(response), PrototypeActivity(x, response)

    def backward(
        self, params: Params, activity: PrototypeActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Remembered]:
        xp = namespace(dy)
        x, response = activity
        weight, mask = self._masked(params, params.learned.weight), params.fixed.mask
        # each position's gradient in half the summed squared difference
        pull = self.folded(dy) * response * at_planes(-2 * self._scale(weight), dy)
        views = ops.correlate_weight_adjoint(x, pull, weight.shape, 1, self.pad)
        gradient = over_planes(sum_positions(pull), weight) * weight - self._masked(params, views)
        if not need_input:
            return None, Remembered(gradient)
        of_size = xp.stack([xp.sum(pull[:, self._of(size), ...], axis=1) for size in range(len(self.sizes))], axis=1)
        dx = x * ops.correlate_input_adjoint(of_size, mask, (x.shape[0], 1, *x.shape[2:]), 1, self.pad)
        dx = dx - ops.correlate_input_adjoint(pull, weight, x.shape, 1, self.pad)
        return self._unfolded(dx), Remembered(gradient)

    def rewire(self, params: Params, weight: Array) -> Params:
        """The params with new prototypes, each cut to its own view."""
        return params._replace(learned=Remembered(self._masked(params, weight)))

    def window(self, in_shape: Shape) -> Window:
        return window(max(self.sizes), 1, self.pad)

    def parameters(self, params: Params) -> int:
        return int(self.planes * params.learned.weight.shape[1] * sum(side * side for side in self.sizes))

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        _, height, width = self.out_shape(params, in_shape)
        cells = self.bands * height * width
        return Arithmetic(self.parameters(params) * cells, params.learned.weight.size * cells)

    def folded(self, x: Array) -> Array:
        """Every band as an image of its own: (N, C bands, H, W) -> (bands N, C, H, W)."""
        return namespace(x).concat([x[:, band :: self.bands, ...] for band in range(self.bands)])

    def _unfolded(self, x: Array) -> Array:
        """The inverse of `folded`."""
        xp = namespace(x)
        parts = xp.reshape(x, (self.bands, x.shape[0] // self.bands, *x.shape[1:]))
        planes = xp.permute_dims(parts, (1, 2, 0, 3, 4))
        return xp.reshape(planes, (planes.shape[0], planes.shape[1] * self.bands, *planes.shape[3:]))

    def _masked(self, params: Params, weight: Array) -> Array:
        """Weights like the prototypes', 0 outside the view of each."""
        xp = namespace(weight)
        return xp.concat(
            [weight[self._of(size), ...] * params.fixed.mask[size, ...] for size in range(len(self.sizes))]
        )

    def _of(self, size: int) -> slice:
        """The planes of a size, by its number."""
        return slice(size * self.planes, (size + 1) * self.planes)

    def _scale(self, weight: Array) -> Array:
        """1 / (2 sigma^2 inputs) of each prototype: (K,)."""
        inputs = [side * side * weight.shape[1] for side in self.sizes for _ in range(self.planes)]
        return 1 / (2 * self.sigma**2 * namespace(weight).asarray(inputs, dtype=weight.dtype))
