"""What r means: the cosine from which on a shunting S-cell answers, after one pattern and after several.

An S-cell that Fukushima's rule has taught patterns x_1 ... x_n from negligible weights has a = q c sum x_i and
b = (q / 2) sum v(x_i). By eq. (1) of 1980 it fires if sum a y > 2r/(1+r) b v(y), that is, if the cosine of y to the
sum of its patterns exceeds

    theta_n = r/(1+r) * sum ||x_i|| / ||sum x_i||        (norms and cosines weighted by c)

For one pattern this is r/(1+r). Several make the cell more selective, for the sum of the norms is never below the norm
of the sum; above 1 it answers to nothing. Our derivation; the law for one pattern is Fukushima's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params, SCells, Shunting
from neuro_cnn.rules import Fukushima1980
from neuro_cnn.tree import tree_map

SIDE = 8
"""Side of the view in which patterns are made (our choice)."""
NEGLIGIBLE = 1e-12
"""Initial weights: far below what one presentation adds."""


class Cell(NamedTuple):
    """One S-cell with one view, and its weights in double precision."""

    layer: SCells
    params: Params

    def respond(self, views: NDArray[Any]) -> NDArray[Any]:
        """Its responses to views: (N, C, h, w) -> (N,)."""
        answers: NDArray[Any] = self.layer.respond(self.params, views)[:, 0, 0, 0]
        return answers

    def norm(self, views: NDArray[Any]) -> NDArray[Any]:
        """Norms of views under the V-cell's weights c: (N, C, h, w) -> (N,)."""
        return np.asarray(np.sqrt(np.sum(self.params.fixed.surround * views**2, axis=(1, 2, 3))))

    def cosine(self, views: NDArray[Any], pattern: NDArray[Any]) -> NDArray[Any]:
        """Cosines of views to a pattern (C, h, w) under c: (N, C, h, w) -> (N,)."""
        product = np.sum(self.params.fixed.surround * views * pattern, axis=(1, 2, 3))
        return np.asarray(product / (self.norm(views) * self.norm(pattern[None])))


class Mixture(NamedTuple):
    """A cell of n patterns: its threshold by the law and as measured (None: it answers to nothing), on cosines to
    their sum; its responses at these cosines to the sum and to one of them; and each pattern's own place.

    `own` are each pattern's cosine to the sum and the cell's response to it, (n, 2).
    """

    patterns: int
    law: float
    measured: float | None
    cosines: NDArray[Any]
    to_sum: NDArray[Any]
    to_one: NDArray[Any]
    own: NDArray[Any]


def taught(patterns: NDArray[Any], r: float, q: float = 16.0, gamma: float = 1.0) -> Cell:
    """An S-cell that was seed for each of the patterns (n, C, h, w) once, in one batch: by the rule of 1980 itself."""
    layer = SCells(1, (patterns.shape[2], patterns.shape[3]), response=Shunting(r, gamma))
    rule, rng = Fukushima1980(q, 1, NEGLIGIBLE), np.random.default_rng(0)
    params = tree_map(lambda leaf: leaf.astype(np.float64), layer.init(patterns.shape[1:], rng))
    params, state = rule.start(layer, params, patterns, rng, 1)
    activity = layer.forward(params, patterns)[1]
    return Cell(layer, rule.update(layer, params, state, activity, None, rng)[0])


def threshold(cell: Cell, patterns: NDArray[Any]) -> float:
    """The cosine to the sum of its patterns from which on the cell answers, by the law."""
    r = cell.layer.response.r  # type: ignore[union-attr]
    return float(r / (1 + r) * cell.norm(patterns).sum() / cell.norm(patterns.sum(axis=0, keepdims=True))[0])


def overlapping(count: int, overlap: float, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Random patterns (count, 1, 8, 8) of norm 1 whose cosines to each other are `overlap`; and one, (1, 8, 8), that
    overlaps with none.

    Each is one part that all share beside one of its own. Raises UsageError for an overlap outside 0 to 1.
    """
    if not 0 <= overlap <= 1:
        raise UsageError(f"patterns that overlap by {overlap:g}; give a cosine from 0 to 1")
    pixels = np.array_split(rng.permutation(SIDE * SIDE), count + 2)
    parts = np.zeros((count + 2, SIDE * SIDE))
    for part, chosen in zip(parts, pixels, strict=True):
        part[chosen] = rng.uniform(0.5, 1, len(chosen))
    parts *= SIDE / np.linalg.norm(parts, axis=1, keepdims=True)  # norm 1 under c = 1 / 64
    shared, aside, own = parts[0], parts[1], parts[2:]
    made = np.sqrt(overlap) * shared + np.sqrt(1 - overlap) * own
    return made.reshape(count, 1, SIDE, SIDE), aside.reshape(1, SIDE, SIDE)


def mixture(count: int, overlap: float, r: float, q: float = 16.0, seed: int = 0) -> Mixture:
    """What a cell answers to that was taught so many random patterns of this overlap."""
    patterns, aside = overlapping(count, overlap, np.random.default_rng([seed, count]))
    cell = taught(patterns, r, q)
    total = patterns.sum(axis=0)
    total = total / cell.norm(total[None])
    cosines = np.linspace(0, 1, 101)
    places = np.stack([cell.cosine(patterns, total), cell.respond(patterns)], axis=1)
    to_sum, to_one = (cell.respond(probes(cosines, towards, aside)) for towards in (total, patterns[0]))
    return Mixture(count, threshold(cell, patterns), _measured(cell, total, aside), cosines, to_sum, to_one, places)


class Threshold(NamedTuple):
    """A threshold by the law and as measured (None: the cell answers to nothing), for patterns of this overlap."""

    overlap: float
    law: float
    measured: float | None


def thresholds(count: int, r: float, q: float = 16.0, seed: int = 0) -> list[Threshold]:
    """The threshold of cells that were taught so many patterns, for overlaps from 0 to 1 in steps of 0.05."""
    found = [(step / 20, mixture(count, step / 20, r, q, seed)) for step in range(21)]
    return [Threshold(overlap, each.law, each.measured) for overlap, each in found]


def probes(cosines: NDArray[Any], towards: NDArray[Any], aside: NDArray[Any]) -> NDArray[Any]:
    """Views of these cosines (N,) to a pattern, the rest of them lying in another that is orthogonal to it."""
    along, away = cosines[:, None, None, None], np.sqrt(1 - cosines**2)[:, None, None, None]
    return np.asarray(along * towards + away * aside)


def _measured(cell: Cell, total: NDArray[Any], aside: NDArray[Any]) -> float | None:
    """The threshold by bisection on the cell's responses."""
    low, high = 0.0, 1.0
    if cell.respond(probes(np.array([high]), total, aside))[0] <= 0:
        return None
    while high - low > 1e-6:
        middle = (low + high) / 2
        if cell.respond(probes(np.array([middle]), total, aside))[0] > 0:
            high = middle
        else:
            low = middle
    return high
