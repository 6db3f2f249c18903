"""How many views fit a map, as it is taught: (N - F + P) / S + 1, and what to change where that is no whole number."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from neuro_cnn.layers import Params, Shape
from neuro_cnn.network import Branches, Chain, Residual
from neuro_cnn.ops.geometry import Window

AXES = ("row", "column")


class Axis(NamedTuple):
    """Views along one axis of a map: cells of the map, those that a view spans, stride, cells padded before and after.

    Dilation widens what a view spans, dilation (F - 1) + 1.
    """

    length: int
    extent: int
    stride: int = 1
    before: int = 0
    after: int = 0

    @property
    def pad(self) -> int:
        """Cells padded in all; below 0, cropped."""
        return self.before + self.after

    @property
    def room(self) -> int:
        """How far a view can move."""
        return self.length + self.pad - self.extent

    @property
    def views(self) -> Fraction:
        """How many views fit; what is behind the point has no room for another. Below 1 not even one fits."""
        # (N - F + P) / S + 1   Dumoulin & Visin 2016, relationship 6, before it is rounded down
        return Fraction(self.room, self.stride) + 1

    @property
    def over(self) -> int:
        """Cells, of padding or of the map, behind the last view."""
        return self.room % self.stride

    @property
    def unseen(self) -> int:
        """Cells of the map behind the last view."""
        return max(self.over - max(self.after, 0), 0)

    def pads(self) -> list[int]:
        """The nearest paddings, in all, with which the views come out even: less, if any can be spared, and more."""
        less, more = self.pad - self.over, self.pad - self.over + self.stride
        return [less, more] if less >= 0 or self.pad < 0 else [more]

    def strides(self) -> list[int]:
        """The nearest strides, smaller and larger, with which the views come out even."""
        even = [stride for stride in range(1, self.room + 1) if self.room % stride == 0]
        smaller = [stride for stride in even if stride < self.stride]
        larger = [stride for stride in even if stride > self.stride]
        return smaller[-1:] + larger[:1]


def axes(view: Window, height: int, width: int) -> tuple[Axis, Axis]:
    """Rows and columns of a map with such views."""
    rows, columns = (
        Axis(length, dilation * (size - 1) + 1, stride, *pad)
        for length, size, stride, dilation, pad in zip(
            (height, width), view.size, view.stride, view.dilation, view.pad, strict=True
        )
    )
    return rows, columns


def notes(net: Chain, in_shape: Shape, params: dict[str, Params] | None = None) -> list[str]:
    """A line for each layer whose views do not come out even: what is not seen, and what would fit.

    Such a layer answers all the same, with as many views as have room.
    """
    return list(_notes(net, in_shape, net.init(in_shape, None) if params is None else params, ""))


def _notes(net: Chain, shape: Shape, params: dict[str, Params], prefix: str) -> Iterator[str]:
    shapes = net.shapes(params, shape)
    for name, layer in net.layers:
        if isinstance(layer, Residual | Branches):
            for path, inner in layer.inner(params[name]):
                yield from _notes(path, shape, inner, f"{prefix}{name}.")
        elif len(shape) == 3:
            yield from (f"{prefix}{name}: {line}" for line in misfits(axes(layer.window(shape), *shape[1:])))
        shape = shapes[name]


def misfits(pair: tuple[Axis, Axis]) -> list[str]:
    """What does not come out even, in a line an axis, or in one line where both axes are alike."""
    if pair[0] == pair[1]:
        return [_misfit(pair[0], " and ".join(AXES))] if pair[0].over else []
    return [_misfit(axis, name) for axis, name in zip(pair, AXES, strict=True) if axis.over]


def _misfit(axis: Axis, name: str) -> str:
    lost = axis.unseen or axis.over
    which = name if lost == 1 else f"{lost} {name.replace('row', 'rows').replace('column', 'columns')}"
    verb = "is" if which == name and " and " not in name else "are"
    return (
        f"views of {axis.extent} at stride {axis.stride} on {axis.length} {'+-'[axis.pad < 0]} {abs(axis.pad)} cells: "
        f"{_decimal(axis.views)} views, the last {which}{'' if axis.unseen else ' of padding'} {verb} not seen; "
        f"pad by {_either(axis.pads())} in all, or stride {_either(axis.strides())}, fits"
    )


def _either(numbers: list[int]) -> str:
    return " or ".join(map(str, numbers))


def _decimal(number: Fraction) -> str:
    """To two digits after the point at most: "4.5", "2.33"."""
    return f"{float(number):.2f}".rstrip("0").rstrip(".")
