"""Where views lie on a map: sizes, strides, paddings and dilations, and the slices they come to."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from math import ceil
from typing import Literal, NamedTuple, TypeAlias, get_args

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError, unknown

Pair: TypeAlias = tuple[int, int]
Size: TypeAlias = int | Pair
Pad: TypeAlias = int | Pair | tuple[Pair, Pair]
"""Rows or columns added before and after each axis: p, (rows, columns) or ((top, bottom), (left, right)).

Negative padding crops: Fukushima's 16 -> 10 maps with 5 x 5 areas need it.
"""
Word: TypeAlias = Literal["valid", "same", "same-before", "full"]
Padding: TypeAlias = Pad | Word
"""Padding in numbers, or by a word whose numbers follow from the view and the map: see `padding`."""


class Window(NamedTuple):
    """How views of one size are laid over a map, which may first be resized: `enlarged` cells for one of it."""

    size: Pair
    stride: Pair = (1, 1)
    pad: tuple[Pair, Pair] = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)
    enlarged: tuple[Fraction | int, Fraction | int] = (1, 1)

    def places(self, height: int, width: int) -> Pair:
        """How many views fit: (H', W'). Raises UsageError when not even one does, or nothing of the map is left."""
        return _places(self, height, width)

    def tap(self, i: int, j: int, places: Pair, first: Pair = (0, 0)) -> tuple[slice, slice]:
        """Rows and columns of the padded map that tap (i, j) of the views sees, from the view at `first` on."""
        return _steps(i, first[0], places[0], self.stride[0], self.dilation[0]), _steps(
            j, first[1], places[1], self.stride[1], self.dilation[1]
        )


@cache
def _places(w: Window, height: int, width: int) -> Pair:
    sides = (height, width)
    extents = [d * (s - 1) + 1 for s, d in zip(w.size, w.dilation, strict=True)]
    rooms = [length + sum(p) - extent for length, p, extent in zip(sides, w.pad, extents, strict=True)]
    left = [length - sum(max(-edge, 0) for edge in p) for length, p in zip(sides, w.pad, strict=True)]
    if min(rooms) < 0 or min(left) < 1:
        dilated = f" (dilated to {_by(extents)})" if max(w.dilation) > 1 else ""
        cropped = f" padded by {w.pad}" if min(map(min, w.pad)) < 0 else ""
        # the smallest padding of every edge that makes both axes long enough
        pad = max(-((length - extent) // 2) for length, extent in zip(sides, extents, strict=True))
        raise UsageError(
            f"view of {_by(w.size)}{dilated} does not fit a map of {height} x {width}{cropped}; "
            f"{f'pad by {pad}' if pad > 0 else 'crop by less'} or shrink the view"
        )
    return rooms[0] // w.stride[0] + 1, rooms[1] // w.stride[1] + 1


def _by(sides: Sequence[int]) -> str:
    """Two sides in words: "5", or "5 x 3" when they differ."""
    return " x ".join(map(str, dict.fromkeys(sides)))


def _steps(tap: int, first: int, count: int, stride: int, dilation: int) -> slice:
    start = tap * dilation + first * stride
    return slice(start, start + stride * (count - 1) + 1, stride)


def pair(value: Size) -> Pair:
    """One number for both axes, or a number each."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def pads(value: Pad) -> tuple[Pair, Pair]:
    """Padding in its full form ((top, bottom), (left, right))."""
    if isinstance(value, int):
        return (value, value), (value, value)
    rows, columns = value
    return pair(rows), pair(columns)


def window(size: Size, stride: Size = 1, pad: Padding = 0, dilation: Size = 1, sides: Sequence[int] = ()) -> Window:
    """A checked Window; padding by a word is that of a map of these sides, (H, W).

    Raises UsageError for a size, stride or dilation below 1, an unknown word, or a word where there is no map.
    """
    return _window(size, stride, pad, dilation, tuple(sides) if isinstance(pad, str) else ())


@cache
def _window(size: Size, stride: Size, pad: Padding, dilation: Size, sides: tuple[int, ...]) -> Window:
    made = Window(pair(size), pair(stride), dilation=pair(dilation))
    for name in ("size", "stride", "dilation"):
        if min(getattr(made, name)) < 1:
            raise UsageError(f"{name} is {getattr(made, name)}; it must be at least 1")
    if not isinstance(pad, str):
        return made._replace(pad=pads(pad))
    if pad not in get_args(Word):
        raise unknown("padding", pad, get_args(Word))
    if len(sides) != 2:
        raise UsageError(f"{pad!r} padding is that of a map of rows and columns; put views before Flatten()")
    rows, columns = (padding(pad, *axis) for axis in zip(sides, made.size, made.stride, made.dilation, strict=True))
    return made._replace(pad=(rows, columns))


def padding(word: Word, length: int, size: int, stride: int = 1, dilation: int = 1) -> Pair:
    """What a word adds before and after an axis.

    "valid": nothing, every view lies within the map. "full": so much that every view that meets the map is there.
    "same": so much that ceil(length / stride) views fit, the same length at stride 1; an odd cell more goes after
    (before, if "same-before").
    """
    extent = dilation * (size - 1) + 1
    if word == "valid":
        return 0, 0
    if word == "full":
        return extent - 1, extent - 1
    both = max(stride * ceil(length / stride) - length + extent - stride, 0)
    less, more = both // 2, both - both // 2
    return (less, more) if word == "same" else (more, less)


def check_shape(name: str, array: Array, shape: tuple[int, ...]) -> None:
    """Raises UsageError for an array of another shape, beyond whose memory a kernel would read."""
    if array.shape != shape:
        have, want = (" x ".join(map(str, sides)) for sides in (array.shape, shape))
        raise UsageError(f"{name} of shape {have} where {want} is due")


def batch_last(x: Array, pad: tuple[Pair, Pair], value: float = 0.0) -> Array:
    """A padded (or cropped) copy with the batch innermost: (N, C, H, W) -> (C, H, W, N).

    Slices for one tap are then long runs of memory, whatever the stride.
    """
    xp = namespace(x)
    height, width = (length + sum(p) for length, p in zip(x.shape[2:], pad, strict=True))
    shape = (x.shape[1], height, width, x.shape[0])
    padded = any(edge > 0 for p in pad for edge in p)
    out = xp.full(shape, value, dtype=x.dtype) if padded else xp.empty(shape, dtype=x.dtype)
    rows, columns = _inside(pad[0], height), _inside(pad[1], width)
    source = xp.permute_dims(x, (1, 2, 3, 0))
    out[:, rows, columns, :] = source[:, _kept(pad[0], x.shape[2]), _kept(pad[1], x.shape[3]), :]
    return out


NOWHERE = ((0, 0), (0, 0))
"""No padding."""


def batch_innermost(x: Array) -> Array:
    """The map with the batch innermost, a view where it lies so in memory: (N, C, H, W) -> (C, H, W, N)."""
    last = namespace(x).permute_dims(x, (1, 2, 3, 0))
    flags = getattr(last, "flags", None)  # the standard for arrays knows no order of memory
    return last if flags is not None and flags.c_contiguous else batch_last(x, NOWHERE)


def batch_first(x: Array) -> Array:
    """The logical order again, without a copy: (C, H, W, N) -> (N, C, H, W)."""
    return namespace(x).permute_dims(x, (3, 0, 1, 2))


def side_by_side(parts: list[Array]) -> Array:
    """Planes one after the other, without a strided copy where they lie with the batch innermost."""
    if len(parts) == 1:
        return parts[0]
    return batch_first(namespace(*parts).concat([batch_innermost(part) for part in parts]))


def unpad(x: Array, pad: tuple[Pair, Pair], shape: tuple[int, ...]) -> Array:
    """The adjoint of `batch_last`: (C, H, W, N) of the padded map -> (N, C, H, W) of the map."""
    xp = namespace(x)
    inner = x[:, _inside(pad[0], x.shape[1]), _inside(pad[1], x.shape[2]), :]
    if all(edge >= 0 for p in pad for edge in p):
        return batch_first(inner)
    out = xp.zeros((shape[1], shape[2], shape[3], shape[0]), dtype=x.dtype)
    out[:, _kept(pad[0], shape[2]), _kept(pad[1], shape[3]), :] = inner
    return batch_first(out)


def _inside(pad: Pair, padded: int) -> slice:
    return slice(max(pad[0], 0), padded - max(pad[1], 0))


def _kept(pad: Pair, length: int) -> slice:
    return slice(max(-pad[0], 0), length - max(-pad[1], 0))


def patches(x: Array, size: Size, stride: Size = 1, pad: Pad = 0, dilation: Size = 1) -> Array:
    """What every cell sees: (N, C, H, W) -> (N, C, h, w, H', W').

    For looking, for tests and for views that do not overlap; no other rule builds this array.
    """
    xp = namespace(x)
    w = window(size, stride, pad, dilation)
    places = w.places(*x.shape[2:])
    columns = gather(batch_last(x, w.pad), w, places)  # (C, h, w, H', W', N)
    return xp.permute_dims(columns, (5, 0, 1, 2, 3, 4))


def gather(padded: Array, w: Window, places: Pair, first: Pair = (0, 0)) -> Array:
    """The views of `places` from the one at `first` on, of a padded map (C, H, W, N): (C, h, w, H', W', N)."""
    xp = namespace(padded)
    channels, _, _, batch = padded.shape
    columns = xp.empty((channels, *w.size, *places, batch), dtype=padded.dtype)
    for i in range(w.size[0]):
        for j in range(w.size[1]):
            rows, across = w.tap(i, j, places, first)
            columns[:, i, j, ...] = padded[:, rows, across, :]
    return columns


def scatter(padded: Array, columns: Array, w: Window, places: Pair, first: Pair = (0, 0)) -> None:
    """The adjoint of `gather`: views (C, h, w, H', W', N), added in place to the padded map (C, H, W, N)."""
    for i in range(w.size[0]):
        for j in range(w.size[1]):
            rows, across = w.tap(i, j, places, first)
            padded[:, rows, across, :] += columns[:, i, j, ...]
