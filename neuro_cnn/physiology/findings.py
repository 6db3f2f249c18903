"""What a protocol finds: one number a measure and cell, what it was drawn from, and whether it can be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Flag: TypeAlias = Literal["ok", "silent", "untuned", "edge", "unfit"]
"""Whether a cell's measures can be used: it did not answer; it answers to all alike; what it likes best lies at the end
of the range that was shown; its model does not fit."""
WORDS: dict[Flag, str] = {
    "silent": "silent",
    "untuned": "untuned",
    "edge": "at the edge of the range",
    "unfit": "unfit",
    "ok": "usable",
}


class Verdict(NamedTuple):
    """Whether one cell's measures can be used, and if not, why, in a few words."""

    flag: Flag = "ok"
    reason: str = ""


class Axis(NamedTuple):
    """What was varied, (n,): its name, its unit, and whether steps are equal on a logarithmic scale."""

    name: str
    unit: str
    values: NDArray[Any]
    log: bool = False


class Curves(NamedTuple):
    """Responses (K, n) along one axis, what they are, and a fitted curve at the same places or ()."""

    axis: Axis
    responses: NDArray[Any]
    quantity: str = "response above blank"
    fits: Any = ()


class Maps(NamedTuple):
    """Maps (K, h, w) in pixels of the image, from the pixel `corner` on, and what their values are."""

    maps: NDArray[Any]
    corner: tuple[int, int]
    quantity: str


class Scatter(NamedTuple):
    """Two measures set against each other, by name."""

    across: str
    up: str


class Measure(NamedTuple):
    """What a measure is in words, its unit, and its published value, said in words with its source."""

    label: str
    unit: str = ""
    published: str = ""
    criterion: float | None = None


@dataclass(frozen=True)
class Findings:
    """One protocol on every plane of a layer at one place: measures (K,) by name, NaN where a cell has none."""

    protocol: str
    title: str
    measures: dict[str, NDArray[Any]]
    verdicts: Sequence[Verdict]
    words: dict[str, Measure]
    shown: Curves | Maps | Scatter | None = None
    shown_in: tuple[str, ...] = ()
    """Measures of which the figure shows the distribution."""
    notes: tuple[str, ...] = ()
    stimuli: dict[str, Any] = field(default_factory=dict)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which cells' measures can be used, (K,)."""
        return np.array([verdict.flag == "ok" for verdict in self.verdicts])

    def count(self) -> str:
        """How many cells were usable, and what the others were, in words."""
        flags = [verdict.flag for verdict in self.verdicts]
        rest = [f"{flags.count(flag)} {word}" for flag, word in WORDS.items() if flag != "ok" and flag in flags]
        return f"{flags.count('ok')} of {len(flags)} cells usable{''.join(f', {each}' for each in rest)}"

    def summary(self) -> dict[str, Any]:
        """Median and the 10th and 90th percentile of every measure over usable cells, and how many have it."""
        found: dict[str, Any] = {"usable": int(self.usable.sum()), "of": len(self.verdicts)}
        found |= {flag: sum(v.flag == flag for v in self.verdicts) for flag in WORDS if flag != "ok"}
        for name, values in self.measures.items():
            kept = np.asarray(values, float)[self.usable]
            kept = kept[np.isfinite(kept)]
            spread = np.percentile(kept, [50, 10, 90]) if kept.size else [None] * 3
            found[name] = {**dict(zip(("median", "p10", "p90"), map(_plain, spread), strict=True)), "n": int(kept.size)}
        return found

    def rows(self, units: Sequence[Any]) -> list[dict[str, Any]]:
        """One row a cell: its address, flag, reason and measures, None where it has none."""
        return [
            {
                "cell": str(unit),
                "plane": unit.plane,
                "flag": verdict.flag,
                "reason": verdict.reason,
                **{name: _plain(values[k]) for name, values in self.measures.items()},
            }
            for k, (unit, verdict) in enumerate(zip(units, self.verdicts, strict=True))
        ]


def _plain(value: Any) -> Any:
    """A number for JSON: None for NaN and infinity."""
    if value is None or isinstance(value, str):
        return value
    return float(value) if np.isfinite(value) else None


def silent(responses: NDArray[Any], blank: NDArray[Any]) -> NDArray[np.bool_]:
    """Which cells never depart from their blank response: (..., K) and (K,) -> (K,)."""
    departure = np.abs(responses - blank).reshape(-1, len(blank)).max(axis=0)
    return np.asarray(departure <= 1e-6 * np.maximum(np.abs(blank), 1e-6))
