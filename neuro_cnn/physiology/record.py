"""The electrode: what a cell of any layer answers to stimuli, through the whole network below it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.describe import describe
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.layers import Dense, Flatten, LocallyConnected, Params, Shape
from neuro_cnn.network import Chain
from neuro_cnn.physiology.tissue import Tissue, excised
from neuro_cnn.tree import leaves

GREY = 0.5
"""The background that stimuli stand on, and their amplitude at contrast 1: images lie in [0, 1]."""
MEMORY = 64 * 2**20
"""Bytes of the largest maps that are recorded at once (our choice)."""


class Unit(NamedTuple):
    """A cell's address: layer, plane, row and column; units in a row have row and column 0."""

    layer: str
    plane: int
    row: int = 0
    column: int = 0

    def __str__(self) -> str:
        return "/".join(map(str, self))

    @classmethod
    def parse(cls, text: str, net: Chain, params: dict[str, Params], in_shape: Shape) -> Unit:
        """The unit that a text such as S2/3/7/7 names; S2/3 is the one in the middle of plane 3.

        Raises UsageError for a layer, plane or place that does not exist, with what there is.
        """
        layer, *numbers = text.split("/")
        net[layer]
        if len(numbers) not in (1, 3) or not all(number.isdigit() for number in numbers):
            raise UsageError(f"cell {text!r}; write LAYER/PLANE/ROW/COLUMN, such as {layer}/0/3/3, or {layer}/0")
        planes, *sides = net.shapes(params, in_shape)[layer]
        place = [int(number) for number in numbers[1:]] or [side // 2 for side in (*sides, 0, 0)[:2]]
        unit = cls(layer, int(numbers[0]), *place)
        for what, value, most in zip(("plane", "row", "column"), unit[1:], (planes, *sides, 1, 1), strict=False):
            if value >= most:
                raise UsageError(f"cell {text}: {what} {value} of layer {layer}, which has 0 to {most - 1}")
        return unit


class Pixels(NamedTuple):
    """The box of pixels that a cell sees: first row and column, and the first ones below and beyond it.

    With padding it may leave the image.
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, (row, column)."""
        return (self.top + self.bottom - 1) / 2, (self.left + self.right - 1) / 2

    def cut(self, sides: tuple[int, ...]) -> tuple[slice, slice]:
        """The rows and columns of it that lie within an image of these sides."""
        return slice(max(self.top, 0), min(self.bottom, sides[0])), slice(max(self.left, 0), min(self.right, sides[1]))


def receptive_box(
    net: Chain, params: dict[str, Params], in_shape: Shape, layer: str, place: tuple[int, int] = (0, 0)
) -> Pixels:
    """The pixels that the cells of a layer at (row, column) see, by the arithmetic of views (Araujo et al. 2019)."""
    facts = next(row for row in describe(net, in_shape, params) if row.name == layer)
    first = [start + step * at for start, step, at in zip(facts.start, facts.stride, place, strict=True)]
    last = [ceil(one + side) for one, side in zip(first, facts.receptive_field, strict=True)]
    return Pixels(floor(first[0]), floor(first[1]), last[0], last[1])


@dataclass(frozen=True)
class Electrode:
    """Records every plane of a layer at one place, by default the middle of the map, so that padding stays outside.

    Stimuli stand on middle grey: the network sees .5 + .5 * stimulus in all its colours. `in_shape` may be larger than
    the images that the network has learned from, where no layer up to this one knows its place (`on_canvas`).
    """

    net: Chain
    params: dict[str, Params]
    in_shape: Shape
    layer: str
    place: tuple[int, int] | None = None

    @cached_property
    def below(self) -> Chain:
        """The layers up to and with this one. Raises UsageError for a layer that does not exist."""
        self.net[self.layer]
        return Chain(self.net.layers[: self.net.names.index(self.layer) + 1])

    @cached_property
    def shape(self) -> Shape:
        """The shape of the layer's response to one image."""
        return self.below.shapes(self.params, self.in_shape)[self.layer]

    @property
    def planes(self) -> int:
        """How many cells are recorded: one of each plane."""
        return self.shape[0]

    @cached_property
    def at(self) -> tuple[int, ...]:
        """Row and column of the cells, or () of units in a row. Raises UsageError for a place beyond the map."""
        sides = self.shape[1:]
        place = tuple(side // 2 for side in sides) if self.place is None else self.place[: len(sides)]
        for what, value, most in zip(("row", "column"), place, sides, strict=False):
            if not 0 <= value < most:
                raise UsageError(f"{what} {value} of layer {self.layer}, whose map has 0 to {most - 1}")
        return place

    @cached_property
    def box(self) -> Pixels:
        """The pixels that the cells see."""
        row, column = self.at or (0, 0)
        return receptive_box(self.below, self.params, self.in_shape, self.layer, (row, column))

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the stimuli."""
        return self.in_shape[1], self.in_shape[2]

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of what the cells see, (row, column) in pixels."""
        return self.box.centre

    @cached_property
    def blank(self) -> NDArray[np.float64]:
        """The responses to the grey background alone, (K,)."""
        return np.asarray(self.respond(np.zeros((1, *self.sides), np.float32))[0])

    def unit(self, plane: int) -> Unit:
        """The address of one of the cells."""
        return Unit(self.layer, plane, *self.at)

    def respond(self, stimuli: NDArray[Any]) -> NDArray[np.float64]:
        """Responses of the cells to stimuli: (..., H, W) -> (..., K), in batches that fit in memory.

        Raises UsageError for stimuli of another size.
        """
        frames, step = self._frames(stimuli), self._at_once
        parts = [self._site(self._seen(frames[first : first + step])) for first in range(0, len(frames), step)]
        return np.asarray(np.concatenate(parts).reshape(*stimuli.shape[:-2], self.planes))

    def see(self, images: NDArray[Any]) -> NDArray[np.float64]:
        """Responses of the cells to images as the network itself sees them: (N, C, H, W) -> (N, K)."""
        rows, columns, step = self.tissue.rows, self.tissue.columns, self._at_once
        starts = range(0, len(images), step)
        return np.concatenate(
            [self._site(self._moved(images[first : first + step, :, rows, columns])) for first in starts]
        )

    def maps(
        self, stimuli: NDArray[Any], rows: slice = slice(None), columns: slice = slice(None)
    ) -> NDArray[np.float64]:
        """Responses of the cells of these rows and columns of every plane: (..., H, W) -> (..., K, h, w).

        Only they are kept, so that a part of a large map takes little memory.
        """
        frames, step = self._frames(stimuli), self._at_once
        parts = []
        for first in range(0, len(frames), step):
            y = self.below.respond(self.params, self._image(frames[first : first + step]))
            parts.append(np.asarray(to_numpy(y[:, :, rows, columns]), dtype=np.float64))
        together = np.concatenate(parts)
        return together.reshape(*stimuli.shape[:-2], *together.shape[1:])

    def gradient(self, stimuli: NDArray[Any], plane: int) -> NDArray[np.float64]:
        """The derivative of one cell's response by every pixel of each stimulus: (..., H, W) -> the same."""
        frames = self._frames(stimuli)
        step = max(self._at_once // 2, 1)
        slopes = np.zeros(frames.shape)
        for i in range(0, len(frames), step):
            slopes[i : i + step, self.tissue.rows, self.tissue.columns] = self._slope(
                self._seen(frames[i : i + step]), plane
            )
        return slopes.reshape(stimuli.shape)

    def whole(self) -> Electrode:
        """The same, once it is sure that what the cells see lies within the image. Raises UsageError otherwise."""
        box, (height, width) = self.box, self.sides
        if box.top < 0 or box.left < 0 or box.bottom > height or box.right > width:
            place = f" at {'/'.join(map(str, self.at))}" if self.at else ""
            raise UsageError(
                f"cells of {self.layer}{place} see rows {box.top} to {box.bottom - 1} and "
                f"columns {box.left} to {box.right - 1} of an image of {height} x {width}; {self._remedy()}"
            )
        return self

    def _remedy(self) -> str:
        """Where else to record, or on how large a canvas."""
        facts = next(row for row in describe(self.below, self.in_shape, self.params) if row.name == self.layer)
        ranges = []
        for side, start, step, reach, most in zip(
            self.sides, facts.start, facts.stride, facts.receptive_field, (*self.shape[1:], 1, 1), strict=False
        ):
            ranges.append((ceil(max(-start / step, 0)), min(floor((side - reach - start) / step), most - 1)))
        (top, bottom), (left, right) = ranges
        if not self.at:
            return "choose a layer below"
        if top <= bottom and left <= right:
            return f"choose a row from {top} to {bottom} and a column from {left} to {right}"
        return f"show stimuli on a larger canvas, of {2 * max(self.box.sides)} pixels or more, or choose a layer below"

    def _frames(self, stimuli: NDArray[Any]) -> NDArray[Any]:
        if stimuli.shape[-2:] != self.sides:
            have, want = (" x ".join(map(str, each)) for each in (stimuli.shape[-2:], self.sides))
            raise UsageError(f"stimuli of {have} for a network that sees {want}; draw them at that size")
        return stimuli.reshape(-1, *self.sides)

    @cached_property
    def tissue(self) -> Tissue:
        """The part of the network that is worked out for these cells: what they do not see is left out."""
        return excised(self.below, self.params, self.in_shape, self.at)

    @cached_property
    def _at_once(self) -> int:
        sides = np.zeros(self.sides)[self.tissue.rows, self.tissue.columns].shape
        rows = describe(self.tissue.net, (self.in_shape[0], *sides), self.tissue.params)
        most = max(row.memory for row in rows)
        return int(np.clip(MEMORY // most, 1, 512))

    @cached_property
    def _like(self) -> Array | None:
        """An array of the weights: stimuli go where it is, in its precision."""
        return next((leaf for _, leaf in leaves(self.params) if "float" in str(getattr(leaf, "dtype", ""))), None)

    def _seen(self, frames: NDArray[Any]) -> Array:
        """What the tissue is shown: (N, H, W) -> (N, C, H', W'), where the weights are."""
        return self._image(frames[:, self.tissue.rows, self.tissue.columns])

    def _image(self, frames: NDArray[Any]) -> Array:
        """Stimuli on grey in all colours, where the weights are: (N, H, W) -> (N, C, H, W)."""
        return self._moved(np.repeat(GREY + GREY * np.asarray(frames, float)[:, None], self.in_shape[0], axis=1))

    def _moved(self, images: NDArray[Any]) -> Array:
        """Images where the weights are, in their precision."""
        if self._like is None:
            return images.astype(np.float32)
        xp = namespace(self._like)
        return xp.astype(xp.asarray(images), self._like.dtype)

    def _site(self, seen: Array) -> NDArray[np.float64]:
        """What the tissue's cells at the recorded place make of what it is shown: (N, C, H', W') -> (N, K)."""
        y = self.tissue.net.respond(self.tissue.params, seen)
        heard = np.asarray(to_numpy(y[(slice(None), slice(None), *self.tissue.at)]), dtype=np.float64)
        if np.isnan(heard).any():
            lost = np.flatnonzero(np.isnan(heard).any(axis=0))
            raise DataError(f"plane {lost[0]} of {self.layer} answers with no number; did it diverge?")
        return heard

    def _slope(self, x: Array, plane: int) -> NDArray[np.float64]:
        xp = namespace(x)
        net, params = self.tissue.net, self.tissue.params
        y, activity = net.forward(params, x)
        dy = xp.zeros(y.shape, dtype=y.dtype)
        dy[(slice(None), plane, *self.tissue.at)] = 1
        dx, _ = net.backward(params, activity, dy)
        return np.asarray(GREY * np.asarray(to_numpy(dx), dtype=np.float64).sum(axis=1))


class Rates(Electrode):
    """An electrode that hears rates: what a cell answers below 0 counts as nothing."""

    def respond(self, stimuli: NDArray[Any]) -> NDArray[np.float64]:
        return np.maximum(super().respond(stimuli), 0)


def on_canvas(electrode: Electrode, side: int) -> Electrode:
    """The same cells recorded in the middle of a larger field of so many pixels a side.

    Raises UsageError where a layer up to this one has weights for places, and so sees one size only.
    """
    for name, layer in electrode.below.layers:
        if isinstance(layer, Dense | Flatten | LocallyConnected):
            raise UsageError(
                f"layer {name} ({layer.kind}) has weights for places, so that the network sees images of "
                f"{' x '.join(map(str, electrode.sides))} only; leave the canvas out"
            )
    shape = (electrode.in_shape[0], side, side)
    return Electrode(electrode.net, electrode.params, shape, electrode.layer)
