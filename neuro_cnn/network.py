"""Networks: layers in a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError, unknown
from neuro_cnn.layers import AnyLayer, Key, Params, Shape
from neuro_cnn.streams import generator


@dataclass(frozen=True)
class Chain:
    """Named layers, each fed by the one before. Params and activity are dicts by the layers' names."""

    layers: tuple[tuple[str, Annotated[AnyLayer, Field(discriminator="kind")]], ...]
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

    def __getitem__(self, name: str) -> AnyLayer:
        """The wiring of one layer. Raises UsageError for a name that is not there."""
        for mine, layer in self.layers:
            if mine == name:
                return layer
        raise unknown("layer", name, self.names)

    def part(self, start: str | None = None, stop: str | None = None) -> tuple[tuple[str, AnyLayer], ...]:
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
        params: dict[str, Params] = {}
        for name, layer in self.layers:
            with _naming(name):
                params[name] = layer.init(in_shape, None if seed is None else generator(seed, "init", name))
                in_shape = layer.out_shape(params[name], in_shape)
        return params

    def shapes(self, params: dict[str, Params], in_shape: Shape) -> dict[str, Shape]:
        """The shape of each layer's response to one image. Raises UsageError, naming the layer, as `init` does."""
        shapes = {}
        for name, layer in self.layers:
            with _naming(name):
                in_shape = shapes[name] = layer.out_shape(params[name], in_shape)
        return shapes

    def respond(self, params: dict[str, Params], x: Array, start: str | None = None, stop: str | None = None) -> Array:
        """The response at rest of the layers from `start` up to but without `stop`; no record is kept."""
        for name, layer in self.part(start, stop):
            x = layer.respond(params[name], x)
        return x

    def forward(
        self, params: dict[str, Params], x: Array, train: Key | None = None, start: str | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """The response, and every layer's activity by name."""
        activity: dict[str, Any] = {}
        for name, layer in self.part(start):
            key = None if train is None else train.child(self.names.index(name))
            x, activity[name] = layer.forward(params[name], x, key)
        return x, activity

    def backward(
        self, params: dict[str, Params], activity: dict[str, Any], dy: Array, need_input: bool = True
    ) -> tuple[Array | None, dict[str, Any]]:
        """Error gradients of the input of the lowest layer in `activity`, and of every layer's learned weights."""
        gradients: dict[str, Any] = {}
        error: Array | None = dy
        part = self.part(next(iter(activity)))
        for name, layer in reversed(part):
            wanted = need_input or name != part[0][0]
            error, gradients[name] = layer.backward(params[name], activity[name], error, wanted)
        return error, gradients


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Say which layer a UsageError is about."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"layer {name}: {error}") from error
