"""What a comparison has found so far: a file a finding, whole or absent, so that it goes on where it was stopped."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from neuro_cnn.agreement import differences, shown
from neuro_cnn.backend import to_numpy
from neuro_cnn.compare import Finding, Study, Task
from neuro_cnn.data import Data
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.files import replacing, write_text
from neuro_cnn.layers import Shape
from neuro_cnn.origin import digests
from neuro_cnn.physiology import Health
from neuro_cnn.runs import RunFolder
from neuro_cnn.spec import plain, read
from neuro_cnn.tree import fill, leaves
from neuro_cnn.watch import Snapshot

SCHEMA = 1
FINDINGS = "findings"
"""The folder of a comparison's run in which findings are kept."""
PLAN = "plan.json"
"""The file that says what is to be found, and from which images."""
ARRAYS = ("wins", "cosines", "norms", "spare")
"""The fields of a layer's health that are arrays, one number a plane."""


@dataclass(frozen=True)
class Kept:
    """The findings in a folder: weights and curves in safetensors, all else as JSON beside them; no pickle."""

    folder: Path

    def begin(self, tasks: Sequence[Task], splits: Sequence[Data]) -> None:
        """Write down what is to be found, and remove what a process that was killed had half written."""
        for path in self.folder.glob(".*"):
            path.unlink(missing_ok=True)
        if not (self.folder / PLAN).is_file():
            write_text(self.folder / PLAN, json.dumps(self._plan(tasks, splits), indent=1) + "\n")

    def check(self, tasks: Sequence[Task], splits: Sequence[Data]) -> None:
        """See that a comparison that goes on is the same still; nothing is changed.

        Raises UsageError where a system would learn otherwise than it did, DataError where the images are others.
        """
        there = self._planned()
        if there is None:
            return
        self.check_data(splits)
        for before, after in zip_longest(there["tasks"], self._listed(tasks)):
            if before != after:
                name = (after or before)["system"]
                raise UsageError(
                    f"{name} would not learn as it did when the comparison began; undo that, or begin anew"
                )

    def check_data(self, splits: Sequence[Data]) -> None:
        """Raises DataError, naming them, where images or labels are others than when the comparison began."""
        there = self._planned()
        if there is None:
            return
        for data, before in zip_longest(splits, there["data"]):
            if data is None or before != digests(data):
                name = before["name"] if data is None else data.name
                raise DataError(f"{name}: the images or labels have changed since the comparison began; begin anew")

    def _planned(self) -> dict[str, Any] | None:
        """What was to be found when the comparison began; None where nothing is kept. Raises DataError for a damaged
        file."""
        path = self.folder / PLAN
        if not path.is_file():
            return None
        try:
            there: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            version = there["schema_version"]
            _ = [each[key] for part, key in (("tasks", "system"), ("data", "name")) for each in there[part]]
        except (ValueError, KeyError, TypeError) as error:
            told = f"{path}: damaged ({type(error).__name__}: {error})"
            raise DataError(f"{told}; remove it, and go on where neither systems nor data have changed") from error
        if version != SCHEMA:
            raise DataError(f"{path}: written in format {version}, but this version reads {SCHEMA}; begin anew")
        return there

    def _plan(self, tasks: Sequence[Task], splits: Sequence[Data]) -> dict[str, Any]:
        data = [digests(each) for each in splits]
        return {"schema_version": SCHEMA, "tasks": self._listed(tasks), "data": data}

    def _listed(self, tasks: Sequence[Task]) -> list[dict[str, Any]]:
        return [
            {"system": task.label, "seed": task.seed, "split": task.split, "file": self.path(task).name}
            for task in tasks
        ]

    def path(self, task: Task) -> Path:
        """Where the finding of a task is kept; two names of one task share it."""
        return self.folder / f"{blake2b(task.key.encode(), digest_size=16).hexdigest()}.safetensors"

    def count(self, tasks: Sequence[Task]) -> int:
        """Of how many of these tasks a finding is kept."""
        return sum(self.path(task).is_file() for task in tasks)

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


def reopened(path: Path) -> tuple[RunFolder, Study]:
    """The folder of a comparison that is to go on, and what it is of; nothing in it is changed.

    Raises UsageError for the run of one system, DataError for another folder and for one of another version.
    """
    folder = RunFolder.open(path)
    config = folder.read_toml("config.toml")
    if "systems" not in config:
        command = shlex.join(["neuro-cnn", "train", "--resume", str(path)])
        raise UsageError(f"{path} is the run of one system; go on with: {command}")
    try:
        return folder, read(Study, config, str(path / "config.toml"))
    except UsageError as error:
        raise DataError(f"{error}; written by another version, or by hand") from error


def check_same(there: Study, asked: Study, where: Path) -> None:
    """Raises UsageError, naming the key, where a comparison that goes on is asked for otherwise than it began."""
    for key, old, new in differences(plain(there), plain(asked)):
        told = f"{where}: {key} is {shown(old)} there, but {shown(new)} was asked for"
        raise UsageError(f"{told}; leave it out, or begin anew with --out")


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
