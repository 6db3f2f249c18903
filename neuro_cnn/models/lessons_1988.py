"""What the teacher of the neocognitron of 1988 draws, layer by layer. All drawings are ours; none is of the papers.

The seeds are the cells above the middle of the board; only in S3, where whole digits are shown, the teacher points to
their upper, middle and lower part.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TypeAlias

from neuro_cnn.data.glyphs import STROKES
from neuro_cnn.data.lessons import Pattern

Table: TypeAlias = tuple[tuple[int, ...], ...]
DIGITS = tuple(STROKES[digit] for digit in "0123456789")
LINES = (
    *(("87 89",), ("87 88 79", "97 88 89"), ("97 79",), ("98 88 79", "97 88 78")),
    *(("98 78",), ("99 88 78", "98 88 77"), ("99 77",), ("99 88 87", "89 88 77")),
)
"""Lines in 3 x 3 pixels, every 22.5 degrees; those between the axes and diagonals can be drawn in two ways."""
STARS = (*combinations(range(8), 1), *combinations(range(8), 2), (0, 2, 4, 6), (1, 3, 5, 7))
"""Rays from one point in some of eight directions: 8 line ends, 28 pairs (4 straight, 24 corners), 2 crossings."""


def lines() -> tuple[tuple[Pattern, ...], Table]:
    """U_S1's 12 planes and which of them the 8 planes of U_C1 join: those of one orientation."""
    drawings = [strokes for variants in LINES for strokes in variants]
    planes = iter(range(len(drawings)))
    return _each(drawings, (9, 9)), tuple(tuple(next(planes) for _ in variants) for variants in LINES)


def stars() -> tuple[tuple[Pattern, ...], Table]:
    """U_S2's 38 planes, and which of them U_C2 joins: corners that open in nearly the same direction."""
    corners = []
    for d in range(8):
        pairs = ((d - 1, d + 1), (d - 1, d), (d, d + 1), (d - 2, d + 1), (d - 1, d + 2))
        corners.append(tuple(STARS.index(tuple(sorted((a % 8, b % 8)))) for a, b in pairs))
    alone = [k for k in range(len(STARS)) if not any(k in row for row in corners)]
    return _each(map(_rays, STARS), (10, 10)), (*((k,) for k in alone), *corners)


def parts() -> tuple[Pattern, ...]:
    """U_S3's 30 planes: the upper, middle and lower part of each digit."""
    cells = [(strokes, row) for strokes in DIGITS for row in (4, 6, 8)]
    return tuple(Pattern(strokes, plane, (row, 6)) for plane, (strokes, row) in enumerate(cells))


def digits() -> tuple[Pattern, ...]:
    """U_S4's 10 planes: the digits as they are, neither moved nor deformed."""
    return _each(DIGITS, (1, 1))


def _each(drawings: Iterable[str], seed: tuple[int, int]) -> tuple[Pattern, ...]:
    """A plane for every drawing, all with their seeds in one place."""
    return tuple(Pattern(strokes, plane, seed) for plane, strokes in enumerate(drawings))


def _rays(directions: tuple[int, ...]) -> str:
    """Five pixels from the middle in each direction, counted in eighths of a turn from the right."""
    steps = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
    return "|".join(f"88 {8 + 5 * steps[d][0]:x}{8 + 5 * steps[d][1]:x}" for d in directions)
