"""Cells that gather what they see: the arithmetic of every pool, of choices, and of what only passes cells on."""

from __future__ import annotations

from math import prod, sqrt
from typing import Any, TypeAlias

import numpy as np

from neuro_cnn.backend import to_numpy
from neuro_cnn.layers import CCells, Params
from neuro_cnn.layers.pools import L2, Hyperbolic, Max, Mean, PowerMean, Saturating, SquareRoot
from neuro_cnn.ops.geometry import Window
from neuro_cnn.physiology.worksheets.arithmetic import (
    Array,
    Place,
    Step,
    View,
    Work,
    cut,
    here,
    nothing,
    text,
    total,
    weight_of,
)
from neuro_cnn.physiology.worksheets.cell_arithmetic import scells
from neuro_cnn.tree import tree_map

Centred: TypeAlias = Hyperbolic | SquareRoot


def ccells(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """C-cells: what their pool makes of a view of one plane."""
    plane, row, column = cell
    window, pool = layer.window(x.shape), layer.pool
    view = cut(x, window, row, column, np.array([plane]))
    if isinstance(pool, Max):
        return strongest(view)
    if isinstance(pool, Saturating):
        return _saturating(pool, params, cut(x, window, row, column), plane)
    if isinstance(pool, SquareRoot | Hyperbolic):
        return _centred(pool, params, x, window, cell)
    if isinstance(pool, Mean):
        weights = np.full(view.values.shape, 1 / prod(window.size))
        shares = weights * view.values
        e = float(shares.sum())
        return Work(view, weights, shares, (Step("u", f"sum x / {prod(window.size)}", total(shares), e),), e, e)
    return _powers(pool, view)


def strongest(view: View) -> Work:
    """The largest value of a view, ties going to the first: the cell that has won, and no other, contributes."""
    values = np.where(np.broadcast_to(view.inside, view.values.shape), view.values, -np.inf)
    winner = np.unravel_index(values.argmax(), values.shape)
    u = float(values[winner])
    shares = np.zeros(values.shape)
    shares[winner] = u
    plane, row, column = (axis[k] for axis, k in zip((view.planes, view.rows, view.columns), winner, strict=True))
    step = Step("u", "max x", f"the cell of plane {plane} in row {row}, column {column} has won", u)
    return Work(view, None, shares, (step,), u)


def _powers(pool: L2 | PowerMean, view: View) -> Work:
    """The length of a view, or its power mean."""
    area = view.values.size
    p, over = (pool.p, area) if isinstance(pool, PowerMean) else (2, 1)
    shares = np.abs(view.values) ** p / over
    e = float(shares.sum())
    part = f" / {area}" if over > 1 else ""
    u = e ** (1 / p)
    steps = (Step("e", f"sum |x|^{p:g}{part}", total(shares), e), Step("u", f"e^(1/{p:g})", f"{text(e)}^(1/{p:g})", u))
    return Work(view, None, shares, steps, u, e)


def _saturating(pool: Saturating, params: Params, view: View, plane: int) -> Work:
    """Fukushima's C-cell of 1980, held down by the mean over all planes of what they sum."""
    d = weight_of(params, "blur", "fixed")
    sums = (d * view.values).sum(axis=(1, 2))
    e, v = float(sums[plane]), float(sums.mean())
    own = view._replace(values=view.values[plane : plane + 1], planes=view.planes[plane : plane + 1])
    drive = (1 + e) / (1 + v) - 1
    risen = max(drive, 0.0)
    u = risen / (pool.alpha + risen)
    steps = (
        Step("e", "sum d x", total(d * own.values), e),
        Step("v", f"mean of e over {len(sums)} planes", total(sums / len(sums)), v),
        Step("z", "max(0, (1 + e) / (1 + v) - 1)", f"max(0, (1 + {text(e)}) / (1 + {text(v)}) - 1)", risen),
        Step("u", "z / (alpha + z)", f"{text(risen)} / ({text(pool.alpha)} + {text(risen)})", u),
    )
    held = f"inhibition wins: the planes' mean v = {text(v)} is no less than the cell's own e = {text(e)}"
    return Work(own, d[None], d * own.values, steps, u, e, v, drive, held=held)


def _centred(pool: Centred, params: Params, x: Array, window: Window, cell: Place) -> Work:
    """The later C-cells: a centre minus a wider surround, and then a saturation."""
    plane, row, column = cell
    down, across, wide_down, wide_across = (weight_of(params, name, "fixed") for name in params.fixed._fields)
    view = cut(x, window, row, column, np.array([plane]))
    weights = np.outer(down, across)[None]
    shares = weights * view.values
    e = float(shares.sum())
    size = (len(wide_down), len(wide_across))
    beyond = [(wider - side) // 2 for wider, side in zip(size, window.size, strict=True)]
    rows, columns = ((before + more, after + more) for (before, after), more in zip(window.pad, beyond, strict=True))
    wide = Window(size, window.stride, (rows, columns))
    around = np.outer(wide_down, wide_across) * cut(x, wide, row, column, np.array([plane])).values
    v = float(around.sum()) if pool.inhibition else 0.0
    held = pool.inhibition * v
    drive = e - held
    steps = [Step("e", "sum d x", total(shares), e)]
    if pool.inhibition:
        steps.append(
            Step("v", f"sum of x under the wider bell of {len(wide_down)} x {len(wide_across)}", total(around), v)
        )
        steps.append(
            Step("z", "max(0, e - k v)", f"max(0, {text(e)} - {text(pool.inhibition)} * {text(v)})", max(drive, 0))
        )
    else:
        steps.append(Step("z", "max(0, e)", f"max(0, {text(e)})", max(drive, 0.0)))
    risen = max(drive, 0.0)
    if isinstance(pool, SquareRoot):
        u = sqrt(risen)
        steps.append(Step("u", "sqrt(z)", f"sqrt({text(risen)})", u))
    else:
        y = pool.total * risen
        u = y / (1 + y)
        steps.append(Step("u", "t z / (1 + t z)", f"{text(y)} / (1 + {text(y)}), t = {text(pool.total)}", u))
    won = f"the wider bell wins: k v = {text(held)} is no less than e = {text(e)}" if pool.inhibition else ""
    return Work(view, weights, shares, tuple(steps), u, e, held if pool.inhibition else None, drive, held=won)


def global_pool(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """C-cells that see the whole of their plane."""
    return ccells(CCells(x.shape[1:], pool=layer.pool), params, x, (cell[0], 0, 0))


def best_position(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """The strongest cell of a plane."""
    del layer, params
    return strongest(cut(x, Window(x.shape[1:]), 0, 0, np.array([cell[0]])))


def maxout(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """The strongest of a group of planes at one place."""
    del params
    return strongest(here(x, cell, np.arange(cell[0] * layer.group, (cell[0] + 1) * layer.group)))


def join(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """The sum of the planes that lead into one."""
    del params
    view = here(x, cell, np.array(layer.table[cell[0]]))
    u = float(view.values.sum())
    return Work(view, np.ones(view.values.shape), view.values, (Step("u", "sum x", total(view.values), u),), u, u)


def majority(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """The share of a group's units that are above 0: each that is contributes its vote."""
    del params
    view = here(x, cell, np.arange(cell[0] * layer.group, (cell[0] + 1) * layer.group))
    shares = (view.values > 0) / layer.group
    yes, u = int(np.sum(view.values > 0)), float(shares.sum())
    step = Step("u", "units above 0 / units", f"{yes} / {layer.group}", u)
    return Work(view, None, shares, (step,), u, held=f"none of its {layer.group} units is above 0")


def labelled_cells(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """The strongest S-cell of a class: its arithmetic, wherever it lies. A class without planes is silent."""
    host = tree_map(to_numpy, params)
    y = np.asarray(layer.cells.respond(host, x[None].astype(host.learned.weight.dtype))[0], np.float64)
    planes = np.flatnonzero(host.fixed.labels == cell[0])
    if not planes.size:
        return nothing(x, "no plane is of this class", 0.0)
    plane, row, column = np.unravel_index(y[planes].argmax(), y[planes].shape)
    won = (int(planes[plane]), int(row), int(column))
    work = scells(layer.cells, params, x, won)
    words = f"plane {won[0]} in row {won[1]}, column {won[2]} is the strongest of {len(planes)} planes"
    return work._replace(steps=(*work.steps, Step("u", "max u of the class", words, work.response)))
