"""Whether what is asked for is what a run was begun with, and if not, which key differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neuro_cnn.checkpoint import Checkpoint
from neuro_cnn.curriculum import Curriculum
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.experiment import Experiment
from neuro_cnn.models import system
from neuro_cnn.network import Chain
from neuro_cnn.spec import plain

ABSENT = "absent"


def check_same(there: Experiment, asked: Experiment, where: str) -> None:
    """Raises UsageError where the run in a folder is another experiment than is asked for, naming the first key."""
    for key, old, new in differences(settings(there), settings(asked)):
        asked_for = f"{where}: {key} is {told(old)} there, but {told(new)} was asked for"
        raise UsageError(f"{asked_for}; a run goes on as it was begun, so choose another folder for another run")


def settings(experiment: Experiment) -> dict[str, Any]:
    """All that an experiment sets, as plain data; of a system of the catalogue the options that were left out too."""
    found: dict[str, Any] = plain(experiment)
    if experiment.model is not None:
        found["options"] = plain(system(experiment.model, experiment.options))
    return found


def check_fits(kept: Checkpoint, net: Chain, curriculum: Curriculum, shown: Dataset, where: str) -> None:
    """Raises UsageError where a configuration was changed so that learning cannot go on from a checkpoint.

    What may be changed between two parts of a run are numbers of a method, such as a rate that was too high, and
    epochs that have not been reached.
    """
    state = kept.state
    then = {"network": plain(kept.net), "curriculum": [plain(phase) for phase in kept.curriculum]}
    now = {"network": plain(net), "curriculum": [plain(phase) for phase in curriculum]}
    then |= {"in_shape": list(kept.in_shape), "classes": list(kept.classes)}
    now |= {"in_shape": list(shown.shape), "classes": list(shown.classes)}
    for key, old, new in differences(then, now):
        if not _may_change(key, old, new, state.phase, state.epoch):
            raise UsageError(f"{where}: {key} is {told(new)}, but the checkpoint was learned with {told(old)}")


def _may_change(key: str, old: Any, new: Any, phase: int, epoch: int) -> bool:
    top, number, *rest = [*key.split("."), "", ""]
    if top != "curriculum" or not all(isinstance(value, int | float) for value in (old, new)):
        return False
    if rest[0] == "epochs":
        return int(number) > phase or (int(number) == phase and new > epoch)
    return rest[0] == "method"


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


def told(value: Any) -> str:
    """A value in a few words."""
    text = "not set" if value is None else value if value is ABSENT else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
