"""What every layer is: wiring without arrays; params, activity and gradients travel beside it."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.geometry import Pair, Window
from neuro_cnn.ops.normalize import at_planes
from neuro_cnn.tree import leaves

Shape: TypeAlias = tuple[int, ...]
"""Shape of one image's activity: (planes, height, width), or (units,) once flattened."""


Initial: TypeAlias = Literal["he", "lecun-1998"]
"""How weights are drawn before learning: for rectified cells (He et al. 2015) or squashed ones (LeCun et al. 1998)."""


class Params(NamedTuple):
    """A layer's arrays: `learned` ones may change by learning, `fixed` ones never do."""

    learned: Any = ()
    fixed: Any = ()


class Weights(NamedTuple):
    """Synaptic weights and bias of a linear cell: (K, ...) and (K,), or () where cells have no bias."""

    weight: Array
    bias: Array = ()


class LinearActivity(NamedTuple):
    """What a linear cell saw and did: its input, and the drive, the weighted sum with the bias, (K, ...) or (), added.

    What is not needed for learning by error is not kept but worked out when asked for: the weighted sum, `excitation`.
    """

    x: Array
    drive: Array
    bias: Array = ()

    @property
    def excitation(self) -> Array:
        """The weighted sum, to rounding errors of the bias; exactly 0 where a cell sees nothing."""
        return self.drive if isinstance(self.bias, tuple) else self.drive - at_planes(self.bias, self.drive)


class Key(NamedTuple):
    """Names one draw of a learning pass, so that a resumed run and a GPU draw the same numbers.

    `first` images of the batch come before these: who learns from a part of it draws what the whole would.
    """

    words: tuple[int, ...]
    first: int = 0

    def child(self, word: int) -> Key:
        """The key of a part, such as one layer of a chain."""
        return self._replace(words=(*self.words, word))


class Arithmetic(NamedTuple):
    """What one image costs in a layer: synapses counted at every cell, and multiply-adds."""

    connections: int
    macs: int


class Layer(Protocol):
    """How cells are wired. Weights, fixed arrays and activity travel beside it."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    kind: Any

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        """Weights before learning, in host memory; rng None gives placeholders that take no memory."""
        return Params()

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        """Shape of the response to one image; planes are read from the weights, for they may have grown."""
        return in_shape

    def fits(self, params: Params, in_shape: Shape) -> bool:
        """Whether the weights were made for this input; False once the layer below has grown."""
        return True

    def respond(self, params: Params, x: Array) -> Array:
        """The response at rest, keeping no record."""
        return self.forward(params, x)[0]

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Any]:
        """The response, and the activity behind it: (N, *in_shape) -> (N, *out_shape), Activity.

        `train` names a learning pass, in which some layers behave otherwise (dropout, batch moments); None is rest.
        """
        ...

    def backward(self, params: Params, activity: Any, dy: Array, need_input: bool = True) -> tuple[Array | None, Any]:
        """Error gradients of the input (None unless needed) and of params.learned."""
        ...

    def project(self, learned: Any) -> Any:
        """The nearest permitted weights (non-negative where synapses are excitatory or inhibitory)."""
        return learned

    def absorb(self, params: Params, activity: Any) -> Params:
        """The params with their fixed arrays brought up to date by a learning pass (running moments); no gradient."""
        return params

    def look(self, params: Params, views: Array) -> Array:
        """What the cells make of views of their input before they weigh it, (M, C, h, w): here nothing."""
        return views

    def window(self, in_shape: Shape) -> Window:
        """How a cell's view lies on the layer below, for receptive boxes."""
        return Window((1, 1))

    def sees(self, in_shape: Shape) -> Window:
        """The window with all that inhibits a cell: what reaches it comes from there."""
        return self.window(in_shape)

    def parameters(self, params: Params) -> int:
        """How many numbers can be learned."""
        return sum(leaf.size for _, leaf in leaves(params.learned))

    def unshared(self, params: Params, in_shape: Shape) -> int:
        """How many numbers there would be to learn if every place of the map had its own."""
        return self.parameters(params) * prod(self.out_shape(params, in_shape)[1:])

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        """Connections and multiply-adds for one image."""
        return Arithmetic(0, 0)


class Plastic(Layer, Protocol):
    """A layer whose weights local rules can change; its activity has `x`, `excitation` and `drive`."""

    def associate(self, params: Params, activity: Any, factor: Array) -> Array:
        """c * (G^T x), Hebb's product of the post-synaptic factor (N, K, ...) and the views: like the weights."""
        ...

    def recall(self, params: Params, factor: Array, in_shape: Shape) -> Array:
        """W^T G, every cell's value sent back over its view: (N, K, ...) -> in_shape, (N, ...)."""
        ...

    def rewire(self, params: Params, weight: Array) -> Params:
        """The params with new weights, and with what follows from the weights (inhibition) renewed."""
        ...


def places(view: Window, in_shape: Shape) -> Pair:
    """How many views a map has: (H', W'). Raises UsageError for units in a row, which have no neighbours to view."""
    if len(in_shape) != 3:
        raise UsageError(f"cells with views meet a row of {in_shape[0]} units; put them before Flatten()")
    return view.places(in_shape[1], in_shape[2])


def draw(rng: np.random.Generator | None, shape: Shape, deviation: Any) -> Array:
    """Normally distributed initial weights in single precision, or a placeholder."""
    if rng is None:
        return zeros(shape, placeholder=True)
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation)


def uniform(rng: np.random.Generator | None, shape: Shape, limit: Any) -> Array:
    """Initial weights drawn evenly between -limit and limit, which may differ from plane to plane, or a placeholder."""
    if rng is None:
        return zeros(shape, placeholder=True)
    return np.asarray(rng.uniform(-1, 1, shape) * limit, np.float32)


def drawn(initial: Initial, rng: np.random.Generator | None, shape: Shape, inputs: Any) -> Array:
    """Initial weights (K, ...) of cells with so many inputs: one number, or one a plane, (K, 1, ...)."""
    if initial == "lecun-1998":
        return uniform(rng, shape, 2.4 / np.asarray(inputs))  # LeCun et al. 1998, appendix A
    # half the variance is lost in a rectifier: 2 / fan-in keeps it (He et al. 2015, eq. 10)
    return draw(rng, shape, np.sqrt(2 / np.asarray(inputs)))


def zeros(shape: Shape, placeholder: bool = False) -> Array:
    """Zeros in single precision; a placeholder has the shape but takes no memory."""
    return np.broadcast_to(np.float32(0), shape) if placeholder else np.zeros(shape, np.float32)


def filled(shape: Shape, value: float, placeholder: bool = False) -> Array:
    """One value everywhere, in single precision; a placeholder has the shape but takes no memory."""
    return np.broadcast_to(np.float32(value), shape) if placeholder else np.full(shape, value, np.float32)


def constant(values: Any, rng: np.random.Generator | None) -> Array:
    """A fixed array in single precision (the same as placeholder or not: kernels are small)."""
    del rng
    return np.ascontiguousarray(values, dtype=np.float32)
