"""One run: what is learned, on which data, from which seed; and the learning itself."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from math import isfinite
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from neuro_cnn.check import check
from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.data import Data, Dataset, load
from neuro_cnn.data.ahead import in_batches
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import BATCH, predict, right
from neuro_cnn.layers import Params, Shape
from neuro_cnn.losses import SquaredError
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Health, health
from neuro_cnn.room import explained
from neuro_cnn.rules import LabelledWTA, LearnReferences, Memorize, Neighbourhood
from neuro_cnn.streams import generator
from neuro_cnn.training import Progress, State, ended, train


@dataclass(frozen=True)
class Experiment:
    """A system of the catalogue with its options, or a network and curriculum of one's own; data; and a seed.

    `hold_out` is the share of the training images that is not learned from but chooses the best checkpoint; `title`
    is what to call a network of one's own.
    """

    model: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    network: Chain | None = None
    curriculum: tuple[Phase, ...] | None = None
    data: str = "digits"
    split: Annotated[int, Field(ge=0)] = 0
    train_size: Annotated[int, Field(ge=1)] | None = None
    labels_per_class: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    hold_out: Annotated[float, Field(ge=0, lt=1)] = 0.0
    title: str | None = None
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        own = (self.network is not None, self.curriculum is not None)
        if (self.model is None and own != (True, True)) or (self.model is not None and any(own)):
            raise UsageError("an experiment needs either `model` or both `network` and `curriculum`")
        if self.model is None and self.options:
            raise UsageError("`options` go with `model`; a network of one's own has none")

    @property
    def name(self) -> str:
        """What to call the system."""
        return self.title or self.model or "own-network"

    @property
    def variant(self) -> str:
        """The options that were set, in the form layers=2,planes=4."""
        return ",".join(f"{key}={value}" for key, value in sorted(self.options.items()))

    def load(self) -> Data:
        """The data. Raises DataError when it is missing or damaged."""
        return load(self.data, split=self.split, train_size=self.train_size, labels_per_class=self.labels_per_class)

    def build(self, in_shape: Shape, classes: int) -> tuple[Chain, Curriculum]:
        """The wiring and the curriculum for images of this shape."""
        if self.network is not None and self.curriculum is not None:
            self.network.init(in_shape, None)
            return self.network, self.curriculum
        return build(str(self.model), in_shape, classes, **self.options)

    def parts(self, data: Data) -> tuple[Dataset, Dataset | None]:
        """The images to learn from, and those held out, drawn by the split alone; None when none are.

        Data without labels has nothing to hold them out for.
        """
        if not data.train.classes:
            return data.train, None
        count = round(self.hold_out * len(data.train))
        if self.hold_out and not 0 < count < len(data.train):
            share = f"hold_out = {self.hold_out:.3g} of {len(data.train)} images"
            raise UsageError(f"{share} leaves one part empty; set it to 0, or use more images")
        if not count:
            return data.train, None
        order = generator(self.split, "hold out").permutation(len(data.train))
        return data.train.take(sorted(order[count:])), data.train.take(sorted(order[:count]))


class Outcome(NamedTuple):
    """What learning left: the last weights, a line an epoch, and the time it took."""

    params: dict[str, Params]
    history: list[dict[str, Any]]
    seconds: float


class Epoch(NamedTuple):
    """A batch was learned; at the end of an epoch there is a line of measures, and word whether it is the best so far.

    The best is that of least held-out loss in the last phase.
    """

    progress: Progress
    line: dict[str, Any] | None
    best: bool


def learn(
    net: Chain,
    curriculum: Curriculum,
    data: Dataset,
    held_out: Dataset | None,
    seed: int,
    device: str = "cpu",
    resume: State | None = None,
    history: list[dict[str, Any]] | None = None,
) -> Generator[Epoch, None, Outcome]:
    """Learn, measuring at the end of every epoch; yields after every batch and returns the outcome.

    `history` holds the lines of the run that is resumed. Where a phase loses patience is told by them alone, so that a
    resumed run ends as the whole one. Raises FloatingPointError when a measure is no longer a number, naming where.
    """
    check(net, curriculum, data, held_out)
    tireless = tuple(replace(phase, patience=None) for phase in curriculum)
    history = list(history or [])
    spent = sum(line["seconds"] for line in history)
    least = min((line["held_out_loss"] for line in history if _counts(line, curriculum)), default=None)
    params, place = ({}, 0) if resume is None else (resume.params, resume.phase)
    started = time.perf_counter()
    steps = train(net, tireless, data, seed=seed, resume=resume, device=device)
    while True:
        try:
            progress = next(steps, None)
        except MemoryError as error:
            raise explained(error, net, data.shape, params or None, curriculum[place].batch) from error
        if progress is None:
            break
        params, place, line, is_best = progress.params, progress.state.phase, None, False
        if progress.epoch_ended:
            line = _line(progress, time.perf_counter() - started)
            line |= _held_out(net, params, held_out, curriculum[progress.phase])
            _check_finite(progress, line)
            spent += line["seconds"]
            history.append(line)
            if _counts(line, curriculum) and (least is None or line["held_out_loss"] < least):
                least, is_best = line["held_out_loss"], True
            if not progress.phase_ended and _out_of_patience(history, curriculum[progress.phase].patience):
                progress = ended(progress)
                steps.close()
                steps = train(net, tireless, data, seed=seed, resume=progress.state, device=device)
        yield Epoch(progress, line, is_best)
        if progress.epoch_ended:
            started = time.perf_counter()
    return Outcome(params, history, spent)


def _counts(line: Mapping[str, Any], curriculum: Curriculum) -> bool:
    return line["phase"] == len(curriculum) - 1 and "held_out_loss" in line


def _out_of_patience(history: list[dict[str, Any]], patience: int | None) -> bool:
    """Whether the held-out loss of the phase of the last line was least `patience` epochs ago or more."""
    if patience is None:
        return False
    losses = [line["held_out_loss"] for line in history if line["phase"] == history[-1]["phase"]]
    return len(losses) - 1 - losses.index(min(losses)) >= patience


def _line(progress: Progress, seconds: float) -> dict[str, Any]:
    return {
        "phase": progress.phase,
        "label": progress.label,
        "epoch": progress.epoch,
        **progress.measures(),
        "seconds": seconds,
    }


def _check_finite(progress: Progress, line: Mapping[str, Any]) -> None:
    for name, value in line.items():
        if isinstance(value, float) and not isfinite(value):
            place = f"{progress.label}: {name} is {value} after epoch {progress.epoch + 1}"
            raise FloatingPointError(f"{place}; lower the rate")


@np.errstate(over="ignore", invalid="ignore")
def _held_out(net: Chain, params: dict[str, Params], data: Dataset | None, phase: Phase) -> dict[str, float]:
    if data is None or not phase.method.supervised or net.names[-1] not in phase.learners(net):
        return {}
    data = data.take(data.labelled)
    if not len(data):
        return {}
    scores = predict(net, params, data.images)
    if any(isinstance(rule, Memorize | LearnReferences | LabelledWTA) for rule in phase.method.taught):
        return {"held_out_accuracy": right(scores, data.labels)}  # distances are no estimate of the one-hot label
    loss = phase.method.loss if isinstance(phase.method, Backprop) else SquaredError()
    return {"held_out_loss": float(loss(scores, data.labels)[0]), "held_out_accuracy": right(scores, data.labels)}


def at_home(curriculum: Curriculum, data: Data) -> Curriculum:
    """The curriculum on this data: a phase on data of its name learns from what split and hold-out leave of it."""
    return tuple(replace(phase, data=None) if phase.data == data.name else phase for phase in curriculum)


def check_unseen(curriculum: Curriculum, data: Data) -> None:
    """Raises UsageError where a phase learns from other data that hold test images of these."""
    for name in {phase.data for phase in curriculum if phase.data is not None}:
        learned = load(name).train.images
        if learned.shape[1:] != data.test.shape:
            continue  # refused elsewhere
        known = set(_digests(learned))
        seen = sum(digest in known for digest in _digests(data.test.images))
        if seen:
            raise UsageError(f"{seen} test images of {data.name} are among those of {name}; learn from other images")


def _digests(images: Any) -> Iterator[bytes]:
    """What tells each image from all others, in a few bytes, so that images in files are not held."""
    with closing(in_batches(images, BATCH)) as batches:
        for batch in batches:
            yield from (blake2b(image.tobytes(), digest_size=16).digest() for image in batch)


def layer_health(net: Chain, curriculum: Curriculum, params: dict[str, Params], images: Any, layer: str) -> Health:
    """The health of a layer as the curriculum taught it: planes that learn with their neighbours are alike."""
    rules = [
        phase.method.rule_of(layer)
        for phase in curriculum
        if not isinstance(phase.method, Backprop) and layer in phase.learners(net)
    ]
    neighbours = any(isinstance(getattr(rule, "competition", None), Neighbourhood) for rule in rules)
    return health(net, params, images, layer, neighbours)


def unsupervised_layers(net: Chain, curriculum: Curriculum) -> tuple[str, ...]:
    """The S-layers whose health matters: those that a rule without a teacher trains."""
    names = [
        name
        for phase in curriculum
        if phase.method.taught and not phase.method.supervised
        for name in phase.learners(net)
    ]
    return tuple(name for name in dict.fromkeys(names) if hasattr(net[name], "associate"))
