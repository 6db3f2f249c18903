"""Cells that remember: the arithmetic of distances to templates and codes, and of the similarity to references."""

from __future__ import annotations

from math import inf, sqrt
from typing import Any

import numpy as np

from neuro_cnn.backend import to_numpy
from neuro_cnn.layers import Params
from neuro_cnn.layers.interpolating import whole
from neuro_cnn.physiology.worksheets.arithmetic import (
    Array,
    Place,
    Step,
    Work,
    cut,
    here,
    nothing,
    row_of,
    text,
    total,
    weight_of,
)
from neuro_cnn.physiology.worksheets.pool_arithmetic import strongest
from neuro_cnn.tree import tree_map


def nearest(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """Minus the squared distance to the nearest template of the class."""
    del layer
    mine = np.flatnonzero(to_numpy(params.fixed.labels) == cell[0])
    if not mine.size:
        return nothing(x, "no template is of this class", -inf)
    templates = weight_of(params, "templates", "fixed")[mine]
    which = int(np.argmin(((templates - x) ** 2).sum(axis=1)))
    return _distance(x, templates[which], f"template {mine[which]}, the nearest of {len(mine)}")


def rbf(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """Minus the squared distance to the class's code."""
    del layer
    return _distance(x, weight_of(params, "code", "fixed")[cell[0]], "the code of its class")


def _distance(x: Array, remembered: Array, what: str) -> Work:
    weights = remembered[:, None, None]
    shares = -((x[:, None, None] - weights) ** 2)
    u = float(shares.sum())
    d = Step("d", f"sum (x - w)^2, w being {what}", total(-shares), -u)
    return Work(row_of(x), weights, shares, (d, Step("u", "-d", text(u), u)), u, drive=u)


def interpolating_vector(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """Similarity to the nearest point between two references of the class, at the position where it is best."""
    host = tree_map(to_numpy, params)
    vectors, label = whole(host.fixed).astype(np.float64), cell[0]
    mine = np.flatnonzero(host.fixed.labels == label)
    if not mine.size:
        return nothing(x, "no reference is of this class", -inf)
    _, won = layer.forward(host, x[None].astype(host.fixed.vectors.dtype))
    place, first, second = (int(part[0, label]) for part in (won.place, won.first, won.second))
    view = row_of(x) if x.ndim == 1 else cut(x, layer.window(x.shape), *divmod(place, 2 * layer.reach + 1))
    one, two = (vectors[which].reshape(view.values.shape) for which in (first, second))
    # each view is measured by its own length; a silent one is like nothing
    length = sqrt(float(np.sum(view.values**2)))
    unit = view.values / (length or 1.0)
    s, t = float(np.sum(one * unit)), float(np.sum(two * unit))
    name = f"reference {first}, one of the {len(mine)} of the class"
    steps = [Step("n", "sqrt(sum x^2)", f"sqrt({total(view.values**2)})", length)]
    steps.append(Step("s", f"sum v x / n, v being {name}", total(one * unit), s))
    if first == second or not won.far[0, label]:  # the nearest point is a reference itself
        steps.append(Step("u", "s", text(s), s))
        return Work(view, one, one * unit, tuple(steps), s, s, drive=s)
    steps.append(Step("t", f"sum v' x / n, v' being reference {second}", total(two * unit), t))
    g = float(np.sum(one * two))
    u = sqrt((s * s + t * t - 2 * s * t * g) / (1 - g * g))
    steps.append(Step("g", "sum v v'", total(one * two), g))
    worked = f"sqrt(({text(s)}^2 + {text(t)}^2 - 2 * {text(s)} * {text(t)} * {text(g)}) / (1 - {text(g)}^2))"
    steps.append(Step("u", "sqrt((s^2 + t^2 - 2 s t g) / (1 - g^2))", worked, u))  # Fukushima 2013
    # the slopes of u in s and t, by which it is linear in x / n
    weights = ((s - g * t) * one + (t - g * s) * two) / ((1 - g * g) * u)
    return Work(view, weights, weights * unit, tuple(steps), u, u, drive=u)


def labelled(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """The strongest cell of a class; a class that has no cells is silent."""
    del layer
    planes = np.flatnonzero(to_numpy(params.fixed.table)[cell[0]])
    if not planes.size:
        return nothing(x, "no cell is of this class", 0.0)
    work = strongest(here(x, cell, planes))
    if len(planes) == len(x):
        return work
    u = max(work.response, 0.0)  # the cells of other classes count as silent
    step = Step("y", "max(0, u), cells of other classes being 0", f"max(0, {text(work.response)})", u)
    return work._replace(steps=(*work.steps, step), response=u)
