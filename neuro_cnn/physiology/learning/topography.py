"""The map on a sheet of units: which orientation each prefers, how smoothly that changes, and where it turns about."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.curriculum import Backprop, Curriculum
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params, Shape
from neuro_cnn.network import Chain
from neuro_cnn.physiology.deep.backprojection import backprojection
from neuro_cnn.rules import Hebbian, Neighbourhood

SHUFFLES = 100
"""Random orders of the units, beside which their map is seen (our choice)."""


class Pinwheel(NamedTuple):
    """A point around which all orientations lie: the middle of 2 x 2 units, in units of the sheet from its first.

    `turn` is 1 where orientations turn with the way around it, counter-clockwise, by 180 degrees, and -1 against it.
    """

    row: float
    column: float
    turn: int


class Topography(NamedTuple):
    """A sheet's fields (rows, columns, h, w), and of each unit its orientation, in degrees, and selectivity.

    Orientation and selectivity are (rows, columns). `neighbours` are the differences of orientation between units side
    by side, in degrees, (pairs,), and `shuffled` those of the same units in random places, (SHUFFLES * pairs,). Without
    a map both are alike, with a mean of 45 where all orientations are equally frequent.
    """

    fields: NDArray[Any]
    orientation: NDArray[Any]
    selectivity: NDArray[Any]
    neighbours: NDArray[Any]
    shuffled: NDArray[Any]
    pinwheels: tuple[Pinwheel, ...]


def topography(
    net: Chain, params: dict[str, Params], in_shape: Shape, curriculum: Curriculum, layer: str
) -> Topography:
    """The map on a layer that has learned by neighbourhood. Raises UsageError for any other."""
    rows, columns = sheet(net, curriculum, layer)
    fields = backprojection(net, params, in_shape, layer).weights.mean(axis=1)  # over colours: (K, h, w)
    angle, selectivity = (each.reshape(rows, columns) for each in orientations(fields))
    rng = np.random.default_rng(0)
    shuffled = [differences(rng.permutation(angle.ravel()).reshape(rows, columns)) for _ in range(SHUFFLES)]
    fields = fields.reshape(rows, columns, *fields.shape[1:])
    return Topography(fields, angle, selectivity, differences(angle), np.concatenate(shuffled), pinwheels(angle))


def sheet(net: Chain, curriculum: Curriculum, layer: str) -> tuple[int, int]:
    """Rows and columns of the sheet on which a layer learned."""
    for phase in curriculum:
        if layer in phase.learners(net) and not isinstance(phase.method, Backprop):
            rule = phase.method.rule_of(layer)
            if isinstance(rule, Hebbian) and isinstance(rule.competition, Neighbourhood):
                return rule.competition.rows, rule.competition.columns
    net[layer]
    raise UsageError(f"layer {layer} of this run did not learn on a sheet; cortical-sheet has such a layer, S1")


def orientations(fields: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Preferred orientation, in degrees from 0 to 180, and selectivity, from 0 to 1, of fields (K, h, w): (K,), (K,).

    The squared response of a linear cell to gratings of every frequency is its power spectrum P(f); the mean of
    P exp(2i angle(f)) has the preferred orientation in its angle and in its length, over the mean of P, 1 minus the
    circular variance. Orientation is that of the bars, counter-clockwise from horizontal. Diffuse light is left out.
    """
    height, width = fields.shape[1:]
    down, across = np.meshgrid(np.fft.fftfreq(2 * height), np.fft.fftfreq(2 * width), indexing="ij")
    power = np.abs(np.fft.fft2(fields, (2 * height, 2 * width))) ** 2 * ((down != 0) | (across != 0))
    harmonic = np.sum(power * np.exp(2j * np.arctan2(-down, across)), axis=(1, 2))  # rows go down, angles up
    total = power.sum(axis=(1, 2))
    along = np.degrees(np.angle(harmonic)) / 2 + 90  # bars lie across their grating's direction
    return along % 180, np.abs(harmonic) / np.where(total > 0, total, 1)


def differences(angle: NDArray[Any]) -> NDArray[Any]:
    """Differences of orientation, from 0 to 90 degrees, between units side by side: (rows, columns) -> (pairs,)."""
    below, right = _turned(angle[:-1], angle[1:]), _turned(angle[:, :-1], angle[:, 1:])
    return np.asarray(np.abs(np.concatenate([below.ravel(), right.ravel()])))


def pinwheels(angle: NDArray[Any]) -> tuple[Pinwheel, ...]:
    """Where orientation turns by 180 degrees on the way around 2 x 2 units, each step taken the shorter way."""
    corners = (angle[:-1, :-1], angle[1:, :-1], angle[1:, 1:], angle[:-1, 1:])  # counter-clockwise, rows going down
    steps = [_turned(start, stop) for start, stop in zip(corners, (*corners[1:], corners[0]), strict=True)]
    turns = np.rint(np.sum(steps, axis=0) / 180).astype(int)
    return tuple(Pinwheel(row + 0.5, column + 0.5, int(turns[row, column])) for row, column in np.argwhere(turns))


def _turned(start: NDArray[Any], stop: NDArray[Any]) -> NDArray[Any]:
    """From one orientation to the other the shorter way, from -90 up to 90 degrees."""
    return np.asarray((stop - start + 90) % 180 - 90)
