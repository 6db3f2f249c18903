"""The V1 table: one S/C pair as it has learned, unlearned, and with random Gabor functions for weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from neuro_cnn.curriculum import Curriculum
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.physiology.cortex.controls import born, gabor_bank
from neuro_cnn.physiology.cortex.single_cells import SingleCells, single_cells
from neuro_cnn.physiology.cortex.v1 import PIXELS_PER_DEGREE, PUBLISHED, V1Cells, ceiling, similarity, v1_cells
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.record import Electrode
from neuro_cnn.physiology.shapes.seen import seen_fields
from neuro_cnn.physiology.simple_complex import Pair, pair_of

LEARNED, BORN, BANK = "learned", "unlearned", "Gabor bank"
"""The three systems that stand side by side."""


class Column(NamedTuple):
    """The cells of one layer of one system: S or C, its properties, and of S-cells their shapes and tuning."""

    system: str
    cells: str
    layer: str
    v1: V1Cells
    single: SingleCells | None

    def row(self, name: str) -> dict[str, float | int | str | None]:
        """One property: median, how many cells have it, and its similarity to the published distribution.

        `of_ceiling` is that similarity over what cells drawn from the published histogram itself would have.
        """
        values, published = self.v1.properties[name], PUBLISHED[name]
        alike, most = similarity(values, published), ceiling(published)
        return {
            "system": self.system,
            "cells": self.cells,
            "layer": self.layer,
            "property": name,
            "median": self.v1.median(name),
            "n": int(np.isfinite(values).sum()),
            "of": self.v1.cells,
            "similarity": alike,
            "of_ceiling": None if alike is None or most is None else alike / most,
        }


def columns(
    net: Chain,
    curriculum: Curriculum,
    params: dict[str, Params],
    data: Dataset,
    layer: str,
    seed: int = 0,
    pixels_per_degree: float = PIXELS_PER_DEGREE,
    step: Callable[[], None] = lambda: None,
) -> tuple[list[Column], str]:
    """The pair that a layer belongs to, of all three systems, and why one was left out, or "".

    Raises UsageError for a layer that is of no such pair, or whose cells see more than the image.
    """
    names = pair_of(net, layer)
    systems = {LEARNED: params, BORN: born(net, curriculum, data, seed)}
    reason = ""
    try:
        systems[BANK] = gabor_bank(net, curriculum, params, data, names.weights, seed)
    except UsageError as error:
        reason = f"no {BANK}: {error}"
    seen = _looks_at_an_image(net, params, names.weights)
    found = []
    for system, weights in systems.items():
        pair = Pair.of(Electrode(net, weights, data.shape, layer))
        for cells, electrode in (("S", pair.simple), ("C", pair.complex)):
            if electrode is not None:
                table = single_cells(Preparation(electrode, seed)) if cells == "S" and seen else None
                found.append(Column(system, cells, electrode.layer, v1_cells(electrode, pixels_per_degree), table))
            step()
    return found, reason


def _looks_at_an_image(net: Chain, params: dict[str, Params], layer: str) -> bool:
    """Whether a layer's weights are fields on an image, so that they have a shape."""
    try:
        seen_fields(net, params, layer)
    except UsageError:
        return False
    return True
