"""The health of a learned layer: are its planes in use, do they differ, and how long have their weights become?"""

from __future__ import annotations

from math import log
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.backend import namespace, to_numpy
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.tree import leaves

SHOWN = 500
"""Training images on which wins are counted, evenly spread over all: they may be sorted by class (our choice)."""
FAIR = 10
"""Wins that a dense unit should have on average among them, where there are images enough (our choice)."""
DEAD = 0.02
"""A unit is dead when it wins less than this part of its fair share (our choice)."""
WORRY = 0.05
"""Share of dead units from which a health line complains (our choice)."""
ALIKE = 0.95
"""Median nearest-filter cosine from which filters have collapsed onto each other (our choice)."""
FAR = 10.0
"""Ratio of norms from which they are far apart, and a median norm that is far from 1 (our choice)."""


class Health(NamedTuple):
    """What each plane of a layer wins, how near its nearest other is, how long its weights are, and their rank.

    `wins` (K,) counts won positions; `cosines` (K,) are NaN where a plane has no other; `norms` (K,). `spare` (K,)
    planes have never been a seed: their inhibitory weight b is 0 still. Of them nothing is asked. `rank` is the
    effective rank of the weights, None where all are 0, and `full_rank` the most that it can be, min(K, D). Where
    cells are inhibited in proportion to their weights (`inhibited`), norms are free; where planes learn with their
    neighbours on a sheet (`neighbours`), they are meant to be alike.
    """

    wins: Any
    cosines: Any
    norms: Any
    spare: Any
    rank: float | None
    full_rank: int
    inhibited: bool = False
    neighbours: bool = False

    @property
    def planes(self) -> int:
        """K, the number of planes."""
        return len(self.wins)

    @property
    def blank(self) -> bool:
        """Whether nothing was won, for nothing was to be seen."""
        return not self.wins.sum()

    @property
    def dead(self) -> tuple[bool, ...]:
        """Which planes win less than 2 % of their fair share, spare ones apart."""
        return tuple(bool(d) for d in (self.shares < DEAD) & ~self.spare)

    @property
    def dead_units(self) -> float:
        """Share of dead units, in [0, 1]."""
        return sum(self.dead) / self.planes

    @property
    def shares(self) -> Any:
        """What each plane wins as a multiple of its fair share, 1/K of all wins, (K,)."""
        return self.wins * self.planes / max(self.wins.sum(), 1)

    @property
    def win_entropy(self) -> float | None:
        """Entropy of the shares of wins over log K: 1 where all planes win alike, 0 where one takes all."""
        wins = self.wins[~self.spare]
        if len(wins) < 2 or not wins.sum():
            return None
        share = wins[wins > 0] / wins.sum()
        return abs(float(np.sum(share * np.log(share)))) / log(len(wins))  # -sum p ln p, never -0

    @property
    def redundancy(self) -> float | None:
        """The median cosine of a filter to its nearest other; None where there is no other."""
        known = self.cosines[~np.isnan(self.cosines)]
        return float(np.median(known)) if len(known) else None

    def numbers(self) -> dict[str, float | int | None]:
        """All of it as plain numbers by name; of cosines and norms the least, quartiles and the largest."""
        return {
            "planes": self.planes,
            "never_learned": int(self.spare.sum()),
            "dead_units": self.dead_units,
            "win_entropy": self.win_entropy,
            **_five("cosine", self.cosines[~np.isnan(self.cosines)]),
            "effective_rank": self.rank,
            "relative_rank": None if self.rank is None else self.rank / self.full_rank,
            **_five("norm", self.norms[~self.spare]),
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong, each with its cure."""
        found = []
        if self.blank:
            found.append("blank input: look at the images, and at the layers below")
        elif self.dead_units >= WORRY and not self.spare.any():
            found.append("dead planes: use initial=data, a larger conscience or fewer planes")
        if not self.neighbours and self.redundancy is not None and self.redundancy >= ALIKE:
            found.append("filters alike: use soft_hebb, whose losers turn away, a lower temperature, or fewer planes")
        low, middle, high = np.quantile(self.norms, (0, 0.5, 1))
        if not self.inhibited and not (middle <= min(FAR, FAR * low) and high <= FAR * middle):
            found.append("norms far from 1: add unit_norm, lower the rate, or give more updates")
        return tuple(found)

    def line(self, name: str) -> str:
        """The health in one line, with a cure where the layer needs one."""
        facts = [f"{sum(self.dead)} of {self.planes} units dead ({100 * self.dead_units:.1f} %)"]
        if self.spare.any():
            facts.append(f"{self.spare.sum()} never learned")
        if self.redundancy is not None:
            facts.append(f"median nearest-filter cosine {self.redundancy:.2f}")
        if self.win_entropy is not None:
            facts.append(f"win entropy {self.win_entropy:.2f}")
        if self.rank is not None:
            facts.append(f"rank {self.rank:.1f} of {self.full_rank}")
        if not self.spare.all():
            low, high = (f"{norm:.2g}" for norm in np.quantile(self.norms[~self.spare], (0, 1)))
            facts.append(f"norms {low} to {high}" if low != high else f"norm {low}")
        return "; ".join([f"{name}: {', '.join(facts)}", *self.warnings])


def health(net: Chain, params: dict[str, Params], images: Any, layer: str, neighbours: bool = False) -> Health:
    """Health of one layer from 500 of these images, (N, C, H, W): who wins where, and how filters differ.

    At every position that is not blank the plane with the largest drive wins. `neighbours` says that planes learned
    with those beside them.
    """
    xp = namespace(*(leaf for _, leaf in leaves(params)))
    weight = to_numpy(params[layer].learned.weight)
    weight = weight.reshape(len(weight), -1)  # (K, D)
    cells: Any = net[layer]  # a plastic layer: its activity has excitation and drive
    wins = np.zeros(len(weight), np.int64)
    dense = params[layer].learned.weight.ndim == 2  # one view an image: it takes more of them to be fair
    count = min(max(SHOWN, FAIR * len(weight)) if dense else SHOWN, len(images))
    shown = np.arange(count) * len(images) // count
    for start in range(0, count, 50):
        x = net.respond(params, xp.asarray(images[shown[start : start + 50]]), stop=layer)
        activity = cells.forward(params[layer], x)[1]
        seen = xp.any(activity.excitation != 0, axis=1)
        best = to_numpy(xp.where(seen, xp.argmax(activity.drive, axis=1), xp.asarray(-1)))
        wins += np.bincount(best[best >= 0], minlength=len(weight))
    spare = _spare(cells, params[layer])
    learned = weight[~spare]
    cosines = np.full(len(weight), np.nan)
    cosines[~spare] = nearest_cosines(learned)
    return Health(
        wins,
        cosines,
        np.linalg.norm(weight, axis=1),
        spare,
        effective_rank(learned),
        min(learned.shape),
        bool(getattr(getattr(cells, "response", None), "inhibited", False)),
        neighbours,
    )


def effective_rank(matrix: Any) -> float | None:
    """exp(- sum p ln p) with p the singular values over their sum, in [1, min(K, D)]; None for a matrix of zeros.

    As many directions as share the weight alike would give the same entropy. Roy & Vetterli 2007, "The effective
    rank", definition 1.
    """
    values = np.linalg.svd(matrix, compute_uv=False) if matrix.size else np.zeros(0)
    if not values.any():
        return None
    p = values[values > 0].astype(float) / values.sum(dtype=float)
    return float(np.exp(-np.sum(p * np.log(p))))


def nearest_cosines(filters: Any) -> Any:
    """Cosine of each filter to its nearest other, (K, D) -> (K,); 0 to one of zeros, NaN where there is no other."""
    if len(filters) < 2:
        return np.full(len(filters), np.nan)
    norm = np.linalg.norm(filters, axis=1, keepdims=True)
    unit = filters / np.where(norm > 0, norm, 1)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -1)
    return cosine.max(axis=1)


def _five(name: str, values: Any) -> dict[str, float | None]:
    """The least, the quartiles and the largest, by name; None of no values."""
    keys = [f"{name}_{part}" for part in ("min", "q1", "median", "q3", "max")]
    if not len(values):
        return dict.fromkeys(keys)
    return dict(zip(keys, map(float, np.quantile(values, (0, 0.25, 0.5, 0.75, 1))), strict=True))


def _spare(layer: Any, params: Params) -> Any:
    """Shunting S-cells that nothing has taught: their b has stayed 0 where the rule starts there, (K,)."""
    count = params.learned.weight.shape[0]
    shunting = getattr(getattr(layer, "response", None), "kind", None) == "shunting"
    return to_numpy(params.learned.inhibition) == 0 if shunting else np.zeros(count, bool)
