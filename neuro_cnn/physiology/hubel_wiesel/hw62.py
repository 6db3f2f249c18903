"""Hubel and Wiesel (1962) as executable tests: what sets simple and complex cells apart, measured cell by cell."""

from __future__ import annotations

import numpy as np

from neuro_cnn.physiology.findings import Findings, Trial, Trials
from neuro_cnn.physiology.gratings import PHASES, harmonics
from neuro_cnn.physiology.hubel_wiesel.hw62_measures import (
    Numbers,
    diffuse_light,
    over,
    own,
    polarity,
    position,
    slit_and_spots,
    spots,
)
from neuro_cnn.physiology.hubel_wiesel.hw62_stimuli import best_bars, frames
from neuro_cnn.physiology.hubel_wiesel.hw62_trials import NOTES, WORDS, judged, verdicts
from neuro_cnn.physiology.mapping.noise import loud
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.simple_complex import Pair
from neuro_cnn.stimuli import grating

RANDOM, AT_ONCE = 1000, 20
"""Random images on which C is compared with the best of its S-cells, and how many at once."""
MODULATIONS = (1.571, 1.71, 1.79, 1.88, 1.96)
"""F1/F0 of a rectified linear cell with a threshold of 0, .3, .5, .7, .9 of its largest drive (analytic)."""
CROSSINGS = (0.258, 0.325, 0.375, 0.430, 0.508)
"""The stretch of its maximum, in wavelengths, from which on F1/F0 of a C-cell is below 1 (analytic)."""


def hw62(preparation: Preparation) -> Findings:
    """The tests T1 to T7 on a C-layer and the S-layer that it pools, or on an S-layer alone, then its part of them.

    S stands for the S-cell in the middle of each C-cell's pool; in T4 for the one that is placed best. Raises
    UsageError for a layer that is neither, or whose cells see more than the image.
    """
    pair, step = Pair.of(preparation.close), preparation.step
    bars = best_bars(pair, step)
    found: dict[str, Numbers] = {}
    for part in (diffuse_light, spots, slit_and_spots, position, polarity):
        found |= part(pair, bars)
        step()
    found |= _drifting(pair, preparation)
    if pair.complex is None:
        found = {name: values for name, values in found.items() if not name.endswith("_c")}
    else:
        if pair.group > 1:  # a maximum over planes widens and evens out what the stretch alone would leave
            found = {name: values for name, values in found.items() if name not in ONE_PLANE}
        found["orientation_gap_c"] = np.abs((bars.complex_orientation - bars.orientation + 90) % 180 - 90)
        found["bank_error_c"] = _bank(pair, preparation)
    trials = judged(found)
    shown = int(bars.response.argmax())  # whose stimuli are drawn
    return Findings(
        "hw62",
        "Simple and complex cells put to the tests of Hubel and Wiesel (1962)",
        found,
        verdicts(trials, found, bars.response > 0),
        {name: WORDS[name] for name in found},
        Trials(trials, shown, frames(pair, bars, shown)),
        tuple(name for pair_ in APART for name in pair_ if name in found),
        (*NOTES, _counts(trials, found)),
        {"bars": "18 orientations, 5 widths, every pixel across, light and dark", "random images": RANDOM},
    )


ONE_PLANE = ("as_predicted_c", "tolerance_error_c", "stretch_c")
"""Measures that hold for C-cells which pool one plane."""
APART = (
    ("summation_s", "summation_c"),
    ("overlap_s", "overlap_c"),
    ("antagonism_s", "antagonism_c"),
    ("jitter3_s", "jitter3_c"),
)
"""Measures that set S-cells apart from C-cells."""


def _counts(trials: tuple[Trial, ...], found: dict[str, Numbers]) -> str:
    """How many cells meet each criterion, in words."""
    met = [
        f"{trial.name} {WORDS[each.measure].label} {each}: {each.met(found[each.measure]).sum()}"
        for trial in trials
        for each in trial.criteria
    ]
    return f"Of {len(next(iter(found.values())))} cells met: {'; '.join(met)}."


def _bank(pair: Pair, preparation: Preparation) -> Numbers:
    """T7: the largest difference between C and the maximum over its S-cells, on random images."""
    assert pair.complex is not None
    worst, rng = np.zeros(pair.cells), preparation.rng("hw62")
    noise = loud(preparation, preparation.electrode.box)
    for _ in range(RANDOM // AT_ONCE):
        shown = noise.draw(AT_ONCE, pair.simple.sides, rng)
        gap = np.abs(pair.complex.respond(shown) - pair.bank(shown).max(axis=-1))
        worst = np.maximum(worst, gap.max(axis=0))
    return worst


def _pulsed(ratio: Numbers) -> Numbers:
    """F1/F0, NaN beyond 2, which no rate that begins at rest reaches: such a cell answers below its blank too."""
    return np.where(ratio <= 2 + 1e-6, ratio, np.nan)


def _drifting(pair: Pair, preparation: Preparation) -> dict[str, Numbers]:
    """F1/F0 of S- and C-cells, the class that the stretch of the pool predicts, and both directions of drift."""
    best = preparation.gratings
    simple = Preparation(pair.simple, preparation.seed, preparation.step).gratings
    found = {"modulation_s": _pulsed(simple.ratio[:: pair.group])}
    if pair.complex is not None:
        stretch = pair.along(best.orientation) * best.frequency
        found |= {"modulation_c": _pulsed(best.ratio), "stretch_c": stretch}
        simple_too = stretch < np.interp(found["modulation_s"], MODULATIONS, CROSSINGS)
        found["as_predicted_c"] = np.where(simple_too == (best.ratio > 1), 1.0, 0.0)
    ways = []
    for turn in (0.0, 180.0):
        centre = preparation.close.centre
        shown = grating(pair.simple.sides, best.orientation + turn, best.frequency, PHASES[:, None], centre=centre)
        cycles = zip(*map(pair.record, shown), strict=True)  # S- and C-cells, of every phase
        ways.append([np.stack(harmonics(own(np.stack(each)), np.zeros(pair.cells))[:2]) for each in cycles])
    for name, one, other in zip("sc", *ways, strict=True):
        found[f"direction_{name}"] = over(np.abs(one - other).max(axis=0), np.maximum(one, other).max(axis=0))
    return found
