"""Cells that are wired by hand: the arithmetic of simple and end-stopped cells, and of what divides them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuro_cnn.layers import Params
from neuro_cnn.physiology.worksheets.arithmetic import Array, Place, Step, Work, cut, minus, text, total, weight_of


def simple_cells(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """Simple cells: what ON- and OFF-cells push with, minus what they pull with, rectified."""
    view = cut(x, layer.window(x.shape), *cell[1:])
    weights = weight_of(params, "kernel", "fixed")[cell[0]]
    shares = weights * view.values
    push, pull = np.where(weights > 0, shares, 0), np.where(weights < 0, -shares, 0)
    e, h = float(push.sum()), float(pull.sum())
    drive = e - h
    steps = (
        Step("e", "sum w x, w above 0", total(push), e),
        Step("h", "sum |w| x, w below 0", total(pull), h),
        Step("u", "max(0, e - h)", f"max(0, {minus(e, h)})", max(drive, 0.0)),
    )
    held = f"the pull of h = {text(h)} outweighs the push of e = {text(e)}"
    return Work(view, weights, shares, steps, max(drive, 0.0), e, h, drive, held=held)


def end_stopped(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """End-stopped cells: the complex cell in their middle, held down by those at the ends of its line."""
    plane, row, column = cell
    view = cut(x, layer.window(x.shape), row, column, np.array([plane]))
    weights = weight_of(params, "kernel", "fixed")[plane]
    shares = weights * view.values
    ends = -shares
    ends[0, layer.reach, layer.reach] += x[plane, row, column]
    e, h = float(x[plane, row, column]), float(ends.sum())
    drive = e - h
    steps = (
        Step("e", "x of the cell in the middle", text(e), e),
        Step("h", "strength / 2 (x at one end + x at the other)", total(ends), h),
        Step("u", "max(0, e - h)", f"max(0, {minus(e, h)})", max(drive, 0.0)),
    )
    held = f"the cells at its ends, h = {text(h)}, outweigh the one in the middle, e = {text(e)}"
    return Work(view, weights, shares, steps, max(drive, 0.0), e, h, drive, held=held)


def divisive(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A cell's energy over that of the pool around it; cells contribute energy, the pool's with a minus sign."""
    plane, row, column = cell
    view = cut(x, layer.window(x.shape), row, column)
    bell = weight_of(params, "bell", "fixed")
    pool = np.broadcast_to(np.outer(bell, bell) / len(x), view.values.shape)
    energy = view.values**2
    weights = -pool
    weights[plane, layer.reach, layer.reach] += 1
    e, p = float(x[plane, row, column] ** 2), float(np.sum(pool * energy))
    square = layer.semisaturation**2
    u = e / (square + p)
    steps = (
        Step("e", f"x^2 of plane {plane}", f"({text(x[plane, row, column])})^2", e),
        Step("p", f"mean x^2 of {len(x)} planes under a Gaussian", total(pool * energy), p),
        Step("u", "e / (s^2 + p)", f"{text(e)} / ({text(layer.semisaturation)}^2 + {text(p)})", u),
    )
    return Work(
        view, weights, weights * energy, steps, u, e, p, held="the cell below it, whose energy it is, is silent"
    )
