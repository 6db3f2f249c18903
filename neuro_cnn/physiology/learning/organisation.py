"""The log of self-organisation: which cell was whose seed at which presentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, to_numpy
from neuro_cnn.curriculum import Backprop, Curriculum, Phase, Together
from neuro_cnn.data import Dataset
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.rules import Fukushima1980, Hebbian, SeedCells
from neuro_cnn.rules.base import Rule
from neuro_cnn.training import train
from neuro_cnn.tree import leaves

TOLERANCE = 1e-4
"""Largest difference over largest weight between a run and its replay: other BLAS libraries round otherwise."""


class Seed(NamedTuple):
    """A cell that was chosen to learn: at which presentation (from 1), from an image of which class, and where."""

    presentation: int
    label: int
    layer: str
    plane: int
    row: int
    column: int


@dataclass(frozen=True)
class Noting(Rule):
    """Another rule, whose seed cells are noted while it learns."""

    rule: Any
    layer: str
    notes: list[Seed]
    shown: list[int]  # presentations so far

    @property
    def kind(self) -> str:
        """The other rule's, as are the next two."""
        return str(self.rule.kind)

    @property
    def supervised(self) -> bool:  # type: ignore[override]
        """Whether labels are read."""
        return bool(self.rule.supervised)

    @property
    def teaches(self) -> tuple[type, ...]:  # type: ignore[override]
        """The kinds of layer that it teaches."""
        return tuple(self.rule.teaches)

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Any]:
        made: tuple[Params, Any] = self.rule.start(layer, params, sample, rng, updates)
        return made

    def update(
        self, layer: Any, params: Params, state: Any, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Any]:
        labels = to_numpy(target)
        for image, *place in np.argwhere(to_numpy(self.rule.chosen(activity, state))):
            self.notes.append(Seed(self.shown[0] + 1 + int(image), int(labels[image]), self.layer, *map(int, place)))
        self.shown[0] += len(labels)
        after: tuple[Params, Any] = self.rule.update(layer, params, state, activity, target, rng)
        return after

    def finish(self, layer: Any, params: Params, state: Any) -> Params:
        done: Params = self.rule.finish(layer, params, state)
        return done


def seed_cells(net: Chain, curriculum: Curriculum, data: Dataset, seed: int, learned: dict[str, Params]) -> list[Seed]:
    """Learn once more, from the same seed, and note whom each presentation reinforces.

    Raises UsageError where no layer learns by seed cells, DataError where the replay ends with other weights than
    the run did, which are `learned`.
    """
    found: list[Seed] = []
    noting = tuple(_noting(phase, net, found) for phase in curriculum)
    last = max((number for number, phase in enumerate(noting) if phase is not curriculum[number]), default=None)
    if last is None:
        raise UsageError("no layer of this run learns by seed cells; neocognitron-1980 and neocognitron-simple do")
    *_, end = train(net, noting[: last + 1], data, seed=seed)
    _check_same(end.params, learned, sorted({each.layer for each in found}))
    return found


def trained(seeds: Sequence[Seed], presentations: int) -> dict[str, Any]:
    """How many planes of each layer have been reinforced after each presentation: (presentations,) by layer."""
    counts: dict[str, Any] = {}
    known: set[tuple[str, int]] = set()
    for each in seeds:
        new = counts.setdefault(each.layer, np.zeros(presentations, int))
        if (each.layer, each.plane) not in known:
            known.add((each.layer, each.plane))
            new[each.presentation - 1] += 1
    return {layer: np.cumsum(new) for layer, new in counts.items()}


def _noting(phase: Phase, net: Chain, notes: list[Seed]) -> Phase:
    """The phase with rules that note their seeds; the phase itself where none learns by seed cells."""
    if isinstance(phase.method, Backprop) or not any(map(_by_seeds, phase.method.taught)):
        return phase
    rules: list[tuple[str, Any]] = []
    for name in phase.learners(net):
        rule = phase.method.rule_of(name)
        rules.append((name, Noting(rule, name, notes, [0]) if _by_seeds(rule) else rule))
    return replace(phase, layers=tuple(name for name, _ in rules), method=Together(tuple(rules)))


def _by_seeds(rule: Any) -> bool:
    if isinstance(rule, Hebbian):
        return isinstance(rule.competition, SeedCells)
    return isinstance(rule, Fukushima1980)


def _check_same(replayed: dict[str, Params], learned: dict[str, Params], layers: Sequence[str]) -> None:
    for name in layers:
        for (leaf, ours), (_, theirs) in zip(leaves(replayed[name]), leaves(learned[name]), strict=True):
            a, b = to_numpy(ours), to_numpy(theirs)
            if a.shape != b.shape or np.max(np.abs(a - b)) > TOLERANCE * np.max(np.abs(b)):
                raise DataError(
                    f"learning once more ends with another {leaf} of {name} than the run has: its data or this "
                    "program has changed since; train it anew"
                )
