"""Protocols on whole images: how sparsely cells answer to them, and what of the best image's response they keep."""

from __future__ import annotations

import numpy as np

from neuro_cnn.physiology.findings import Findings, Measure, Verdict
from neuro_cnn.physiology.population.invariance import Cells
from neuro_cnn.physiology.population.invariance import invariance as kept_by
from neuro_cnn.physiology.population.sparseness import lifetime_sparseness, population_sparseness
from neuro_cnn.physiology.population.transforms import TRANSFORMS
from neuro_cnn.physiology.preparation import Preparation

QUIET = "silent to every image"
LIFETIME = Measure(
    "lifetime sparseness (Vinje & Gallant 2000)",
    "",
    "macaque V1 .41 in natural scenes, .62 with a wide surround (Vinje & Gallant 2000, recalled)",
    0.41,
)


def sparseness(preparation: Preparation) -> Findings:
    """How few of the images each cell answers to, and how few cells each image drives."""
    electrode = preparation.electrode
    responses = np.maximum(electrode.see(preparation.scenes), 0)  # a rate is not negative
    found = lifetime_sparseness(responses)
    population = population_sparseness(responses)
    driven = population[np.isfinite(population)]
    median = f"{np.median(driven):.2f}" if driven.size else "of no image"
    return Findings(
        "sparseness",
        "Sparseness of responses to images",
        {"lifetime": found},
        [Verdict("silent", QUIET) if np.isnan(each) else Verdict() for each in found],
        {"lifetime": LIFETIME},
        None,
        ("lifetime",),
        (
            f"{len(responses)} images; 0: a cell answers to all alike, 1: to one alone.",
            f"Population sparseness, over the {len(found)} cells at this place, image by image: median {median}.",
        ),
        {"images": len(responses), "population_sparseness": population},
    )


def invariance(preparation: Preparation) -> Findings:
    """What each cell keeps of its response as the image that drives it most is moved, scaled, turned, bent or noisy."""
    electrode = preparation.electrode
    place = electrode.at if len(electrode.at) == 2 else None
    found = kept_by(electrode.net, electrode.params, preparation.scenes, electrode.layer, place).of_cell
    measures, words = {}, {}
    for kind, kept in found.kept.items():
        what = TRANSFORMS[kind].axis
        measures[f"{kind}_index"], measures[f"{kind}_tolerance"] = kept.invariance, kept.tolerance
        words[f"{kind}_index"] = Measure(f"invariance index, {what.split(',')[0]}")
        words[f"{kind}_tolerance"] = Measure(f"tolerance of {what.split(',')[0]}", what.split(", ")[1])
    return Findings(
        "invariance",
        "Invariance to transforms",
        measures,
        [Verdict("silent", QUIET) if quiet else Verdict() for quiet in found.silent],
        words,
        found if isinstance(found, Cells) and not found.silent.all() else None,
        (),
        (
            "The index is the mean of r(T x) / r(x) over the amounts, the tolerance the width of the amounts at which "
            "a cell keeps half of its response; at the end of the range a lower bound.",
        ),
        {"images": len(preparation.scenes), **{kind: each.amounts for kind, each in TRANSFORMS.items()}},
    )
