"""Paired differences: what one system gains over another on the same seeds and splits."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import mean, stdev
from typing import NamedTuple

CONFIDENCE = 0.95


class Paired(NamedTuple):
    """The mean of paired differences, their deviation, and the interval of Student's t; None with one pair."""

    mean: float
    n: int
    sd: float | None
    low: float | None
    high: float | None

    @property
    def clear(self) -> bool | None:
        """Whether the interval leaves 0 out; None where there is no interval."""
        return None if self.low is None or self.high is None else self.low > 0 or self.high < 0


def paired(after: Sequence[float], before: Sequence[float], confidence: float = CONFIDENCE) -> Paired:
    """What the first sequence has over the second, pair by pair. Raises ValueError where their lengths differ."""
    differences = [a - b for a, b in zip(after, before, strict=True)]
    middle, n = mean(differences), len(differences)
    if n < 2:
        return Paired(middle, n, None, None, None)
    from scipy.stats import t

    sd = stdev(differences)
    half = float(t.ppf((1 + confidence) / 2, n - 1)) * sd / sqrt(n)
    return Paired(middle, n, sd, middle - half, middle + half)
