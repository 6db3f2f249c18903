"""Networks: layers in a row, and layers that are networks themselves: side by side, or around a shortcut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from pydantic import Field

from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError, unknown
from neuro_cnn.layers import AnyLayer, Key, Layer, Params, Shape
from neuro_cnn.layers.base import Arithmetic
from neuro_cnn.ops.geometry import side_by_side
from neuro_cnn.streams import generator
from neuro_cnn.tree import leaves


@dataclass(frozen=True)
class Chain:
    """Named layers, each fed by the one before. Params and activity are dicts by the layers' names."""

    layers: tuple[tuple[str, Annotated[AnyPart, Field(discriminator="kind")]], ...]
    kind: Literal["chain"] = "chain"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        names = [name for name, _ in self.layers]
        if not names:
            raise UsageError("a network without layers; give it at least one")
        for name in names:
            if names.count(name) > 1 or not name.isidentifier():
                raise UsageError(f"layer name {name!r}; names must be different words of letters and digits")

    @property
    def names(self) -> tuple[str, ...]:
        """The layers' names, from the input up."""
        return tuple(name for name, _ in self.layers)

    def __getitem__(self, name: str) -> AnyPart:
        """The wiring of one layer. Raises UsageError for a name that is not there."""
        for mine, layer in self.layers:
            if mine == name:
                return layer
        raise unknown("layer", name, self.names)

    def part(self, start: str | None = None, stop: str | None = None) -> tuple[tuple[str, AnyPart], ...]:
        """The layers from `start` up to but without `stop`."""
        first = 0 if start is None else self._place(start)
        last = len(self.layers) if stop is None else self._place(stop)
        return self.layers[first:last]

    def _place(self, name: str) -> int:
        self[name]  # an unknown name is refused here
        return self.names.index(name)

    def init(self, in_shape: Shape, seed: int | None) -> dict[str, Params]:
        """Weights before learning, each layer from its own stream; seed None gives placeholders without memory.

        Raises UsageError, naming the layer, when a view does not fit its map.
        """
        return self.drawn(in_shape, lambda name: None if seed is None else generator(seed, "init", name))

    def drawn(self, in_shape: Shape, stream: Callable[[str], np.random.Generator | None]) -> dict[str, Params]:
        """Weights before learning, each layer from the stream of its name."""
        params: dict[str, Params] = {}
        for name, layer in self.layers:
            with _naming(name):
                params[name] = layer.init(in_shape, stream(name))
                in_shape = layer.out_shape(params[name], in_shape)
        return params

    def shapes(self, params: dict[str, Params], in_shape: Shape) -> dict[str, Shape]:
        """The shape of each layer's response to one image. Raises UsageError, naming the layer, as `init` does."""
        shapes = {}
        for name, layer in self.layers:
            with _naming(name):
                in_shape = shapes[name] = layer.out_shape(params[name], in_shape)
        return shapes

    def each(
        self, params: dict[str, Params], in_shape: Shape, prefix: str = ""
    ) -> Iterator[tuple[str, AnyPart, Shape]]:
        """Every layer with its name and the shape that it sees; those within a block after it, named block.layer."""
        for name, layer in self.layers:
            yield prefix + name, layer, in_shape
            if isinstance(layer, Residual | Branches):
                for path, inner in layer.inner(params[name]):
                    yield from path.each(inner, in_shape, f"{prefix}{name}.")
            in_shape = layer.out_shape(params[name], in_shape)

    def respond(self, params: dict[str, Params], x: Array, start: str | None = None, stop: str | None = None) -> Array:
        """The response at rest of the layers from `start` up to but without `stop`; no record is kept."""
        for name, layer in self.part(start, stop):
            x = layer.respond(params[name], x)
        return x

    def forward(
        self,
        params: dict[str, Params],
        x: Array,
        train: Key | None = None,
        start: str | None = None,
        learners: tuple[str, ...] | None = None,
    ) -> tuple[Array, dict[str, Any]]:
        """The response, and every layer's activity by name; in a learning pass all but the `learners` are at rest."""
        activity: dict[str, Any] = {}
        for name, layer in self.part(start):
            rests = learners is not None and name not in learners
            key = None if train is None or rests else train.child(self.names.index(name))
            x, activity[name] = layer.forward(params[name], x, key)
        return x, activity

    def backward(
        self, params: dict[str, Params], activity: dict[str, Any], dy: Array, need_input: bool = True
    ) -> tuple[Array | None, dict[str, Any]]:
        """Error gradients of the input of the lowest layer in `activity`, and of every layer's learned weights."""
        gradients: dict[str, Any] = {}
        error: Array | None = dy
        part = self.part(next(iter(activity)))
        learning = [number for number, (name, _) in enumerate(part) if any(leaves(params[name].learned))]
        lowest = 0 if need_input else min(learning, default=len(part))  # below it nobody asks for the error
        for number, (name, layer) in reversed(list(enumerate(part))):
            if number < lowest:
                gradients[name] = params[name].learned  # without a leaf
            else:
                wanted = need_input or number > lowest
                error, gradients[name] = layer.backward(params[name], activity[name], error, wanted)
        return error if need_input else None, gradients


class BlockActivity(NamedTuple):
    """What layers on parallel paths did: the planes of each path's response, and each path's activity by name."""

    planes: tuple[int, ...]
    paths: tuple[dict[str, Any], ...]


class Block(Layer, Protocol):
    """A layer that is several chains over the same input. Its params are its layers', by name: all names differ."""

    def chains(self) -> tuple[Chain, ...]:
        """The paths, in their order."""
        ...

    def __post_init__(self) -> None:
        names = [name for path in self.chains() for name in path.names]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"layer name {name!r} on two paths of a {self.kind} block; names must differ")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        made: dict[str, Params] = {}
        for path in self.chains():
            made |= path.drawn(in_shape, lambda name: rng)  # one after the other from the block's own stream
        params = Params(*({name: part[side] for name, part in made.items()} for side in (0, 1)))
        self.out_shape(params, in_shape)  # paths that do not meet are refused here
        return params

    def fits(self, params: Params, in_shape: Shape) -> bool:
        for path, inner in self.inner(params):
            shape = in_shape
            for name, layer in path.layers:
                if not layer.fits(inner[name], shape):
                    return False
                shape = layer.out_shape(inner[name], shape)
        return True

    def project(self, learned: Any) -> Any:
        return {name: layer.project(learned[name]) for path in self.chains() for name, layer in path.layers}

    def absorb(self, params: Params, activity: Any) -> Params:
        fixed = dict(params.fixed)
        for (path, inner), seen in zip(self.inner(params), activity.paths, strict=True):
            for name, layer in path.layers:
                fixed[name] = layer.absorb(inner[name], seen[name]).fixed
        return params._replace(fixed=fixed)

    def parameters(self, params: Params) -> int:
        return sum(layer.parameters(inner[name]) for path, inner in self.inner(params) for name, layer in path.layers)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        costs = []
        for path, inner in self.inner(params):
            shape = in_shape
            for name, layer in path.layers:
                costs.append(layer.arithmetic(inner[name], shape))
                shape = layer.out_shape(inner[name], shape)
        return Arithmetic(*map(sum, zip(*costs, strict=True)))

    def inner(self, params: Params) -> list[tuple[Chain, dict[str, Params]]]:
        """Each path with the params of its layers."""
        return [
            (path, {name: Params(params.learned[name], params.fixed[name]) for name in path.names})
            for path in self.chains()
        ]

    def _shapes(self, params: Params, in_shape: Shape) -> list[Shape]:
        """The shape of each path's response."""
        return [path.shapes(inner, in_shape)[path.names[-1]] for path, inner in self.inner(params)]

    def _forward(self, params: Params, x: Array, train: Key | None) -> tuple[list[Array], BlockActivity]:
        """Each path's response, and their activities."""
        keys = [None if train is None else train.child(number) for number in range(len(self.chains()))]
        parts = [path.forward(inner, x, key) for (path, inner), key in zip(self.inner(params), keys, strict=True)]
        planes, paths = tuple(y.shape[1] for y, _ in parts), tuple(activity for _, activity in parts)
        return [y for y, _ in parts], BlockActivity(planes, paths)

    def _backward(
        self, params: Params, activity: BlockActivity, errors: list[Array], need_input: bool
    ) -> tuple[Array | None, dict[str, Any]]:
        """Error gradients of the common input and of all learned weights, from those of the paths' responses."""
        total: Array | None = None
        gradients: dict[str, Any] = {}
        for (path, inner), seen, error in zip(self.inner(params), activity.paths, errors, strict=True):
            part, gradient = path.backward(inner, seen, error, need_input)
            gradients |= gradient
            total = part if total is None else total + part
        return total, gradients


@dataclass(frozen=True)
class Residual(Block):
    """A chain that learns what is to be added to its input (He et al. 2016, eq. 2): y = body(x) + shortcut(x).

    Without a shortcut of its own the input itself is added (eq. 1). Raises UsageError where both sides differ in shape.
    """

    body: Chain
    shortcut: Chain | None = None
    kind: Literal["residual"] = "residual"

    def chains(self) -> tuple[Chain, ...]:
        return (self.body,) if self.shortcut is None else (self.body, self.shortcut)

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        body, *shortcut = self._shapes(params, in_shape)
        past = shortcut[0] if shortcut else in_shape
        if body != past:
            raise UsageError(f"a residual of {body} is to be added to {past}; give the shortcut the same shape")
        return body

    def respond(self, params: Params, x: Array) -> Array:
        y, *past = (path.respond(inner, x) for path, inner in self.inner(params))
        return y + (past[0] if past else x)

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, BlockActivity]:
        (y, *past), activity = self._forward(params, x, train)
        return y + (past[0] if past else x), activity

    def backward(
        self, params: Params, activity: BlockActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, dict[str, Any]]:
        dx, gradients = self._backward(params, activity, [dy] * len(self.chains()), need_input)
        return dx + dy if need_input and self.shortcut is None else dx, gradients


@dataclass(frozen=True)
class Branches(Block):
    """Chains side by side whose planes are laid one after the other: (N, C, H, W) -> (N, K1 + K2 + ..., H', W').

    The Inception module of Szegedy et al. (2015, fig. 2). Raises UsageError where the maps differ in size.
    """

    paths: tuple[Chain, ...]
    kind: Literal["branches"] = "branches"

    def chains(self) -> tuple[Chain, ...]:
        return self.paths

    def __post_init__(self) -> None:
        if len(self.paths) < 2:
            raise UsageError(f"{len(self.paths)} branches; give at least two")
        super().__post_init__()

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        first, *others = self._shapes(params, in_shape)
        for other in others:
            if other[1:] != first[1:]:
                raise UsageError(f"branches with maps of {first[1:]} and {other[1:]}; pad so that they are alike")
        return (first[0] + sum(other[0] for other in others), *first[1:])

    def respond(self, params: Params, x: Array) -> Array:
        return side_by_side([path.respond(inner, x) for path, inner in self.inner(params)])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, BlockActivity]:
        ys, activity = self._forward(params, x, train)
        return side_by_side(ys), activity

    def backward(
        self, params: Params, activity: BlockActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, dict[str, Any]]:
        stops = accumulate(activity.planes)
        errors = [dy[:, stop - planes : stop, ...] for stop, planes in zip(stops, activity.planes, strict=True)]
        return self._backward(params, activity, errors, need_input)


AnyPart: TypeAlias = AnyLayer | Residual | Branches


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Say which layer a UsageError is about."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"layer {name}: {error}") from error
