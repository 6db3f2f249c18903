"""Cells with one cell below, or one column of cells: the arithmetic of what only passes responses on."""

from __future__ import annotations

from math import tanh
from typing import Any

import numpy as np

from neuro_cnn.layers import Params
from neuro_cnn.physiology.arithmetic import Array, Place, Step, View, Work, here, minus, text, total


def flatten(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A cell of a map, in a row with all others."""
    del layer, params
    plane, row, column = (int(each) for each in np.unravel_index(cell[0], (*x.shape, 1, 1)[:3]))
    view = here(x, (plane, row, column), np.array([plane]))
    return _passed(view, "x", text(view.values.item()), view.values.item())


def relu(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """The positive part of one cell."""
    del layer, params
    view = here(x, cell, np.array([cell[0]]))
    value = view.values.item()
    return _passed(view, "max(0, x)", f"max(0, {text(value)})", max(value, 0.0))


def scaled_tanh(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """A cell squashed as in LeNet-5 of 1998."""
    del params
    view = here(x, cell, np.array([cell[0]]))
    value = view.values.item()
    worked = f"{text(layer.amplitude)} tanh({text(layer.steepness)} * {text(value)})"
    return _passed(view, "A tanh(S x)", worked, layer.amplitude * tanh(layer.steepness * value))


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
    return Work(view, weights, weights * view.values, steps, u, e, m, drive)


def _passed(view: View, formula: str, worked: str, u: float) -> Work:
    """One cell's response, made of that of one cell below."""
    return Work(view, None, np.full(view.values.shape, u), (Step("u", formula, worked, u),), u)
