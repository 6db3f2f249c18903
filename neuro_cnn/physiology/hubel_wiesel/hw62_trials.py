"""The claims of 1962 that are put to the test, what must hold, and what such a test can certify."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Criterion, Measure, Trial, Verdict


def _least(measure: str, bound: float) -> Criterion:
    return Criterion(measure[-1].upper(), measure, True, bound)


def _most(measure: str, bound: float) -> Criterion:
    return Criterion(measure[-1].upper(), measure, False, bound)


TRIALS = (
    Trial(
        "T1",
        "Diffuse light drives nobody",
        (_most("diffuse_s", 0.1), _most("diffuse_c", 0.1)),
        "even light or darkness over all that the cell sees; response over that to the best bar",
    ),
    Trial(
        "T1",
        "Excitation and inhibition cancel",
        (_least("cancellation_s", 0.9),),
        "1 - |sum w| / sum |w|, w the slope of the S-cell's response by every pixel at its best bar",
    ),
    Trial(
        "T2",
        "Its map of spots predicts a simple cell's bars",
        (_least("summation_s", 0.9), _least("summation_gap_c", 0.1)),
        "Pearson correlation of [map * bar]+ and the response, 12 orientations x 9 positions; C: how much less than S",
    ),
    Trial(
        "T2",
        "ON and OFF lie apart in a simple cell",
        (_most("overlap_s", 0.3), _least("overlap_c", 0.3)),
        "maps of light and dark pixels, sum of the lesser over sum of the greater",
    ),
    Trial(
        "T3",
        "ON and OFF oppose each other",
        (_most("antagonism_s", 1.0), _least("antagonism_c", 0.9)),
        "light in the best ON and the best OFF place together, over light in the ON place alone",
    ),
    Trial(
        "T4",
        "A line of spots fools a simple cell: C no less",
        (_least("spots_s", 0.8), _least("fooled_c", 0.0)),
        "four spots with the slit's light, response over that to the slit: best-placed S; and C less that",
    ),
    Trial(
        "T4b",
        "Spots off the line do not",
        (_most("jitter3_s", 0.3), _least("jitter3_c", 0.5)),
        "every other spot 3 pixels to either side, over the spots in line",
    ),
    Trial(
        "T5",
        "A complex cell takes its bar at more places",
        (_most("tolerance_error_c", 0.5), _most("orientation_gap_c", 10.0)),
        "pixels: width at half height of C less that of S, and less what the pool covers; degrees between best bars",
    ),
    Trial(
        "T6",
        "Light or dark at one place: simple cells tell",
        (_most("polarity_s", 0.2), _least("polarity_c", 0.8)),
        "the S-cell's best bar and its opposite, weaker response over stronger; C needs both polarities or a wide pool",
    ),
    Trial(
        "T7",
        "C is the maximum of its S-cells",
        (_most("bank_error_c", 1e-6),),
        "largest difference, 1000 random images",
    ),
    Trial(
        "F1/F0",
        "Simple cells follow a drifting grating",
        (_least("modulation_s", 1.0), _most("modulation_c", 1.0)),
        "at the best grating, 16 phases",
    ),
    Trial(
        "F1/F0",
        "The pool's stretch alone tells which C do not",
        (_least("as_predicted_c", 1.0),),
        "complex where L / wavelength reaches what the S-cell's own F1/F0 asks for (.258 at threshold 0)",
    ),
    Trial(
        "drift",
        "Nobody prefers a direction",
        (_most("direction_s", 1e-4), _most("direction_c", 1e-4)),
        "the best grating drifting both ways, difference of F0 and F1 over their size: without memory it must be 0",
    ),
)
"""Bounds are those of the protocol where it has them, and else lie between the S- and C-cells of the prototype (our
choice)."""

WORDS = {
    "diffuse_s": Measure("diffuse light over best bar, S", "", "", 0.1),
    "diffuse_c": Measure("diffuse light over best bar, C", "", "", 0.1),
    "cancellation_s": Measure("cancellation index, S", "", "", 0.9),
    "summation_s": Measure("bars predicted by spots, S", "Pearson r", "", 0.9),
    "summation_c": Measure("bars predicted by spots, C", "Pearson r"),
    "summation_gap_c": Measure("bars predicted by spots, S - C", "Pearson r", "", 0.1),
    "overlap_s": Measure("overlap of ON and OFF, S", "", "simple cells 0.3 or less (Kagan et al. 2002)", 0.3),
    "overlap_c": Measure("overlap of ON and OFF, C", "", "complex cells 0.5 or more in 78% (Kagan et al. 2002)", 0.3),
    "antagonism_s": Measure("ON + OFF spots over ON spot, S", "", "", 1.0),
    "antagonism_c": Measure("ON + OFF spots over ON spot, C", "", "", 0.9),
    "spots_s": Measure("line of spots over slit, best-placed S", "", "", 0.8),
    "spots_c": Measure("line of spots over slit, C"),
    "fooled_c": Measure("line of spots over slit, C - best-placed S", "", "", 0.0),
    **{
        f"jitter{pixels}_{cells}": Measure(
            f"spots {pixels} px off the line over in line, {cells.upper()}", "", "", bound
        )
        for pixels, bounds in ((1, (None, None)), (2, (None, None)), (3, (0.3, 0.5)))
        for cells, bound in zip("sc", bounds, strict=True)
    },
    "tolerance_s": Measure("width at half height over positions, S", "pixels"),
    "tolerance_c": Measure("width at half height over positions, C", "pixels"),
    "tolerance_error_c": Measure("that of C, less S and the pool's stretch", "pixels", "", 0.5),
    "orientation_gap_c": Measure("best bar of C against that of S", "degrees", "", 10.0),
    "polarity_s": Measure("weaker over stronger of light and dark, S", "", "", 0.2),
    "polarity_c": Measure("weaker over stronger of light and dark, C", "", "", 0.8),
    "bank_error_c": Measure("C less the maximum of its S-cells", "", "", 1e-6),
    "modulation_s": Measure("F1/F0, S", "", "simple above 1 (Skottun et al. 1991)", 1.0),
    "modulation_c": Measure("F1/F0, C", "", "complex below 1 (Skottun et al. 1991)", 1.0),
    "stretch_c": Measure("stretch of the pool", "wavelengths"),
    "as_predicted_c": Measure("simple or complex as the stretch predicts", "1 or 0", "", 1.0),
    "direction_s": Measure("preference for a direction, S", "", "", 1e-4),
    "direction_c": Measure("preference for a direction, C", "", "", 1e-4),
}

NOTES = (
    "Certified by the wiring, not found: F1/F0 of a rectified linear cell is pi/2, more with a threshold, whatever its "
    "weights; a C-cell wired as a maximum is one, so that spots which fool its best-placed S-cell fool it too.",
    "Hubel and Wiesel (1962) proposed that simple cells converge on complex ones, and claimed no maximum. Without "
    "memory no cell can prefer a direction of movement, as many of theirs did.",
    "What sets S and C apart are T2, T3, the overlap of ON and OFF, and T4b: as populations; single cells overlap.",
)


def judged(found: dict[str, NDArray[np.float64]]) -> tuple[Trial, ...]:
    """The trials on what was measured: those on C-cells only where there are any."""
    parts = (
        trial._replace(criteria=tuple(each for each in trial.criteria if each.measure in found)) for trial in TRIALS
    )
    return tuple(trial for trial in parts if trial.criteria)


def verdicts(
    trials: Sequence[Trial], found: dict[str, NDArray[np.float64]], driven: NDArray[np.bool_]
) -> tuple[Verdict, ...]:
    """Of each cell, whether it answered to any bar, and else which trials it does not pass."""
    met = {each: each.met(found[each.measure]) for trial in trials for each in trial.criteria}
    given = []
    for cell, alive in enumerate(driven):
        if not alive:
            given.append(Verdict("silent", "no bar drives it"))
            continue
        lost = [f"{c.measure} {found[c.measure][cell]:.3g}, not {c}" for c, passed in met.items() if not passed[cell]]
        given.append(Verdict("ok", f"fails {'; '.join(lost)}" if lost else "passes all"))
    return tuple(given)
