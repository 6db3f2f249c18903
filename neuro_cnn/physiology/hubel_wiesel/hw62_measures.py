"""What sets simple and complex cells apart, each cell shown its own bar, slit and spots: T1 to T6."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.hubel_wiesel.hw62_stimuli import Bars, aligned, diffuse, pixel_spots, positions, width_at_half
from neuro_cnn.physiology.simple_complex import Pair
from neuro_cnn.stimuli import bar

Numbers: TypeAlias = NDArray[np.float64]
TWELVE, NINE = np.arange(0.0, 180.0, 15.0), np.linspace(-1.0, 1.0, 9)
"""Orientations, and places over half of what the S-cell sees, of the bars that spots are to predict (our choice)."""


def over(part: Numbers, whole: Numbers) -> Numbers:
    """Their ratio; NaN where the cell does not answer to the whole."""
    driven = whole > 1e-9 * max(float(np.max(np.abs(whole))), 1e-30)
    return np.where(driven, part / np.where(driven, whole, 1), np.nan)


def own(responses: Numbers) -> Numbers:
    """Each cell's response to its own stimulus: (..., K, K) -> (..., K)."""
    return np.asarray(np.diagonal(responses, axis1=-2, axis2=-1))


def diffuse_light(pair: Pair, bars: Bars) -> dict[str, Numbers]:
    """T1: even light against the best bar, and CI = 1 - |sum w| / sum |w| of the S-cell's slope w at its best bar."""
    light = diffuse(pair)
    s, c = pair.record(np.stack([light, -light]))
    cut = pair.simple.box.cut(pair.simple.sides)
    shown = bars.shown()
    slopes = [pair.simple.gradient(shown[k : k + 1], k * pair.group)[0][cut] for k in range(pair.cells)]
    sums = np.array([[abs(w.sum()), np.abs(w).sum()] for w in slopes])
    return {
        "diffuse_s": over(s.max(axis=0), bars.response),
        "diffuse_c": over(c.max(axis=0), bars.complex_response),
        "cancellation_s": 1 - over(sums[:, 0], sums[:, 1]),
    }


def spots(pair: Pair, bars: Bars) -> dict[str, Numbers]:
    """T2, the overlap of ON and OFF, and T3, all from responses to one light or dark pixel at every place."""
    shown = pixel_spots(pair)
    on, off = (pair.record(sign * shown) for sign in (1, -1))
    widths, mine = np.unique(bars.width, return_inverse=True)
    places = max(pair.simple.box.sides) / 4 * NINE
    set_ = bar(bars.sides, TWELVE[:, None, None], widths[:, None], np.inf, places, 1.0, bars.centre)
    down, across = pair.recorded.box.cut(bars.sides)
    found = {}
    for name, light, dark, answer in zip("sc", on, off, pair.record(set_), strict=True):
        expected = np.maximum(np.einsum("owphx,hxk->owpk", set_[..., down, across], light - dark), 0)
        took = (slice(None), mine, slice(None), np.arange(pair.cells))  # each cell's own width: (K, 12, 9)
        found[f"summation_{name}"] = _correlation(answer[took], expected[took])
        found[f"antagonism_{name}"] = _two_spots(pair, shown, light - dark, name)
        up, under = np.maximum(light, 0), np.maximum(dark, 0)
        found[f"overlap_{name}"] = over(np.minimum(up, under).sum((0, 1)), np.maximum(up, under).sum((0, 1)))
    return found | {"summation_gap_c": found["summation_s"] - found["summation_c"]}


def _correlation(a: Numbers, b: Numbers) -> Numbers:
    """Pearson's, over all but the first axis; NaN where one of them does not vary."""
    a, b = (each.reshape(len(each), -1) for each in (a, b))
    a, b = (each - each.mean(axis=1, keepdims=True) for each in (a, b))
    return over((a * b).sum(axis=1), np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1)))


def _two_spots(pair: Pair, shown: NDArray[np.float32], signed: Numbers, name: str) -> Numbers:
    """T3: light at the peaks of the ON and of the OFF subregion of a cell's signed map, against the first alone."""
    flat = shown.reshape(-1, *shown.shape[2:])
    signed = signed.reshape(len(flat), -1)
    light, dark = flat[signed.argmax(axis=0)], flat[signed.argmin(axis=0)]
    both, one = (own(pair.record(each)["sc".index(name)]) for each in (light + dark, light))
    return over(both, one)


def slit_and_spots(pair: Pair, bars: Bars) -> dict[str, Numbers]:
    """T4: a line of spots against the slit; T4b: with every other spot moved across."""
    slit, line, moved = aligned(pair, bars)
    s, c = _answers(pair, np.stack([slit, line, *(each for both in moved.values() for each in both)]))
    winner = s[0].argmax(axis=1)[None, :, None]  # the S-cell that is best placed for the slit
    s = np.take_along_axis(s, winner, axis=2)[..., 0]
    found = {"spots_s": over(s[1], s[0]), "spots_c": over(c[1], c[0])}
    found["fooled_c"] = found["spots_c"] - found["spots_s"]
    for place, pixels in enumerate(moved):
        for name, each in (("s", s), ("c", c)):
            found[f"jitter{pixels}_{name}"] = over(each[2 + 2 * place : 4 + 2 * place].mean(axis=0), each[1])
    return found


def _answers(pair: Pair, shown: NDArray[np.float32]) -> tuple[Numbers, Numbers]:
    """Each cell's own stimuli (n, K, H, W): its bank of S-cells (n, K, cells) and its C-cell (n, K).

    Frame after frame, so that both are computed in the same batches, to the same last bit.
    """
    banks = np.stack([pair.bank(frames) for frames in shown])  # (n, K, K, cells)
    cells = np.arange(pair.cells)
    theirs = banks[:, cells, cells]
    if pair.complex is None:
        return theirs, theirs.max(axis=2)
    return theirs, own(np.stack([pair.complex.respond(frames) for frames in shown]))


def position(pair: Pair, bars: Bars) -> dict[str, Numbers]:
    """T5: over how many pixels a bar may lie; that of C exceeds that of S by what its pool covers across the bar."""
    places = positions(pair)
    answers = [pair.record(bars.shown(place - bars.offset)) for place in places]
    widths = [
        np.array([width_at_half(places, curve) for curve in own(np.stack(each)).T])
        for each in zip(*answers, strict=True)
    ]
    wider = widths[1] - widths[0] - pair.along(bars.orientation)
    return {"tolerance_s": widths[0], "tolerance_c": widths[1], "tolerance_error_c": np.abs(wider)}


def polarity(pair: Pair, bars: Bars) -> dict[str, Numbers]:
    """T6: the S-cell's best bar and its opposite, the weaker response over the stronger."""
    pairs = [pair.record(bars.shown(contrast=contrast)) for contrast in (1.0, -1.0)]
    found = {}
    for name, ways in zip("sc", zip(*pairs, strict=True), strict=True):
        both = own(np.stack(ways))
        found[f"polarity_{name}"] = over(np.maximum(both.min(axis=0), 0), both.max(axis=0))
    return found
