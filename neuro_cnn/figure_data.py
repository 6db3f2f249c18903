"""The numbers behind a comparison's figures, a row a point, as a reader downloads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from neuro_cnn.physiology import Health
from neuro_cnn.vary import Curves
from neuro_cnn.viz.accuracy import system
from neuro_cnn.watch import Snapshot

Rows: TypeAlias = list[dict[str, Any]]
REACHED = ("n", "accuracy_mean", "accuracy_sd", "control_accuracy_mean", "gain_mean", "gain_sd")


def reached(summary: Sequence[Mapping[str, Any]], kinds: Sequence[str] = ()) -> Rows:
    """What each system and control reached, as its images are and under these deformations, as shares."""
    return [
        {"system": system(row), "control": row["control"], **{key: row[key] for key in REACHED}}
        | {key: row[key] for kind in kinds for key in (kind, f"{kind}_sd")}
        for row in summary
    ]


def varied(key: str, *lines: Curves) -> Rows:
    """What each system reached with each value of what is varied, under all deformations, and what it made."""
    kept = ("accuracy_mean", "accuracy_sd", "planes", "references_mean")
    left_out = ("health", "planes")
    return [
        {"system": name, "control": row["control"], key: value}
        | {part: row[part] for part in kept if part in row}
        | {part: each for part, each in row.items() if isinstance(each, Mapping) and part not in left_out}
        for curves in lines
        for name, points in curves.items()
        for value, row in points
    ]


def weights(array: Any) -> Rows:
    """Weights (K, C, h, w), a row for each plane's view of each input plane."""
    return [
        {"plane": plane, "input": place, **_grid(view)}
        for plane, views in enumerate(array)
        for place, view in enumerate(views)
    ]


def formed(snapshots: Sequence[Snapshot]) -> Rows:
    """A layer's weights at each of its moments."""
    return [
        {"epoch": each.epoch, "updates": each.updates, "images": each.images, **row}
        for each in snapshots
        for row in weights(each.weight)
    ]


def _grid(view: Any) -> dict[str, Any]:
    return {f"w_{row}_{column}": weight for row, line in enumerate(view) for column, weight in enumerate(line)}


def health(layers: Mapping[str, tuple[Health, Health | None]], beside: str) -> Rows:
    """What each plane of each layer wins, its cosine to the nearest other and its norm; beside them another's."""
    return [
        {"layer": name, "of": of, "plane": plane, "wins": int(wins), "share": share, "cosine": cosine, "norm": norm}
        for name, (ours, other) in layers.items()
        for of, state in (("learned", ours), (beside, other))
        if state is not None
        for plane, (wins, share, cosine, norm) in enumerate(
            zip(state.wins, state.shares, state.cosines, state.norms, strict=True)
        )
    ]


def histories(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> Rows:
    """What each system measured, epoch by epoch."""
    return [{"system": name, **line} for name, lines in found.items() for line in lines]
