"""Output functions: the arithmetic of the curve that makes one cell's drive its response."""

from __future__ import annotations

from collections.abc import Callable
from math import erf, exp, expm1, log, log1p, sqrt, tanh
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from neuro_cnn.layers import Params
from neuro_cnn.physiology.worksheets.arithmetic import Array, Place, Work, here, minus, passed, text, weight_of


class Curve(NamedTuple):
    """A curve at one drive: formula, formula in numbers, and value."""

    formula: str
    worked: str
    value: float


Drawn: TypeAlias = Callable[[Any, Params, int, float], Curve]
"""A layer's curve, from the layer, its params, the cell's plane and its drive x."""


def curve(layer: Any, params: Params, x: Array, cell: Place) -> Work:
    """One cell's response, by the output function of its layer."""
    view = here(x, cell, np.array([cell[0]]))
    drive = view.values.item()
    work = passed(view, *CURVES[layer.kind](layer, params, cell[0], drive))
    return work._replace(drive=drive, held=f"its drive, {text(drive)}, is not above 0")


def _relu(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del layer, params, plane
    return Curve("max(0, x)", f"max(0, {text(x)})", max(x, 0.0))


def _bent(x: float, slope: float, name: str) -> Curve:
    """x above 0, and so many times x below."""
    if x > 0:
        return Curve("x, above 0", text(x), x)
    return Curve(f"{name} x, below 0", f"{text(slope)} * {text(x)}", slope * x)


def _leaky(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del params, plane
    return _bent(x, layer.leak, "leak")


def _rrelu(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del params, plane
    return _bent(x, (layer.lower + layer.upper) / 2, "(lower + upper) / 2")  # at rest


def _prelu(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del layer
    return _bent(x, float(weight_of(params)[plane]), "weight")


def _exponential(x: float, alpha: float, scale: float) -> Curve:
    """scale x above 0, and scale alpha (e^x - 1) below."""
    times, by = ("", "") if scale == 1 else ("scale ", f"{text(scale)} * ")
    if x > 0:
        return Curve(f"{times}x, above 0", by + text(x), scale * x)
    value = scale * alpha * expm1(x)
    return Curve(f"{times}alpha (e^x - 1), below 0", f"{by}{text(alpha)} * (e^{text(x)} - 1)", value)


def _elu(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del params, plane
    return _exponential(x, layer.alpha, 1.0)


def _selu(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del layer, params, plane
    return _exponential(x, 1.6732632423543772, 1.0507009873554805)  # Klambauer et al. (2017), eq. (14)


def _isrlu(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del params, plane
    if x > 0:
        return Curve("x, above 0", text(x), x)
    worked = f"{text(x)} / sqrt(1 + {text(layer.alpha)} * ({text(x)})^2)"
    return Curve("x / sqrt(1 + alpha x^2), below 0", worked, x / sqrt(1 + layer.alpha * x * x))


def _log_of_one_and(x: float) -> float:
    """ln(1 + e^x), without an overflow."""
    return max(x, 0.0) + log1p(exp(-abs(x)))


def _softplus(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del layer, params, plane
    return Curve("ln(1 + e^x)", f"ln(1 + e^{text(x)})", _log_of_one_and(x))


def _soft_plus_plus(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del params, plane
    k, c = layer.k, layer.c
    worked = f"ln(1 + e^({text(k)} * {text(x)})) + {text(x)} / {text(c)} - ln 2"
    return Curve("ln(1 + e^(k x)) + x / c - ln 2", worked, _log_of_one_and(k * x) + x / c - log(2))


def _bent_identity(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del layer, params, plane
    value = (sqrt(x * x + 1) - 1) / 2 + x
    return Curve("(sqrt(x^2 + 1) - 1) / 2 + x", f"(sqrt(({text(x)})^2 + 1) - 1) / 2 + {text(x)}", value)


def _tanh(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del layer, params, plane
    return Curve("tanh(x)", f"tanh({text(x)})", tanh(x))


def _scaled_tanh(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del params, plane
    worked = f"{text(layer.amplitude)} tanh({text(layer.steepness)} * {text(x)})"
    return Curve("A tanh(S x)", worked, layer.amplitude * tanh(layer.steepness * x))


def _logistic(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del layer, params, plane
    return Curve("1 / (1 + e^-x)", f"1 / (1 + e^{text(-x)})", exp(-_log_of_one_and(-x)))


def _gelu(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del layer, params, plane
    phi = (1 + erf(x / sqrt(2))) / 2
    return Curve("x Phi(x), Phi of the normal distribution", f"{text(x)} * {text(phi)}", x * phi)


def _srelu(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del layer
    left, low, right, high = (float(weight_of(params, name)[plane]) for name in params.learned._fields)
    if x < left:
        worked = f"{text(left)} + {text(low)} * ({minus(x, left)})"
        return Curve("t_l + a_l (x - t_l), left of t_l", worked, left + low * (x - left))
    if x > right:
        worked = f"{text(right)} + {text(high)} * ({minus(x, right)})"
        return Curve("t_r + a_r (x - t_r), right of t_r", worked, right + high * (x - right))
    return Curve("x, between the bends", text(x), x)


def _apl(layer: Any, params: Params, plane: int, x: float) -> Curve:
    del layer
    slopes, places = (weight_of(params, name)[:, plane] for name in ("slope", "place"))
    terms = [max(x, 0.0), *(slopes * np.maximum(places - x, 0))]
    bends = [f"{text(a)} max(0, {minus(b, x)})" for a, b in zip(slopes, places, strict=True)]
    worked = " + ".join([f"max(0, {text(x)})", *bends]).replace("+ -", "- ")
    return Curve("max(0, x) + sum a_s max(0, b_s - x)", worked, float(sum(terms)))


CURVES: dict[str, Drawn] = {
    "apl": _apl,
    "bent_identity": _bent_identity,
    "elu": _elu,
    "gelu": _gelu,
    "isrlu": _isrlu,
    "leaky_relu": _leaky,
    "logistic": _logistic,
    "prelu": _prelu,
    "relu": _relu,
    "rrelu": _rrelu,
    "scaled_tanh": _scaled_tanh,
    "selu": _selu,
    "soft_plus_plus": _soft_plus_plus,
    "softplus": _softplus,
    "srelu": _srelu,
    "tanh": _tanh,
}
"""The curve of every kind of output function."""
