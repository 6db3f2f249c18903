"""What Hubel and Wiesel (1962) showed, fitted to each cell: its best bar, its spots, a slit and a line of spots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.simple_complex import Pair
from neuro_cnn.stimuli import bar, disc

ORIENTATIONS = np.arange(0.0, 180.0, 10.0)
WIDTHS = np.array([1.0, 1.5, 2.0, 3.0, 4.0])
"""Bars that the best is sought among, degrees and pixels; wider in proportion where cells see more than FIELD pixels,
and at offsets of one pixel (all our choice)."""
FIELD = 24.0
SPOTS = 4
"""Of the line that stands against the slit."""
SLIT = 0.6
"""Length of the slit over the side of what the S-cell sees (our choice: eyes blur, so its outer part is faint)."""
FINE = 0.25
"""Steps in pixels in which the position of a bar is varied."""


@dataclass(frozen=True)
class Bars:
    """Each S-cell's best bar: orientation, width, offset from `centre` and sign (1 light, -1 dark), (K,) each.

    `response` and `complex_response` are what S- and C-cells answer at their own best, `complex_orientation` that of
    the C-cells' best bar.
    """

    sides: tuple[int, int]
    centre: tuple[float, float]
    orientation: NDArray[np.float64]
    width: NDArray[np.float64]
    offset: NDArray[np.float64]
    sign: NDArray[np.float64]
    response: NDArray[np.float64]
    complex_response: NDArray[np.float64]
    complex_orientation: NDArray[np.float64]

    def shown(self, offset: Any = 0.0, contrast: Any = 1.0) -> NDArray[np.float32]:
        """Each cell's bar moved across by `offset`, (..., K, H, W); a negative contrast reverses it."""
        return bar(
            self.sides, self.orientation, self.width, np.inf, self.offset + offset, self.sign * contrast, self.centre
        )

    def slit(self, length: float) -> NDArray[np.float64]:
        """Each cell's bar cut to a length, of contrast 1 and unsigned, (K, H, W)."""
        return bar(self.sides, self.orientation, self.width, length, self.offset, 1.0, self.centre).astype(float)

    def line(self, length: float, jitter: float = 0.0) -> NDArray[np.float64]:
        """Spots along the slit, every other one `jitter` pixels to either side, (K, H, W).

        They are as wide as the bar, but do not overlap.
        """
        places = length * ((np.arange(SPOTS) + 0.5) / SPOTS - 0.5)
        across = jitter * np.where(np.arange(SPOTS) % 2, -1.0, 1.0)
        turn = np.deg2rad(self.orientation)
        shown = np.zeros((len(turn), *self.sides))
        for along, aside in zip(places, across, strict=True):
            u = self.offset + aside
            row = self.centre[0] - (u * np.cos(turn) + along * np.sin(turn))
            column = self.centre[1] - u * np.sin(turn) + along * np.cos(turn)
            shown += disc(self.sides, np.minimum(self.width, length / SPOTS), (row, column))
        return shown


def best_bars(pair: Pair, step: Callable[[], None]) -> Bars:
    """Show light and dark bars of every orientation, width and position, and keep what each S-cell likes best."""
    sides, centre, box = pair.simple.sides, pair.simple.centre, pair.simple.box.sides
    unit = max(1.0, max(box) / FIELD)
    widths = WIDTHS * unit
    offsets = np.arange(-np.floor(max(box) / 2 / unit), np.floor(max(box) / 2 / unit) + 1) * unit
    simple, complex_ = [], []
    for orientation in ORIENTATIONS:
        light = bar(sides, orientation, widths[:, None], np.inf, offsets, 1.0, centre)
        parts = [pair.record(sign * light) for sign in (1, -1)]
        simple.append(np.stack([s for s, _ in parts]))
        complex_.append(np.stack([c for _, c in parts]).max(axis=(0, 1, 2)))
        step()
    s, c = np.stack(simple), np.stack(complex_)  # (O, 2, widths, offsets, K), (O, K)
    turn, sign, width, offset = np.unravel_index(s.reshape(-1, s.shape[-1]).argmax(axis=0), s.shape[:-1])
    return Bars(
        sides,
        centre,
        ORIENTATIONS[turn],
        widths[width],
        offsets[offset],
        np.where(sign == 0, 1.0, -1.0),
        s.max(axis=(0, 1, 2, 3)),
        c.max(axis=0),
        ORIENTATIONS[c.argmax(axis=0)],
    )


def aligned(pair: Pair, bars: Bars) -> tuple[NDArray[np.float32], NDArray[np.float32], dict[int, NDArray[np.float32]]]:
    """The slit, the line of spots with the same light in all, and by pixels lines whose spots are moved to the sides.

    (K, H, W); (K, H, W); and (2, K, H, W) of both ways to move them. The more concentrated of slit and spots has
    contrast 1.
    """
    length = SLIT * max(pair.simple.box.sides)
    slit, line = bars.slit(length), bars.line(length)
    flux, light = slit.sum(axis=(1, 2)), line.sum(axis=(1, 2))
    dim = np.minimum(1, light / flux) * bars.sign
    bright = np.minimum(1, flux / light) * bars.sign
    moved = {}
    for pixels in (1, 2, 3):
        both = np.stack([bars.line(length, way * pixels) for way in (1, -1)])
        moved[pixels] = (bright[:, None, None] * both).astype(np.float32)
    return (
        (dim[:, None, None] * slit).astype(np.float32),
        (bright[:, None, None] * line).astype(np.float32),
        moved,
    )


def pixel_spots(pair: Pair) -> NDArray[np.float32]:
    """One light pixel at every place that the recorded cells see, (h, w, H, W)."""
    down, across = pair.recorded.box.cut(pair.simple.sides)
    rows, columns = (np.arange(each.start, each.stop) for each in (down, across))
    shown = np.zeros((len(rows), len(columns), *pair.simple.sides), np.float32)
    shown[np.arange(len(rows))[:, None], np.arange(len(columns)), rows[:, None], columns] = 1
    return shown


def diffuse(pair: Pair) -> NDArray[np.float32]:
    """Even light over all that the recorded cells see, (H, W)."""
    shown = np.zeros(pair.simple.sides, np.float32)
    shown[pair.recorded.box.cut(pair.simple.sides)] = 1
    return shown


def width_at_half(offsets: NDArray[np.float64], curve: NDArray[np.float64]) -> float:
    """Full width at half maximum around the peak, by interpolation; NaN where the curve does not fall so far."""
    peak = int(curve.argmax())
    half = curve[peak] / 2
    if half <= 0:
        return float("nan")
    ends = []
    for side in (1, -1):
        at = peak
        while 0 <= at + side < len(curve) and curve[at] > half:
            at += side
        if curve[at] > half:
            return float("nan")
        inner = at - side
        part = (curve[inner] - half) / (curve[inner] - curve[at])
        ends.append(offsets[inner] + part * (offsets[at] - offsets[inner]))
    return float(abs(ends[0] - ends[1]))


def positions(pair: Pair) -> NDArray[np.float64]:
    """Offsets of a bar that crosses all that the recorded cells see, in pixels from the S-cells' centre."""
    far = np.hypot(*pair.recorded.box.sides) / 2
    return np.arange(-np.ceil(far / FINE), np.ceil(far / FINE) + 1) * FINE


def frames(pair: Pair, bars: Bars, cell: int) -> dict[str, tuple[NDArray[np.float32], tuple[str, ...]]]:
    """What one cell is shown in each trial, cut to what the recorded cells see: frames (n, h, w) and their names."""
    cut = pair.recorded.box.cut(pair.simple.sides)
    even, shown = diffuse(pair), bars.shown()[cell]
    slit, line, moved = (
        each[cell] if isinstance(each, np.ndarray) else each[3][0, cell] for each in aligned(pair, bars)
    )
    aside = bars.shown(pair.along(bars.orientation) / 2)[cell]
    spots = pixel_spots(pair)
    on, off = (np.unravel_index(pair.record(sign * spots)[0][..., cell].argmax(), spots.shape[:2]) for sign in (1, -1))
    made = {
        "T1": ((even, -even), ("light", "dark")),
        "T2": ((spots[on], -spots[off], shown), ("light", "dark", "bar")),
        "T3": ((spots[on], spots[off], spots[on] + spots[off]), ("ON", "OFF", "both")),
        "T4": ((slit, line), ("slit", "spots")),
        "T4b": ((line, moved), ("in line", "off")),
        "T5": ((shown, aside), ("best", "aside")),
        "T6": ((shown, -shown), ("best", "inverse")),
    }
    return {name: (np.stack(each)[:, *cut], words) for name, (each, words) in made.items()}
