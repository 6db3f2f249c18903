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


class Measure(NamedTuple):
    """What a measure is in words, its unit, and its published value, said in words with its source.

    `period` is that of an angle, which has no median.
    """

    label: str
    unit: str = ""
    published: str = ""
    criterion: float | None = None
    period: float | None = None


class Criterion(NamedTuple):
    """What a measure must come to: at least (or else at most) a bound. `cells` says whose it is, S or C."""

    cells: str
    measure: str
    least: bool
    bound: float

    def met(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the cells meet it; those without a measure do not."""
        return np.asarray(values >= self.bound if self.least else values <= self.bound)

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:g}"


class Trial(NamedTuple):
    """A claim put to the test: its short name, what is claimed, what must hold, and how it is measured in words."""

    name: str
    claim: str
    criteria: tuple[Criterion, ...]
    how: str = ""


class Trials(NamedTuple):
    """Claims put to the test, and, for one cell, what was shown: frames (n, h, w) with their names, by trial."""

    trials: tuple[Trial, ...]
    cell: int
    frames: dict[str, tuple[NDArray[Any], tuple[str, ...]]]


@dataclass(frozen=True)
class Findings:
    """One protocol on every plane of a layer at one place: measures (K,) by name, NaN where a cell has none."""

    protocol: str
    title: str
    measures: dict[str, NDArray[Any]]
    verdicts: Sequence[Verdict]
    words: dict[str, Measure]
    shown: Any = None
    """What the figure draws, a NamedTuple by whose name it is chosen: `Curves`, `Maps`, `Trials` or another."""
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
        """Median and the 10th and 90th percentile of every measure over usable cells, and how many have it.

        Of angles instead the mean direction, and the resultant's length: 1 where all agree, near 0 where none do.
        """
        found: dict[str, Any] = {"usable": int(self.usable.sum()), "of": len(self.verdicts)}
        found |= {flag: sum(v.flag == flag for v in self.verdicts) for flag in WORDS if flag != "ok"}
        for name, values in self.measures.items():
            kept = np.asarray(values, float)[self.usable]
            kept = kept[np.isfinite(kept)]
            period = self.words[name].period
            found[name] = {**(_spread(kept) if period is None else _direction(kept, period)), "n": int(kept.size)}
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

    def record(self, units: Sequence[Any]) -> dict[str, Any]:
        """All of it as plain data for JSON: what measures mean, one row a cell, the summary, and what is drawn."""
        return {
            "protocol": self.protocol,
            "title": self.title,
            "measures": {name: self.words[name]._asdict() for name in self.measures},
            "units": self.rows(units),
            "summary": self.summary(),
            "shown": None if self.shown is None else {"kind": type(self.shown).__name__.lower(), **_plain(self.shown)},
            "notes": list(self.notes),
            "stimuli": _plain(self.stimuli),
        }

    def told(self) -> str:
        """The summary in lines of words: title, count, and the median of every measure with its spread."""
        lines = [f"{self.title}: {self.count()}"]
        for name, found in self.summary().items():
            if not isinstance(found, dict):
                continue
            label, unit, published = self.words[name][:3]
            if found["n"] and "mean" in found:
                value = f"mean {found['mean']:.3g} {unit} (resultant {found['resultant']:.2f}), {found['n']} cells"
            elif found["n"]:
                spread = f"{found['median']:.3g} ({found['p10']:.3g} to {found['p90']:.3g}) {unit}".rstrip()
                value = f"{spread}, {found['n']} cells" + (f"; {published}" if published else "")
            else:
                value = "of no usable cell"
            lines.append(f"  {label}: {value}")
        return "\n".join(lines)


def _spread(values: NDArray[Any]) -> dict[str, Any]:
    spread = np.percentile(values, [50, 10, 90]).tolist() if values.size else [None] * 3
    return dict(zip(("median", "p10", "p90"), spread, strict=True))


def _direction(values: NDArray[Any], period: float) -> dict[str, Any]:
    if not values.size:
        return {"mean": None, "resultant": None}
    mean = np.exp(2j * np.pi * values / period).mean()
    return {"mean": float(np.angle(mean) / (2 * np.pi) * period % period), "resultant": float(np.abs(mean))}


def _plain(value: Any) -> Any:
    """Numbers, arrays and tuples for JSON: None for NaN and infinity, names kept where there are any."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(each) for each in value]
    if isinstance(value, int | np.integer):
        return int(value)
    return float(value) if np.isfinite(value) else None


def silent(responses: NDArray[Any], blank: NDArray[Any]) -> NDArray[np.bool_]:
    """Which cells never depart from their blank response: (..., K) and (K,) -> (K,)."""
    departure = np.abs(responses - blank).reshape(-1, len(blank)).max(axis=0)
    return np.asarray(departure <= 1e-6 * np.maximum(np.abs(blank), 1e-6))
