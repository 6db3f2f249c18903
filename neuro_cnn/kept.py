"""What a comparison has found so far: a file a finding, whole or absent, so that it goes on where it was stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from neuro_cnn.backend import to_numpy
from neuro_cnn.compare import Finding, Task
from neuro_cnn.errors import DataError
from neuro_cnn.files import replacing
from neuro_cnn.layers import Shape
from neuro_cnn.physiology import Health
from neuro_cnn.tree import fill, leaves
from neuro_cnn.watch import Snapshot

SCHEMA = 1
ARRAYS = ("wins", "cosines", "norms", "spare")
"""The fields of a layer's health that are arrays, one number a plane."""


@dataclass(frozen=True)
class Kept:
    """The findings in a folder: weights and curves in safetensors, all else as JSON beside them; no pickle."""

    folder: Path

    def path(self, task: Task) -> Path:
        """Where the finding of a task is kept; two names of one task share it."""
        return self.folder / f"{blake2b(task.key.encode(), digest_size=16).hexdigest()}.safetensors"

    def keep(self, task: Task, found: Finding) -> None:
        """Write a finding whole; the same finding gives the same bytes."""
        from safetensors.numpy import save

        health = {name: {key: getattr(state, key) for key in ARRAYS} for name, state in found.health.items()}
        snapshots = [each.weight for each in found.snapshots]
        parts = {"params": found.params, "health": health, "snapshots": snapshots}
        arrays = {name: np.asarray(to_numpy(value), order="C") for name, value in leaves(parts)}
        facts = {
            "schema_version": SCHEMA,
            "key": task.key,
            "row": found.row,
            "history": found.history,
            "health": {name: _without(state, ARRAYS) for name, state in found.health.items()},
            "snapshots": [_without(each, ("weight",)) for each in found.snapshots],
        }
        text = json.dumps(facts, allow_nan=False)  # in the order of the keys, which is that of the table's columns
        with replacing(self.path(task)) as temporary:
            temporary.write_bytes(save(arrays, {"neuro_cnn": text}))

    def find(self, task: Task, in_shape: Shape) -> Finding | None:
        """What was found of a task that sees images of this shape; None where nothing is kept.

        Raises DataError where the file is damaged or of another version.
        """
        path = self.path(task)
        if not path.is_file():
            return None
        try:
            facts, arrays = _opened(path)
            if facts["schema_version"] != SCHEMA:
                raise DataError(f"{path}: written in format {facts['schema_version']}, but this version reads {SCHEMA}")
            params = fill(task.net.init(in_shape, None), _below("params", arrays))
            health = {
                name: Health(**rest, **{key: arrays[f"health.{name}.{key}"] for key in ARRAYS})
                for name, rest in facts["health"].items()
            }
            snapshots = tuple(
                Snapshot(**rest, weight=arrays[f"snapshots.{index}"]) for index, rest in enumerate(facts["snapshots"])
            )
            return Finding(facts["row"], facts["history"], params, health, snapshots)
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: damaged, or of another version ({error}); remove it, and go on") from error

    def tidy(self) -> None:
        """Remove what a process that was killed had half written."""
        for path in self.folder.glob(".*.safetensors"):
            path.unlink(missing_ok=True)


def _opened(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a file says in words, and its arrays by name."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            facts = json.loads((file.metadata() or {})["neuro_cnn"])
            return facts, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: damaged ({error}); remove it, and go on") from error


def _without(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: each for name, each in value._asdict().items() if name not in names}


def _below(part: str, arrays: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(f"{part}."): array for name, array in arrays.items() if name.startswith(f"{part}.")}
