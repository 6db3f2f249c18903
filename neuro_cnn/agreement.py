"""Whether what is asked for is what a run was begun with, and if not, which key differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neuro_cnn.checkpoint import Checkpoint
from neuro_cnn.curriculum import Curriculum
from neuro_cnn.data import Dataset
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.experiment import Experiment
from neuro_cnn.models import system
from neuro_cnn.network import Chain
from neuro_cnn.origin import environment
from neuro_cnn.runs import MARK, RunFolder
from neuro_cnn.spec import plain

ABSENT = "absent"
IDLE = ("cores", "matplotlib", "pillow", "pydantic", "threadpoolctl", "joblib")
"""Facts of env.json on which no bit of what is learned depends; what is read of images the data's digests tell."""


def check_same(there: Experiment, asked: Experiment, where: str) -> None:
    """Raises UsageError where the run in a folder is another experiment than is asked for, naming the first key."""
    for key, old, new in differences(settings(there), settings(asked)):
        asked_for = f"{where}: {key} is {shown(old)} there, but {shown(new)} was asked for"
        raise UsageError(f"{asked_for}; a run goes on as it was begun, so choose another folder for another run")


def settings(experiment: Experiment) -> dict[str, Any]:
    """All that an experiment sets, as plain data, but what it is called; of a system of the catalogue the options that
    were left out too."""
    found: dict[str, Any] = {key: value for key, value in plain(experiment).items() if key != "title"}
    if experiment.model is not None:
        found["options"] = plain(system(experiment.model, experiment.options))
    return found


def check_fits(
    kept: Checkpoint, net: Chain, curriculum: Curriculum, images: Dataset, where: str
) -> list[tuple[str, Any, Any]]:
    """What a configuration was changed in since a checkpoint was learned: key, value then, value now.

    Raises UsageError where learning cannot go on so, naming the key. What may be changed between two parts of a run are
    numbers of a method, such as a rate that was too high, and epochs that have not been reached.
    """
    state = kept.state
    then = {"network": plain(kept.net), "curriculum": [plain(phase) for phase in kept.curriculum]}
    now = {"network": plain(net), "curriculum": [plain(phase) for phase in curriculum]}
    then |= {"in_shape": list(kept.in_shape), "classes": list(kept.classes)}
    now |= {"in_shape": list(images.shape), "classes": list(images.classes)}
    changed = list(differences(then, now))
    for key, old, new in changed:
        if not _may_change(key, old, new, state.phase, state.epoch):
            raise UsageError(f"{where}: {key} is {shown(new)}, but the checkpoint was learned with {shown(old)}")
    return changed


def _may_change(key: str, old: Any, new: Any, phase: int, epoch: int) -> bool:
    top, number, *rest = [*key.split("."), "", ""]
    if top != "curriculum" or not all(isinstance(value, int | float) for value in (old, new)):
        return False
    if rest[0] == "epochs":
        return int(number) > phase or (int(number) == phase and new > epoch)
    return rest[0] == "method"


def settings_of_data(experiment: Experiment) -> dict[str, Any]:
    """What is shown, and in which order: run.json keeps it, for config.toml may be changed by hand."""
    config = plain(experiment)
    return {key: config[key] for key in ("seed", "data", "split", "train_size", "labels_per_class", "hold_out")}


def check_settings(folder: RunFolder, now: Experiment, where: str) -> None:
    """Raises UsageError where other images would be shown than the run was begun with, naming the key."""
    begun = folder.read_json(MARK).get("settings", {})
    for key, old, new in differences(begun, settings_of_data(now)) if begun else ():
        raise UsageError(f"{where}: {key} is {shown(new)}, but the run was begun with {shown(old)}; set it back")


def check_data(folder: RunFolder, now: dict[str, Any]) -> None:
    """Raises DataError where the data of a run is no longer what it was when the run began, naming what has changed."""
    before = folder.read_json("env.json").get("data", {})
    for key, _, _ in differences(before, now) if before else ():
        part = key.removesuffix("_sha256").replace("also.", "")
        told = f"{folder.path}: the data {now['name']} ({part}) is no longer what the run learned from"
        raise DataError(f"{told}; bring it back, or train anew")


def conditions(folder: RunFolder, device: str, threads: int | None = None) -> list[tuple[str, Any, Any]]:
    """What differs here from where the run began and its last bits may depend on: key, value there, value here.

    `threads` are those of each process that learns, where this one does not.
    """
    env = folder.read_json("env.json")
    other = {"device": device} | ({} if threads is None else {"threads": threads})
    here = {key: value for key, value in {**environment(), **other}.items() if key not in IDLE}
    found = differences({key: env.get(key, ABSENT) for key in here}, here)
    return [(key, old, new) for key, old, new in found if old is not ABSENT]


def elsewhere(
    folder: RunFolder, device: str, changed: list[tuple[str, Any, Any]], threads: int | None = None
) -> list[str]:
    """In words, how a run goes on otherwise than it began, in its surroundings or by hand; env.json keeps it."""
    found = [*conditions(folder, device, threads), *changed]
    if not found:
        return []
    env = folder.read_json("env.json")
    later = {**env.get("resumed_with", {}), **{key: new for key, _, new in found}}
    folder.write_json("env.json", {**env, "resumed_with": later})
    told = ", ".join(f"{key} is {shown(new)} and was {shown(old)}" for key, old, new in found)
    return [f"the run goes on otherwise than it began: {told}"]


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The values that differ between two trees of plain data, by path."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), f"{path}.{key}".removeprefix("."))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from differences(a, b, f"{path}.{place}")
    elif old != new:
        yield path, old, new


def shown(value: Any) -> str:
    """A value in a few words."""
    text = "not set" if value is None else value if value is ABSENT else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
