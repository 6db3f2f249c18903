"""Cells with one cell below, or one column of cells: the arithmetic of what passes responses on, and scales them."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from neuro_cnn.layers import Params
from neuro_cnn.physiology.worksheets.arithmetic import (
    Array,
    Place,
    Step,
    View,
    Work,
    cut,
    here,
    minus,
    passed,
    text,
    total,
    weight_of,
)


def flatten(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A cell of a map, in a row with all others."""
    plane, row, column = (int(each) for each in np.unravel_index(cell[0], (*x.shape, 1, 1)[:3]))
    return dropout(layer, params, x, (plane, row, column))


def dropout(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """At rest every cell passes as it is."""
    del layer, params
    view = here(x, cell, np.array([cell[0]]))
    return passed(view, "x", text(view.values.item()), view.values.item())


def threshold(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """How far the drive of a plane, or its opposite, exceeds the plane's threshold."""
    plane, opposite = divmod(cell[0], layer.polarities)
    view = here(x, (plane, *cell[1:]), np.array([plane]))
    value, b = view.values.item(), float(weight_of(params, "level", "fixed")[plane])
    e = -value if opposite else value
    sign = "-" if opposite else ""
    work = passed(view, f"max(0, {sign}x - b)", f"max(0, {minus(e, b)})", max(e - b, 0.0))
    held = f"{sign}x = {text(e)} does not exceed the threshold b = {text(b)}"
    return work._replace(excitation=e, drive=e - b, threshold=b, held=held)


def normalize(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A cell in deviations of its plane from the plane's mean; a plane that never varied is only centred."""
    del layer
    view = here(x, cell, np.array([cell[0]]))
    value = view.values.item()
    mean, deviation = (float(weight_of(params, name, "fixed")[cell[0]]) for name in ("mean", "deviation"))
    over = deviation if deviation > 0 else 1.0
    return passed(view, "(x - mean) / deviation", f"({minus(value, mean)}) / {text(over)}", (value - mean) / over)


def batch_norm(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A cell in deviations of its plane from its running mean, and then the plane's own weight and bias."""
    view = here(x, cell, np.array([cell[0]]))
    value = view.values.item()
    mean, variance = (float(weight_of(params, name, "fixed")[cell[0]]) for name in ("mean", "variance"))
    weight, bias = (float(weight_of(params, name)[cell[0]]) for name in ("weight", "bias"))
    z = (value - mean) / sqrt(variance + layer.epsilon)
    u = weight * z + bias
    worked = f"({minus(value, mean)}) / sqrt({text(variance)} + {text(layer.epsilon)})"
    steps = (
        Step("z", "(x - mean) / sqrt(variance + epsilon)", worked, z),
        Step("u", "weight z + bias", f"{text(weight)} * {minus(z, -bias)}", u),
    )
    return passed(view, "", "", u)._replace(steps=steps, drive=u)


def local_response(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A cell held down by its neighbours in other planes; each contributes what the answer would lack without it."""
    del params
    far = layer.neighbours // 2
    planes = np.arange(max(cell[0] - far, 0), min(cell[0] + far + 1, len(x)))
    view = here(x, cell, planes)
    own = int(np.flatnonzero(planes == cell[0])[0])
    e = view.values[own].item()
    squares = layer.alpha * view.values**2
    h = layer.k + float(squares.sum())
    u = e / h**layer.beta
    shares = u - e / (h - squares) ** layer.beta
    shares[own] = u
    steps = (
        Step("e", f"x of plane {cell[0]}", text(e), e),
        Step("h", f"k + alpha sum x^2 of {len(planes)} planes", f"{text(layer.k)} + {total(squares)}", h),
        Step("u", "e / h^beta", f"{text(e)} / {text(h)}^{layer.beta:g}", u),
    )
    return Work(view, None, shares, steps, u, e, h, held="the cell below it is silent")


def triangle(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """How far a cell exceeds the mean of its column."""
    del params
    view = here(x, cell, np.arange(len(x)))
    weights = -np.full(view.values.shape, 1 / len(x))
    weights[cell[0]] += 1
    e, m = view.values[cell[0]].item(), float(view.values.mean())
    drive = e - m
    u = float(max(drive, 0.0) ** layer.power)
    power = "" if layer.power == 1 else f"^{layer.power:g}"
    steps = (
        Step("e", f"x of plane {cell[0]}", text(e), e),
        Step("m", f"mean x of {len(x)} planes", total(view.values / len(x)), m),
        Step("u", f"max(0, e - m){power}", f"max(0, {minus(e, m)}){power}", u),
    )
    held = f"e = {text(e)} does not exceed the mean of its column, m = {text(m)}"
    return Work(view, weights, weights * view.values, steps, u, e, m, drive, held=held)


def frame(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A pixel between the levels of a field; around the image lies the dark one."""
    del params
    view = cut(x, layer.window(x.shape), *cell[1:], np.array([cell[0]]))
    value, reach = view.values.item(), layer.bright - layer.dark
    worked = f"{text(reach)} * {minus(value, -layer.dark)}"
    return passed(view, "(bright - dark) x + dark", worked, reach * value + layer.dark)


def resize(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A pixel between those of the image, by the distances to them; in the border darkness."""
    del layer
    plane, *place = cell
    lines = [weight_of(params, name, "fixed")[at] for name, at in zip(("down", "across"), place, strict=True)]
    rows, columns = (np.flatnonzero(line) if line.any() else np.array([-1]) for line in lines)
    inside = (rows >= 0)[:, None] & (columns >= 0)[None, :]
    values = np.where(inside, x[plane][rows[:, None], columns[None, :]], 0)[None]
    weights = np.where(inside, np.outer(lines[0][rows], lines[1][columns]), 0)[None]
    shares = weights * values
    u = float(shares.sum())
    view = View(values, np.array([plane]), rows, columns, inside)
    return Work(view, weights, shares, (Step("u", "sum w x", total(shares), u),), u, u)
