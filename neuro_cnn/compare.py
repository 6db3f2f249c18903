"""Several systems on the same split, side by side, each unsupervised one beside the same cells unlearned."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from statistics import mean, stdev
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from neuro_cnn.backend import choose_device, to_device
from neuro_cnn.check import check
from neuro_cnn.curriculum import Backprop, Curriculum
from neuro_cnn.data import Data, Dataset
from neuro_cnn.data.deformations import DEFORMATIONS
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracies, predict, right
from neuro_cnn.experiment import (
    Epoch,
    Experiment,
    Outcome,
    at_home,
    check_unseen,
    layer_health,
    learn,
    unsupervised_layers,
)
from neuro_cnn.layers import InterpolatingVector, Params
from neuro_cnn.models import MAIN, control, control_name, defaults, learning, system
from neuro_cnn.models.features import Positive
from neuro_cnn.network import Chain
from neuro_cnn.path import Path
from neuro_cnn.physiology import Health
from neuro_cnn.settings import OF_DATA, check_values, settings
from neuro_cnn.spec import plain
from neuro_cnn.training import State
from neuro_cnn.watch import Snapshot, by_epoch, watching

SCHEMA = 1
MOMENTS = 6
"""Moments at which the report shows the first layer that learns: before, and after epochs (our choice)."""


@dataclass(frozen=True)
class Study:
    """Which systems, on which data, from how many seeds and splits. A system is written name or name:key=value,....

    `vary` is one option and its values: each system that has it is learned with each. It may also be `data`,
    `train_size` or `labels_per_class` ("all": none left out), which all systems have. `question`, `source` and `expect`
    say what it is for, in words for the report. Test images are deformed by each of the amounts of `shift` (pixels),
    `scale` (factors), `rotate` (degrees), `bend` (pixels) and `noise` (standard deviations). With a `path` the systems
    are those on it.
    """

    systems: tuple[str, ...] = MAIN
    data: str = "digits"
    train_size: Annotated[int, Field(ge=1)] | None = None
    labels_per_class: Annotated[int, Field(ge=1)] | None = None
    seeds: Annotated[int, Field(ge=1)] = 1
    splits: Annotated[int, Field(ge=1)] = 1
    shift: tuple[Annotated[int, Field(ge=1)], ...] = (1, 2, 3, 4)
    scale: tuple[Positive, ...] = ()
    rotate: tuple[Annotated[float, Field(allow_inf_nan=False)], ...] = ()
    bend: tuple[Positive, ...] = ()
    noise: tuple[Positive, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    question: str | None = None
    source: str | None = None
    expect: str | None = None
    vary: dict[str, Annotated[tuple[bool | int | float | str, ...], Field(min_length=1)]] = field(default_factory=dict)
    path: Path | None = None
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.path is not None:
            self._check_path(self.path)
        elif not self.systems:
            raise UsageError("systems = []: name at least 1 system to compare")
        if len(self.vary) > 1:
            raise UsageError(f"{len(self.vary)} options to vary, {', '.join(self.vary)}; vary one at a time")
        for key, values in self.vary.items():
            if len(set(values)) < len(values):
                raise UsageError(f"vary: {key} has a value twice, {list(values)}; leave one out")
            if key in OF_DATA:
                check_values(key, values)
                if key != "data" and getattr(self, key) is not None:
                    raise UsageError(
                        f"{key} = {getattr(self, key)} is set, and varied over {list(values)}; leave one out"
                    )

    def _check_path(self, path: Path) -> None:
        if self.systems not in ((), MAIN) or any(key != "labels_per_class" for key in self.vary):
            raise UsageError(
                "a path has its own systems and varies labels_per_class alone; compare others apart from it"
            )
        if self.splits > 1 and path.choose is not None:
            told = "on other splits these are test images; set splits = 1, or leave path.choose out"
            raise UsageError(f"splits = {self.splits}, but constants are chosen on training images of split 0: {told}")
        object.__setattr__(self, "systems", ())
        path.check(self.options)

    @property
    def settings(self) -> list[dict[str, Any]]:
        """What is asked of the data, once for each value where they are varied."""
        common = {key: getattr(self, key) for key in OF_DATA}
        return settings(common, self.vary)

    @property
    def deformed(self) -> dict[str, tuple[float, ...]]:
        """By how much test images are deformed, by deformation."""
        return {kind: getattr(self, kind) for kind in DEFORMATIONS}


class Task(NamedTuple):
    """One thing to be learned: wiring and curriculum, and where the numbers go in the table."""

    model: str
    variant: str
    is_control: bool
    net: Chain
    curriculum: Curriculum
    watched: tuple[str, ...]  # the layers whose health is told
    seed: int
    split: int
    place: int = 0  # which of the study's data it learns from,
    images: int = 0  # and the first of them that have the same training images
    deformed: bool = True  # whether it answers deformed test images too

    @property
    def key(self) -> str:
        """The same for tasks that are the same experiment under two names (a control and random-features)."""
        return self._key(self.curriculum, self.place) + ("" if self.deformed else ", not deformed")

    @property
    def untaught(self) -> Curriculum:
        """The phases before the first that reads labels."""
        return tuple(takewhile(lambda phase: not phase.method.supervised, self.curriculum))

    @property
    def features(self) -> str:
        """The same for tasks whose untaught phases are the same: whatever the labels, they learn the same weights."""
        return self._key(self.untaught, self.images)

    def _key(self, curriculum: Curriculum, place: int) -> str:
        return json.dumps([plain(self.net), [plain(p) for p in curriculum], self.seed, self.split, place])

    @property
    def label(self) -> str:
        """What to call it on a terminal."""
        text = f"{self.model}:{self.variant}" if self.variant else self.model
        return text + (f" ({control_name(learning(self.curriculum))})" if self.is_control else "")


class Finding(NamedTuple):
    """What one task came to: its row of the table, its learning curve, its weights and its layers' health.

    `snapshots` are of the first layer that learns without a teacher, before and after epochs of its phases.
    """

    row: dict[str, Any]
    history: list[dict[str, Any]]
    params: dict[str, Params]
    health: dict[str, Health]
    snapshots: tuple[Snapshot, ...] = ()


class Untaught(NamedTuple):
    """What the phases without a teacher came to, and the first layer's weights on the way."""

    outcome: Outcome
    snapshots: tuple[Snapshot, ...]


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """A system as written on the command line: "softhebb:layers=2" -> ("softhebb", {"layers": 2})."""
    name, _, rest = text.partition(":")
    return name, dict(assignment(part) for part in rest.split(",") if part)


def assignment(text: str) -> tuple[str, Any]:
    """KEY=VALUE as key and value; the value is read as TOML where it is TOML, else taken as a string."""
    import tomllib

    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"{text!r} is not KEY=VALUE")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def experiments(systems: Sequence[str], options: dict[str, Any], **common: Any) -> list[Experiment]:
    """The experiments of a study's systems; each option goes to the systems that have it, one at least."""
    chosen = [parse(text) for text in systems]
    for key in options if chosen else ():
        if not any(key in defaults(name) for name, _ in chosen):
            for name, _ in chosen:
                system(name, {key: options[key]})  # raises, naming the nearest option
    made = []
    for name, own in chosen:
        shared = {key: value for key, value in options.items() if key in defaults(name)}
        made.append(Experiment(model=name, options={**shared, **own}, **common))
        system(name, made[-1].options)
    return made


def plan(wanted: Iterable[Experiment], data: Data, seeds: int, split: int) -> list[Task]:
    """Every task of a comparison on one split, each system followed by its control.

    Raises UsageError when a system cannot learn from these images.
    """
    tasks = []
    for one in wanted:
        net, curriculum = one.build(data.train.shape, len(data.train.classes))
        curriculum = at_home(curriculum, data)
        check(net, curriculum, data.train)
        check_unseen(curriculum, data)
        watched = unsupervised_layers(net, curriculum)
        first = one.seed
        for seed in range(first, first + seeds):
            tasks.append(Task(one.name, one.variant, False, net, curriculum, watched, seed, split))
        bare = control(curriculum)
        if bare is not None:
            for seed in range(first, first + seeds):
                tasks.append(Task(one.name, one.variant, True, net, bare, watched, seed, split))
    return tasks


def run(
    task: Task,
    data: Data,
    deformed: Mapping[str, Sequence[float]],
    device: str = "cpu",
    known: dict[str, Untaught] | None = None,
) -> Generator[Epoch, None, Finding]:
    """Learn one task on all training images, then look at the test images once.

    `known` holds what untaught phases came to, by `Task.features`: those in it are not learned anew, others are added.
    """
    known = {} if known is None else known
    device, before = choose_device(device), known.get(task.features)
    watcher = by_epoch(task.net, task.curriculum, data.train, MOMENTS)
    if before is None and task.untaught:
        untaught = learn(task.net, task.untaught, data.train, None, task.seed, device)
        outcome = yield from watching(untaught, watcher)
        before = known[task.features] = Untaught(outcome, tuple(watcher.snapshots))
    state, history = None, None
    if before is not None:
        state, history = State(before.outcome.params, None, len(task.untaught)), before.outcome.history
        watcher.snapshots = list(before.snapshots)
    steps = learn(task.net, task.curriculum, data.train, None, task.seed, device, state, history)
    outcome = yield from watching(steps, watcher)
    amounts = deformed if task.deformed else {}
    found = measure(task, data, amounts, outcome.params, outcome.history, outcome.seconds)
    return found._replace(snapshots=tuple(watcher.snapshots))


def measure(
    task: Task,
    data: Data,
    deformed: Mapping[str, Sequence[float]],
    params: dict[str, Params],
    history: list[dict[str, Any]],
    seconds: float,
) -> Finding:
    """The row of a learned system: accuracy on the test images, plain and deformed, and what it cost."""
    started = time.perf_counter()
    scores = predict(task.net, params, data.test.images)
    answered = len(scores) / (time.perf_counter() - started)
    found = {name: layer_health(task.net, task.curriculum, params, data.train.images, name) for name in task.watched}
    cosines = [h.redundancy for h in found.values() if h.redundancy is not None]
    row = {
        "model": task.model,
        "variant": task.variant,
        "learning": learning(task.curriculum),
        "readout": readout(task.curriculum),
        "control": task.is_control,
        "seed": task.seed,
        "split": task.split,
        "data": data.name,
        "n_train": len(data.train),
        "labels_per_class": data.labels_per_class,
        "accuracy": right(scores, data.test.labels),
        **accuracies(task.net, params, data.test, deformed),
        "train_seconds": seconds,
        "images_per_second": answered,
        "parameters": sum(layer.parameters(params[name]) for name, layer in task.net.layers),
        "labels_used": len(data.train.labelled) if _reads_labels(task.curriculum, data.train) else 0,
        "dead_units": max((h.dead_units for h in found.values()), default=None),
        "redundancy": max(cosines, default=None),
        "health": {name: h.numbers() for name, h in found.items()},
        "planes": {name: int(params[name].learned.weight.shape[0]) for name in grown(task.net, task.curriculum)},
        "references": references(task.net, params),
    }
    return Finding(row, history, to_device(params, "cpu"), found)


def _reads_labels(curriculum: Curriculum, data: Dataset) -> bool:
    """Whether any phase reads the labels of the data set; one whose teacher shows his own patterns does not."""
    return any(phase.method.supervised and phase.shown(data) is data for phase in curriculum)


def readout(curriculum: Curriculum) -> str:
    """How the last layer was taught, in a word."""
    method = curriculum[-1].method
    if method.taught:
        return str(method.taught[0].kind)
    loss = method.loss.kind if isinstance(method, Backprop) else "squared_error"
    return {"cross_entropy": "softmax", "map": "MAP"}.get(loss, loss.replace("_", " "))


def grown(net: Chain, curriculum: Curriculum) -> tuple[str, ...]:
    """The layers whose planes are made as they learn, as many as it takes."""
    found = {
        name
        for phase in curriculum
        if not isinstance(phase.method, Backprop)
        for name in phase.learners(net)
        if phase.method.rule_of(name).grows
    }
    return tuple(name for name in net.names if name in found)


def references(net: Chain, params: dict[str, Params]) -> int | None:
    """How many references the deepest cells compare with; None where they do not."""
    name = net.names[-1]
    return int(params[name].fixed.vectors.shape[0]) if isinstance(net[name], InterpolatingVector) else None


def summarize(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means and standard deviations of each system over seeds and splits, and its gain over its own control, paired."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["variant"], row["control"]), []).append(row)
    summary = []
    for (model, variant, is_control), mine in groups.items():
        controls = {(r["seed"], r["split"]): r["accuracy"] for r in groups.get((model, variant, True), [])}
        pairs = [(r["accuracy"], controls[r["seed"], r["split"]]) for r in mine if (r["seed"], r["split"]) in controls]
        gains = [] if is_control else [a - b for a, b in pairs]
        summary.append(
            {
                **{key: mine[0][key] for key in ("model", "variant", "learning", "readout", "control")},
                **{key: mine[0][key] for key in ("data", "n_train", "labels_per_class")},
                "n": len(mine),
                **_spread("accuracy", [r["accuracy"] for r in mine]),
                **_deformed(mine),
                "control_accuracy_mean": mean(b for _, b in pairs) if gains else None,
                **_spread("gain", gains),
                **{f"{key}_mean": mean(r[key] for r in mine) for key in ("train_seconds", "images_per_second")},
                **{key: mine[0][key] for key in ("parameters", "labels_used")},
                **{key: _worst([r[key] for r in mine]) for key in ("dead_units", "redundancy")},
                "health": _mean_health([r["health"] for r in mine]),
                "planes": {name: mean(r["planes"][name] for r in mine) for name in mine[0]["planes"]},
                "references_mean": _mean_of_known([r["references"] for r in mine]),
            }
        )
    return summary


def _spread(name: str, values: Sequence[float]) -> dict[str, float | None]:
    return {f"{name}_mean": mean(values) if values else None, f"{name}_sd": _sd(values)}


def _deformed(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Mean and standard deviation over runs of the accuracy under each deformation by each amount."""
    found: dict[str, dict[str, float | None]] = {}
    for kind in DEFORMATIONS:
        reached = {amount: [run[kind][amount] for run in runs] for amount in runs[0][kind]}
        found[kind] = {amount: mean(values) for amount, values in reached.items()}
        found[f"{kind}_sd"] = {amount: _sd(values) for amount, values in reached.items()}
    return found


def _sd(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def _worst(values: Sequence[float | None]) -> float | None:
    return max((v for v in values if v is not None), default=None)


def _mean_health(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Each number of each layer's health, its mean over the runs in which it is known."""
    return {
        name: {key: _mean_of_known([run[name][key] for run in runs]) for key in numbers}
        for name, numbers in runs[0].items()
    }


def _mean_of_known(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None
