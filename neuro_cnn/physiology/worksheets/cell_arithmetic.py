"""Cells that weigh what they see: the arithmetic of each kind."""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np

from neuro_cnn.backend import to_numpy
from neuro_cnn.layers import Params
from neuro_cnn.layers.responses import Rectified, Shunting, Subtractive
from neuro_cnn.layers.standardized import FLAT
from neuro_cnn.physiology.worksheets.arithmetic import (
    Array,
    Place,
    Step,
    View,
    Work,
    cut,
    here,
    minus,
    row_of,
    text,
    total,
    weight_of,
)


def linear(view: View, weights: Array, bias: float | None) -> Work:
    """e = sum w x, and u = e + bias."""
    shares = weights * view.values
    e = float(shares.sum())
    steps = [Step("e", "sum w x", total(shares), e)]
    u = e
    if bias is not None:
        u = e + bias
        steps.append(Step("u", "e + bias", minus(e, -bias), u))
    else:
        steps.append(Step("u", "e", text(e), u))
    return Work(view, weights, shares, tuple(steps), u, e, drive=u)


def conv(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """Cells of shared weights: of their group's planes, where the table connects them."""
    plane, row, column = cell
    below = len(x) // layer.groups
    group = plane // (len(params.learned.weight) // layer.groups)
    planes = np.arange(group * below, (group + 1) * below)
    weights = np.asarray(to_numpy(layer.laid(params.learned.weight)), np.float64)[plane]
    if layer.table is not None:
        seen = np.flatnonzero(layer.table[plane])
        planes, weights = planes[seen], weights[seen]
    bias = float(params.learned.bias[plane]) if layer.bias else None
    return linear(cut(x, layer.window(x.shape), row, column, planes), weights, bias)


def locally_connected(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """Cells of weights of their own."""
    plane, row, column = cell
    bias = float(params.learned.bias[plane, row, column]) if layer.bias else None
    return linear(cut(x, layer.window(x.shape), row, column), weight_of(params)[row, column, plane], bias)


def dense(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """Units that see the whole row below."""
    bias = float(params.learned.bias[cell[0]]) if layer.bias else None
    return linear(row_of(x), weight_of(params)[cell[0]][:, None, None], bias)


def scells(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """S-cells: excitation, the V-cell's inhibition, and the output function of their kind."""
    plane, row, column = cell
    view = cut(x, layer.window(x.shape), row, column)
    a, b = weight_of(params)[plane], float(params.learned.inhibition[plane])
    shares = a * view.values
    e = float(shares.sum())
    steps = [Step("e", "sum a x", total(shares), e)]
    response = layer.response
    if isinstance(response, Rectified):
        drive = e - b
        u = max(drive, 0.0)
        steps.append(Step("u", "max(0, e - b)", f"max(0, {minus(e, b)})", u))
        held = f"the excitation e = {text(e)} does not exceed the threshold b = {text(b)}"
        return Work(view, a, shares, tuple(steps), u, e, drive=drive, threshold=b, held=held)
    squares = weight_of(params, "surround", "fixed")[0] * view.values**2
    v = sqrt(float(squares.sum()))
    h = b * v
    steps.append(Step("v", "sqrt(sum c x^2)", f"sqrt({total(squares)})", v))
    steps.append(Step("h", "b v", f"{text(b)} * {text(v)}", h))
    drive, step, held = _held(response, e, h)
    steps.append(step)
    return Work(view, a, shares, tuple(steps), max(drive, 0.0), e, h, drive, response.theta, held)


def _held(response: Shunting | Subtractive, e: float, h: float) -> tuple[float, Step, str]:
    """The drive under inhibition, the last step, and what wins where the cell is silent."""
    if isinstance(response, Shunting):
        r = response.r
        part = 2 * r / (1 + r)
        drive = r * ((1 + e) / (1 + part * h) - 1)
        formula = "r max(0, (1 + e) / (1 + 2r/(1+r) h) - 1)"  # Fukushima 1980, eq. (1)
        worked = f"{text(r)} max(0, (1 + {text(e)}) / (1 + {text(part)} * {text(h)}) - 1)"
        against = f"2r/(1+r) h = {text(part * h)}"
    else:
        theta = response.theta
        drive = (e - theta * h) / (1 - theta)
        formula = "max(0, e - theta h) / (1 - theta)"
        worked = f"max(0, {text(e)} - {text(theta)} * {text(h)}) / (1 - {text(theta)})"
        against = f"theta h = {text(theta * h)}"
    won = f"inhibition wins: {against} is no less than the excitation e = {text(e)}"
    return drive, Step("u", formula, worked, max(drive, 0.0)), won


def standardized(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """Linear cells of standardised views; the whitening lies in the weights, as in the forward pass."""
    plane, row, column = cell
    view = cut(x, layer.window(x.shape), row, column)
    flat = weight_of(params)[plane].ravel() @ weight_of(params, "matrix", "fixed")
    weights = (flat - flat.mean()).reshape(view.values.shape)
    mean, square = float(view.values.mean()), float(np.mean(view.values**2))
    variance = square - mean**2
    seen = variance > FLAT * square
    gain = 0.0 if not seen else 1.0 if layer.contrast is None else 1 / sqrt(variance + layer.contrast)
    offset = float(flat @ weight_of(params, "mean", "fixed")) * seen
    shares = gain * weights * view.values
    e = float(shares.sum())
    u = e - offset
    how = "1" if layer.contrast is None else f"1 / sqrt({text(variance)} + {text(layer.contrast)})"
    steps = (
        Step("var", "mean of x^2 - (mean of x)^2", f"{text(square)} - {text(mean)}^2", variance),
        Step("g", "1 / sqrt(var + contrast)" if layer.contrast else "1", how if seen else "0, a blank view", gain),
        Step("e", "g sum w' x, w' = P w without its mean", total(shares), e),
        Step("u", "e - w P m", minus(e, offset), u),
    )
    return Work(view, weights, shares, steps, u, e, drive=u)


def contrast(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """ON-cells, centre minus surround, and OFF-cells, the other way round."""
    plane, row, column = cell
    centre, surround = (np.outer(*[weight_of(params, name, "fixed")] * 2) for name in ("centre", "surround"))
    view = cut(x, layer.window(x.shape), row, column, np.array([plane % len(x)]))
    e, h = (float(np.sum(bell * view.values)) for bell in (centre, surround))
    on = plane < len(x)
    weights = (centre - surround)[None] * (1 if on else -1)
    drive = e - h if on else h - e
    words = minus(e, h) if on else minus(h, e)
    steps = (
        Step("e", "sum centre x", total(centre * view.values), e),
        Step("h", "sum surround x", total(surround * view.values), h),
        Step("u", f"max(0, {'e - h), ON' if on else 'h - e), OFF'}-centre", f"max(0, {words})", max(drive, 0.0)),
    )
    sides = (e, h) if on else (h, e)
    held = "the surround's h outweighs the centre's e" if on else "the centre's e outweighs the surround's h"
    held = f"{held}: h = {text(h)}, e = {text(e)}"
    return Work(view, weights, weights * view.values, steps, max(drive, 0.0), *sides, drive, held=held)


def gabors(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """Gabor cells, blind to the sign of contrast, of the mean over colours."""
    view = cut(x, layer.window(x.shape), *cell[1:])
    weights = np.repeat(weight_of(params, "kernel", "fixed")[cell[0]], len(x), axis=0) / len(x)
    shares = weights * view.values
    e = float(shares.sum())
    steps = (Step("e", "sum w x", total(shares), e), Step("u", "|e|", f"|{text(e)}|", abs(e)))
    return Work(view, weights, shares, steps, abs(e), e, drive=e)


def subsampling(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """One weight and one bias for the sum over a plane's view."""
    plane = cell[0]
    view = cut(x, layer.window(x.shape), *cell[1:], np.array([plane]))
    return linear(view, np.full(view.values.shape, weight_of(params)[plane]), float(params.learned.bias[plane]))


def olshausen_field(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A whitening filter, to which the mean of the image lies beyond its edge."""
    plane = cell[0]
    mean = float(x[plane].mean())
    view = cut(x, layer.window(x.shape), *cell[1:], np.array([plane]))
    view = view._replace(values=np.where(view.inside, view.values, mean))
    weights = weight_of(params, "kernel", "fixed")[0]
    shares = weights * (view.values - mean)
    u = float(shares.sum())
    steps = (Step("m", "mean of the plane", text(mean), mean), Step("u", "sum w (x - m)", total(shares), u))
    return Work(view, weights, shares, steps, u, u, drive=u)


def prototypes(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """Cells tuned to a remembered view: the closer it is, the stronger."""
    number, band = divmod(cell[0], layer.bands)
    mask = weight_of(params, "mask", "fixed")[number // layer.planes, 0]
    weights = weight_of(params)[number] * mask
    view = cut(x, layer.window(x.shape), *cell[1:], np.arange(band, len(x), layer.bands))
    view = view._replace(values=view.values * mask)
    inputs = mask.sum() * len(weights)
    shares = (view.values - weights) ** 2 / inputs
    d = float(shares.sum())
    drive = -d / (2 * layer.sigma**2)
    steps = (
        Step("d", "mean of (x - w)^2", total(shares), d),
        Step("u", "exp(-d / (2 sigma^2))", f"exp(-{text(d)} / (2 * {text(layer.sigma)}^2))", exp(drive)),
    )
    return Work(view, weights, shares, steps, exp(drive), drive=drive)


def associations(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A-units: excitation less inhibition against a threshold; they see what they are connected with."""
    weights = weight_of(params, "weight", "fixed")[cell[0]]
    planes = np.flatnonzero(weights)
    view = here(x, cell, planes)
    shares = weights[planes][:, None, None] * view.values
    e = float(shares.sum())
    u = 1.0 if e >= layer.threshold else 0.0
    last = Step("u", "1 where e reaches the threshold, else 0", f"{text(e)} against {text(layer.threshold)}", u)
    steps = (Step("e", "sum of what excites - sum of what inhibits", total(shares), e), last)
    held = f"e = {text(e)} does not reach the threshold of {text(layer.threshold)}"
    return Work(
        view, weights[planes][:, None, None], shares, steps, u, e, drive=e, threshold=layer.threshold, held=held
    )
