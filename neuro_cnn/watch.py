"""One layer watched while it learns: its weights before, and after some of its updates."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from neuro_cnn.backend import to_numpy
from neuro_cnn.curriculum import Backprop, Curriculum
from neuro_cnn.data import Dataset
from neuro_cnn.experiment import Epoch, Outcome
from neuro_cnn.network import Chain
from neuro_cnn.training import Progress


class Span(NamedTuple):
    """A phase in which the watched layer learns: its number, and the size of a batch and of an epoch."""

    phase: int
    epochs: int
    batches: int  # of an epoch
    batch: int  # images
    images: int  # of an epoch


class Snapshot(NamedTuple):
    """A layer's weights, (K, C, h, w) in host memory, after so many of its updates and images: and where that was.

    Epoch and batch count from 1. Both are 0 before learning: these are the weights as the first phase that changes
    the layer began, after its rule's start, which may have drawn them from views of images.
    """

    layer: str
    weight: Any
    updates: int
    images: int
    label: str
    epoch: int
    epochs: int
    batch: int
    batches: int


def spans(net: Chain, curriculum: Curriculum, data: Dataset, layer: str) -> tuple[Span, ...]:
    """The phases in which a layer learns batch by batch; a phase of no epochs wires or draws its layers at once."""
    return tuple(
        Span(number, phase.epochs, phase.batches(data), phase.batch, phase.images_an_epoch(data))
        for number, phase in enumerate(curriculum)
        if phase.epochs and layer in phase.learners(net)
    )


def epoch_ends(spans: Sequence[Span]) -> tuple[int, ...]:
    """After how many updates of the layer each epoch of its phases ends."""
    return tuple(accumulate(span.batches for span in spans for _ in range(span.epochs)))


def spread(count: int, most: int) -> tuple[int, ...]:
    """At most `most` numbers from 0 to `count`, evenly spread, with both ends: spread(9, 4) = (0, 3, 6, 9)."""
    steps = max(min(count, most - 1), 1)
    return tuple(sorted({step * count // steps for step in range(steps + 1)}))


def drawable_layers(net: Chain, data: Dataset) -> tuple[str, ...]:
    """The layers with weights over a view, (K, C, h, w)."""
    params = net.init(data.shape, None)
    weights = {name: getattr(params[name].learned, "weight", None) for name in net.names}
    return tuple(name for name, weight in weights.items() if getattr(weight, "ndim", 0) == 4)


def first_learned(net: Chain, curriculum: Curriculum, data: Dataset) -> str | None:
    """The lowest layer that learns without a teacher, batch by batch, and whose planes are there from the start."""
    learned = {
        name
        for phase in curriculum
        if phase.epochs and not isinstance(phase.method, Backprop) and not phase.method.supervised
        for name in phase.learners(net)
        if not phase.method.rule_of(name).grows
    }
    return next((name for name in drawable_layers(net, data) if name in learned), None)


class Watcher:
    """Keeps a layer's weights before it learns and after the given numbers of its updates, as learning goes by."""

    def __init__(self, layer: str, spans: Sequence[Span], moments: Collection[int]) -> None:
        self.layer, self.moments = layer, frozenset(moments)
        self.snapshots: list[Snapshot] = []
        self.spans: dict[int, tuple[Span, int, int]] = {}
        updates = images = 0  # before each phase
        for span in spans:
            self.spans[span.phase] = (span, updates, images)
            updates += span.epochs * span.batches
            images += span.epochs * span.images

    def see(self, progress: Progress, keep: bool = False) -> None:
        """Look at a batch just learned; its weights are kept if it is one of the moments, or if told to."""
        if progress.phase not in self.spans:
            return
        span, updates, images = self.spans[progress.phase]
        if progress.began is not None and not self.snapshots:
            self._keep(progress.began, progress, 0, 0, 0, 0)
        updates += progress.epoch * span.batches + progress.batch + 1
        images += progress.epoch * span.images + min((progress.batch + 1) * span.batch, span.images)
        if (keep or updates in self.moments) and updates > self.snapshots[-1].updates:
            self._keep(progress.params, progress, updates, images, progress.epoch + 1, progress.batch + 1)

    def _keep(self, params: Any, progress: Progress, updates: int, images: int, epoch: int, batch: int) -> None:
        weight = to_numpy(params[self.layer].learned.weight)
        place = (progress.label, epoch, progress.epochs, batch, progress.batches)
        self.snapshots.append(Snapshot(self.layer, weight, updates, images, *place))


def by_epoch(net: Chain, curriculum: Curriculum, data: Dataset, most: int) -> Watcher:
    """A watcher of the first layer that learns: before it does, and after at most `most - 1` of its epochs.

    Where no layer learns without a teacher it sees nothing.
    """
    layer = first_learned(net, curriculum, data)
    if layer is None:
        return Watcher("", (), ())
    phases = spans(net, curriculum, data, layer)
    ends = (0, *epoch_ends(phases))
    return Watcher(layer, phases, [ends[epoch] for epoch in spread(len(ends) - 1, most)])


def watching(steps: Generator[Epoch, None, Outcome], watcher: Watcher) -> Generator[Epoch, None, Outcome]:
    """The same steps and outcome, each step seen by the watcher on its way."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        watcher.see(step.progress)
        yield step
