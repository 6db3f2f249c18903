"""The angle between what a local rule does to a layer's weights and what backpropagation would do.

Lillicrap et al. (2016) follow this angle for the updates of feedback alignment; here it is for rules that are given
no error at all. At 90 degrees a rule neither helps nor harms the read-out, to first order.

Steps are compared in the limit of small ones, so that the angle depends on no rate and is there once a schedule has
come to 0; and by their parts tangential to each plane's weights. What a plane looks for is the direction of its
weights: their length is kept by a homeostasis, which no step along it can survive, and the radial part of the gradient
would bring every angle nearer to 90 degrees for a reason that has nothing to do with what is learned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from math import acos, cos, degrees, radians, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.physiology.learning.descent import Probe, descent, probe
from neuro_cnn.streams import generator
from neuro_cnn.training import Progress, train
from neuro_cnn.tree import tree_map

POINTS = 5
"""Updates of a phase at which angles are taken (our choice)."""
RATE = 1e-6
"""Rate of the rule's step, in double precision: small enough that it is tangential (our choice)."""
SHUFFLES = 8
"""Shuffles of planes over which the control is averaged (our choice)."""


class Angle(NamedTuple):
    """Degrees between a layer's two steps at an update; None where a step is zero, or there is nothing to shuffle.

    `update` counts over all phases of such layers; `learning` is False once the layer's phase is over; `accuracy` is
    that of the read-out through which the error came, on the images of the probe. `whole` is the angle of the layer's
    weights as one vector, `planes` the mean over planes. Controls: `shuffled` is `whole` with the rule's steps handed
    to other planes; `chance` the standard deviation that random directions have about 90; `ceiling` the angle that
    descent over endlessly many images would itself have to the estimate of it, 90 where nothing is known of it.
    """

    layer: str
    update: int
    learning: bool
    accuracy: float
    whole: float | None
    planes: float | None
    shuffled: float | None
    chance: float
    ceiling: float | None


def angles(
    net: Chain, curriculum: Curriculum, data: Dataset, *, seed: int, points: int = POINTS
) -> Iterator[tuple[Progress, list[Angle]]]:
    """Learn as `train` does until no layer learns without a teacher; after every batch, the angles taken there.

    In each phase of such layers they are taken at `points` updates, evenly spread from the first to the last, of
    every layer that learns or has learned. Raises UsageError where no layer does, or one is done in a single update.
    """
    watched = {number: followed(net, phase) for number, phase in enumerate(curriculum)}
    last = max((number for number, names in watched.items() if names), default=None)
    if last is None:
        raise UsageError(
            "no layer learns step by step from a local rule without a teacher, so no step can be compared; "
            "hebbian-wta and softhebb have such layers"
        )
    images = probe(data)
    rules: dict[str, tuple[Any, Any]] = {}
    before = 0
    for progress in train(net, curriculum[: last + 1], data, seed=seed):
        names, phase = watched[progress.phase], curriculum[progress.phase]
        done, updates = progress.epoch * progress.batches + progress.batch + 1, progress.epochs * progress.batches
        if names and updates == 1:
            raise UsageError(f"{', '.join(names)} learns in a single update; use smaller batches or more images")
        if not progress.phase_ended:  # at the end the state of the last update but one stands in
            rules.update({name: (_rule(phase, name), progress.state.learner[name]) for name in names})
        found = []
        if names and done in np.linspace(1, updates, points).round():
            found = measure(net, progress.params, rules, images, before + done, () if progress.phase_ended else names)
        before += updates if names and progress.phase_ended else 0
        yield progress, found


def followed(net: Chain, phase: Phase) -> tuple[str, ...]:
    """The layers of a phase that a rule without a teacher moves step by step, the read-out apart."""
    if isinstance(phase.method, Backprop) or phase.epochs == 0:
        return ()
    rules = {name: _rule(phase, name) for name in phase.learners(net) if hasattr(net[name], "associate")}
    free = (name for name, rule in rules.items() if not (rule.supervised or rule.grows))
    return tuple(name for name in free if name != net.names[-1])


def measure(
    net: Chain,
    params: dict[str, Params],
    rules: Mapping[str, tuple[Any, Any]],
    images: Probe,
    update: int = 0,
    learning: tuple[str, ...] = (),
) -> list[Angle]:
    """The angle of each layer that has a rule, given with its state, to descent; nothing is changed.

    Raises FloatingPointError where a layer's weights are no longer numbers.
    """
    weights = {name: _rows(params[name].learned.weight) for name in rules}
    for name, weight in weights.items():
        if not np.isfinite(weight).all():
            raise FloatingPointError(f"{name}: weights are no longer numbers after update {update}; lower the rate")
    zero = {name: np.zeros_like(weight) for name, weight in weights.items()}
    mine, halves = dict(zero), (dict(zero), dict(zero))
    correct = 0.0
    for place, batch in enumerate(descent(net, params, images)):
        half = halves[place % 2]
        for name, (rule, state) in rules.items():
            moves = step(net[name], params[name], rule, state, batch.activity[name], batch.labels)
            mine[name] = mine[name] + _rows(moves)
            half[name] = half[name] + _rows(batch.steps[name])
        correct += batch.right
    accuracy = correct / len(images.shown)
    found = []
    for name, weight in weights.items():
        moved, one, other = (tangential(each[name], weight) for each in (mine, *halves))
        found.append(Angle(name, update, name in learning, accuracy, *_compared(moved, one, other, weight)))
    return found


def step(layer: Any, params: Params, rule: Any, state: Any, activity: Any, labels: Array) -> Array:
    """What one small update by the rule adds to the layer's weights, (K, ...), its normalisation included.

    A rule without a rate takes the step that it takes.
    """
    if any(field.name == "rate" for field in fields(rule)):
        rule = replace(rule, rate=RATE)
    params, state, activity = (_double(each) for each in (params, state, activity))
    after, _ = rule.update(layer, params, state, activity, labels, generator(0, "angles"))
    return after.learned.weight - params.learned.weight


def tangential(steps: NDArray[Any], weight: NDArray[Any]) -> NDArray[Any]:
    """Each plane's step without its part along the plane's weights: (K, D), (K, D) -> (K, D)."""
    power = np.sum(weight * weight, axis=1, keepdims=True)
    along = np.sum(steps * weight, axis=1, keepdims=True) / np.where(power > 0, power, 1)
    return np.asarray(steps - along * weight)


def between(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Angles between vectors in degrees, NaN where one is zero: (..., D), (..., D) -> (...).

    By half the angle of a rhombus, for the arc cosine is inexact near 0 and 180.
    """
    long = [np.linalg.norm(each, axis=-1, keepdims=True) for each in (a, b)]
    a, b = (each / np.where(norm > 0, norm, np.nan) for each, norm in zip((a, b), long, strict=True))
    return np.asarray(np.degrees(2 * np.arctan2(np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1))))


def ceiling(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Degrees between the sum of two independent estimates of a direction, of one shape, and that direction itself.

    90 where the estimates do not agree at all, NaN where one is zero.
    """
    angle = _together(one, other)
    agreement = cos(radians(min(angle, 90.0)))
    # the sum of two that agree by c agrees with the truth by sqrt(2 c / (1 + c))   Spearman 1910, Brown 1910
    return float("nan") if np.isnan(angle) else degrees(acos(min(sqrt(2 * agreement / (1 + agreement)), 1.0)))


def _rule(phase: Phase, name: str) -> Any:
    method: Any = phase.method
    return method.rule_of(name)


def _compared(mine: NDArray[Any], one: NDArray[Any], other: NDArray[Any], weight: NDArray[Any]) -> tuple[Any, ...]:
    """The last five of an Angle, from the rule's step and the descents over two halves of the images, (K, D) each."""
    best = one + other
    planes = len(mine)
    turns = sorted({1 + i * (planes - 1) // SHUFFLES for i in range(SHUFFLES)}) if planes > 1 else []
    shuffled = [_together(tangential(np.roll(mine, turn, axis=0), weight), best) for turn in turns]
    # cosines of random directions in D dimensions deviate by 1 / sqrt(D), and so do, in radians, angles near 90
    chance = degrees(1 / sqrt(max(weight.size - planes, 1)))
    angle, by_plane, control = _together(mine, best), _mean(between(mine, best)), _mean(np.array(shuffled))
    return (*map(_number, (angle, by_plane, control)), chance, _number(ceiling(one, other)))


def _together(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(between(a.reshape(-1), b.reshape(-1)))


def _mean(values: NDArray[Any]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _rows(weight: Array) -> NDArray[Any]:
    """Weights in host memory and double precision, a row a plane: (K, ...) -> (K, D)."""
    return np.asarray(to_numpy(weight), np.float64).reshape(weight.shape[0], -1)


def _double(tree: Any) -> Any:
    """The tree in double precision; counters stay."""

    def doubled(leaf: Any) -> Any:
        if "float" not in str(getattr(leaf, "dtype", "")):
            return leaf
        xp = namespace(leaf)
        return xp.astype(leaf, xp.float64)

    return tree_map(doubled, tree)
