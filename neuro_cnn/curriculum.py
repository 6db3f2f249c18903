"""Who learns, how, and in what order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from neuro_cnn.data import Dataset, load
from neuro_cnn.data.augment import Augment
from neuro_cnn.errors import UsageError
from neuro_cnn.losses import CrossEntropy, Loss
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam, Clip, Optimizer
from neuro_cnn.rules import AnyRule, Taught


@dataclass(frozen=True)
class Local:
    """Each layer of the phase learns by the rule from its own activity; there is no error from above."""

    rule: Annotated[AnyRule, Field(discriminator="kind")]
    kind: Literal["local"] = "local"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    @property
    def supervised(self) -> bool:
        """Whether labels are read."""
        return self.rule.supervised

    def rule_of(self, layer: str) -> AnyRule:
        """The rule by which this layer learns."""
        return self.rule

    @property
    def taught(self) -> tuple[AnyRule, ...]:
        """The rules at work."""
        return (self.rule,)


@dataclass(frozen=True)
class Together:
    """Several layers learn at once, each by its own rule, all from the activity before any of them has changed."""

    rules: tuple[tuple[str, Annotated[AnyRule, Field(discriminator="kind")]], ...]
    kind: Literal["together"] = "together"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        for name, rule in self.rules:
            if isinstance(rule, Taught):
                raise UsageError(f"the teacher shows {name} patterns of its own; let it learn alone, by method local")

    @property
    def supervised(self) -> bool:
        """Whether labels are read."""
        return any(rule.supervised for _, rule in self.rules)

    def rule_of(self, layer: str) -> AnyRule:
        """The rule by which this layer learns."""
        return dict(self.rules)[layer]

    @property
    def taught(self) -> tuple[AnyRule, ...]:
        """The rules at work."""
        return tuple(rule for _, rule in self.rules)


@dataclass(frozen=True)
class Backprop:
    """The error at the output is sent back through the layers, and every layer of the phase follows its gradient.

    `clip` keeps the gradient of the phase's layers short; None leaves it as it is.
    """

    loss: Annotated[Loss, Field(discriminator="kind")] = CrossEntropy()
    optimizer: Annotated[Optimizer, Field(discriminator="kind")] = Adam()
    clip: Annotated[Clip, Field(discriminator="kind")] | None = None
    kind: Literal["backprop"] = "backprop"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True
    taught: ClassVar[tuple[AnyRule, ...]] = ()


@dataclass(frozen=True)
class Phase:
    """The layers that learn (None: all), by which method, for how many epochs, in batches of how many images.

    Layers that do not learn stay as they are and answer as at rest: their dropout drops nothing, and their moments are
    the running ones. 0 epochs do only what a rule does at its start and end. `images` are drawn at random once (None:
    all). With `augment` they are varied anew in every batch, but not in what a rule is shown at its start. `data` names
    another data set, of images of the same shape, whose training images are learned from without a teacher. With
    `patience` the phase ends once the loss of images held out has not fallen for so many epochs; its weights stay as
    they are then, and a rate that changes over the phase does so over all its epochs.
    """

    layers: Annotated[tuple[str, ...] | None, Field(default=None)]  # TOML has no word for None
    method: Annotated[Local | Together | Backprop, Field(discriminator="kind")]
    epochs: int = 1
    batch: int = 32
    images: int | None = None
    augment: Augment | None = None
    data: str | None = None
    patience: int | None = None
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.epochs < 0:
            raise UsageError(f"{self.epochs} epochs; give 0 or more")
        if self.batch < 1:
            raise UsageError(f"batches of {self.batch} images; give 1 or more")
        if self.images is not None and self.images < 1:
            raise UsageError(f"a phase that sees {self.images} images; give 1 or more, or leave images out for all")
        if self.layers is not None and not self.layers:
            raise UsageError("a phase with no layers; name at least one, or leave layers out for all")
        if self.data is not None and self.method.supervised:
            raise UsageError(f"a phase with a teacher cannot learn from {self.data}; leave data out")
        if self.patience is not None and self.patience < 1:
            raise UsageError(f"a patience of {self.patience} epochs; give 1 or more, or leave patience out")
        if self.patience is not None and not isinstance(self.method, Backprop):
            raise UsageError("patience waits for the loss that backprop minimises; leave it out of other phases")
        for rule in self.method.taught:
            if rule.sequence and self.images is not None:
                raise UsageError(f"{rule.kind} reads images in order, but {self.images} are drawn; leave images out")
        for rule in self.method.taught if self.epochs > 1 else ():
            if rule.once:
                raise UsageError(f"{rule.kind} takes every image once, not {self.epochs} times; set epochs = 1")
        if isinstance(self.method, Together) and [name for name, _ in self.method.rules] != list(self.layers or ()):
            names = [name for name, _ in self.method.rules]
            raise UsageError(f"layers {self.layers} learn together by rules for {names}; name the same layers")

    def learners(self, net: Chain) -> tuple[str, ...]:
        """The names of the layers that learn, from the input up.

        Raises UsageError for one that is not there, and for varied images below layers that are frozen.
        """
        wanted = net.names if self.layers is None else self.layers
        for name in wanted:
            net[name]
        if self.augment is not None and net.names[0] not in wanted:
            raise UsageError(
                f"images are varied for {', '.join(wanted)}, but the layers below are frozen and answer only once; "
                f"let {net.names[0]} learn too, or leave augment out"
            )
        return tuple(name for name in net.names if name in wanted)

    def shown(self, data: Dataset) -> Dataset:
        """What is learned from: the patterns of a teacher, another data set, or else this one.

        Raises UsageError where the other's images have another shape.
        """
        if self.data is not None:
            other = _training_images(self.data)
            if other.shape != data.shape:
                mine, theirs = (" x ".join(map(str, shape)) for shape in (data.shape, other.shape))
                raise UsageError(
                    f"{self.data} has images of {theirs}, but {mine} are wanted; choose others to learn from"
                )
            return other
        lessons = (rule.shows(data.shape) for rule in self.method.taught)
        return next((lesson for lesson in lessons if lesson is not None), data)

    def images_an_epoch(self, data: Dataset) -> int:
        """How many images it sees in an epoch: all, or those with labels, or of these as many as it draws."""
        shown = self.shown(data)
        count = len(shown.labelled) if self.method.supervised else len(shown)
        return count if self.images is None else min(self.images, count)

    def batches(self, data: Dataset) -> int:
        """How many batches an epoch has; the last may be smaller."""
        return ceil(self.images_an_epoch(data) / self.batch)

    def label(self, net: Chain) -> str:
        """The phase in words, for progress and logs: "S1: hebbian"."""
        layers = self.learners(net)
        method = "backprop" if isinstance(self.method, Backprop) else self.method.rule_of(layers[0]).kind
        where = "all layers" if len(layers) == len(net.names) else ", ".join(layers)
        return f"{where}: {method}"


Curriculum: TypeAlias = tuple[Phase, ...]


@lru_cache(maxsize=2)
def _training_images(name: str) -> Dataset:
    return load(name).train
