"""What one cell's arithmetic is made of: its view, what each cell below contributes, and formulas in numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import to_numpy
from neuro_cnn.layers import Params
from neuro_cnn.ops.geometry import Window

Array: TypeAlias = NDArray[np.float64]


class View(NamedTuple):
    """What a cell sees of one image: values (C, h, w), 0 beyond the edge of the map, and where they lie.

    `planes` (C,), `rows` (h,) and `columns` (w,) are those of the layer below; rows and columns beyond its edge are
    padding. `inside`, (h, w), is False there.
    """

    values: Array
    planes: NDArray[np.int64]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    inside: NDArray[np.bool_]


class Step(NamedTuple):
    """A line of the worksheet: symbol = formula = the formula in numbers = value."""

    symbol: str
    formula: str
    worked: str
    value: float


class Work(NamedTuple):
    """A cell's arithmetic: its view, weights and contributions, alike in shape, and the steps to its response.

    Weights are None where cells below are not weighed. What a kind of cell does not have is None. `held` says in words
    what holds the cell down where it is silent though it sees something; "" where adding up what it sees says it all.
    """

    view: View
    weights: Array | None
    shares: Array
    steps: tuple[Step, ...]
    response: float
    excitation: float | None = None
    inhibition: float | None = None
    drive: float | None = None
    threshold: float | None = None
    held: str = ""

    @property
    def silence(self) -> str | None:
        """Why the cell is silent, in words; None where it answers."""
        if self.response:
            return None
        seen = self.view.values
        if seen.size and not self.view.inside.any():
            return "all that it sees lies beyond the edge of the map"
        if seen.size and not seen.any():
            return "every cell that it sees is silent"
        if self.excitation == 0:
            return "no cell that excites it is active"
        if self.held:
            return self.held
        pull = -float(self.shares[self.shares < 0].sum())
        push = float(self.shares[self.shares > 0].sum())
        return f"what inhibits it, {text(pull)}, outweighs what excites it, {text(push)}"


Place: TypeAlias = tuple[int, int, int]
"""A cell's plane, row and column."""
Arithmetic: TypeAlias = Callable[[Any, Params, Array, Place], Work]
"""What a cell does, from the layer, its params, and its input (C, H, W) or (D,) in double precision."""


def text(value: float) -> str:
    """A number to reckon with: six significant digits."""
    return f"{value + 0.0:.6g}"


def minus(first: float, second: float) -> str:
    """One number less another; what is less than 0 is added."""
    return f"{text(first)} {'+' if second < 0 else '-'} {text(abs(second))}"


def total(shares: Array) -> str:
    """A sum in numbers: its largest terms, and the rest."""
    terms = shares[shares != 0].ravel()
    order = np.argsort(-np.abs(terms), kind="stable")[:4]
    words = [text(each) for each in terms[order]]
    if terms.size > len(words):
        words.append(f"{text(terms.sum() - terms[order].sum())} ({terms.size - len(words)} others)")
    return " + ".join(words).replace("+ -", "- ") or "0"


def cut(x: Array, window: Window, row: int, column: int, planes: NDArray[np.int64] | None = None) -> View:
    """The view at a place of the map x (C, H, W), of the planes named or of all."""
    planes = np.arange(len(x)) if planes is None else planes
    rows, columns = (
        place * stride - before + dilation * np.arange(size)
        for place, size, stride, (before, _), dilation in zip(
            (row, column), window.size, window.stride, window.pad, window.dilation, strict=True
        )
    )
    within = [(axis >= 0) & (axis < side) for axis, side in zip((rows, columns), x.shape[1:], strict=True)]
    inside = within[0][:, None] & within[1][None, :]
    clipped = np.clip(rows, 0, x.shape[1] - 1)[:, None], np.clip(columns, 0, x.shape[2] - 1)[None, :]
    values = np.where(inside, x[planes[:, None, None], clipped[0][None], clipped[1][None]], 0)
    return View(values, planes, rows, columns, inside)


def weight_of(params: Params, name: str = "weight", of: str = "learned") -> Array:
    """An array of the params on the host, in double precision."""
    return np.asarray(to_numpy(getattr(getattr(params, of), name)), dtype=np.float64)


def row_of(x: Array) -> View:
    """A row of units as a view: one at each plane, row 0, column 0."""
    nought = np.zeros(1, np.int64)
    return View(x[:, None, None], np.arange(len(x)), nought, nought, np.ones((1, 1), bool))


def here(x: Array, cell: Place, planes: NDArray[np.int64]) -> View:
    """The planes named, at one place of a map; or the units named, of a row."""
    if x.ndim == 3:
        return cut(x, Window((1, 1)), *cell[1:], planes)
    view = row_of(x)
    return view._replace(values=view.values[planes], planes=planes)


def passed(view: View, formula: str, worked: str, u: float) -> Work:
    """One cell's response, made of that of one cell below."""
    return Work(view, None, np.full(view.values.shape, u), (Step("u", formula, worked, u),), u)


def nothing(x: Array, why: str, u: float) -> Work:
    """The answer of a class that has no cells to speak for it."""
    view = here(x, (0, 0, 0), np.arange(0))
    return Work(view, None, view.values, (Step("u", text(u), why, u),), u, held=why)
