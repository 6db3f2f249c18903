"""What a phase shows the first of its layers that learn, batch by batch: images, or what the layers below respond."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace, to_device
from neuro_cnn.curriculum import Phase
from neuro_cnn.data import Dataset
from neuro_cnn.data.ahead import on_demand, reader
from neuro_cnn.evaluate import BATCH
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.parallel import Workers, part
from neuro_cnn.streams import generator

SAMPLE = 256
"""Images whose responses a rule is shown at its start (our choice)."""
FROZEN = 1 << 30
"""Bytes up to which the responses of layers below the phase are kept rather than computed anew each epoch."""


class Batch(NamedTuple):
    """Its place in the phase, its images' indices, which of them are this worker's, and his images in host memory.

    Where images are varied they are all there, and where responses are kept there are none.
    """

    epoch: int
    number: int
    chosen: Any
    mine: slice
    images: Any = None


class Presentation:
    """A phase's images in the order of its epochs, and how they come to the first layer that learns.

    `data` is what the phase shows. `workers` share each batch. All is drawn from the seed and the phase's number.
    """

    def __init__(
        self, net: Chain, phase: Phase, number: int, data: Dataset, seed: int, device: str, workers: Workers
    ) -> None:
        self.net, self.phase, self.number, self.data = net, phase, number, data
        self.seed, self.device, self.workers = seed, device, workers
        self.first = phase.learners(net)[0]
        self.indices = data.labelled if phase.method.supervised else np.arange(len(data))
        if phase.images is not None:
            drawn = generator(seed, "images", number).permutation(self.indices)
            self.indices = np.sort(drawn[: phase.images])
        self.kept: Any = None

    def sample(self) -> Array:
        """The images that a rule is shown at its start, up to 256 drawn once: (N, C, H, W)."""
        order = generator(self.seed, "sample", self.number).permutation(self.indices)
        return to_device(self.data.images[np.sort(order[:SAMPLE])], self.device)

    @np.errstate(over="ignore", invalid="ignore")
    def keep(self, params: dict[str, Params]) -> None:
        """Keep what the first layer that learns sees of all images, where it is asked for again and fits in memory.

        That is what the layers below respond, or on a GPU the images: then each crosses to it once.
        """
        below = self.first != self.net.names[0]
        again = self.phase.epochs > 1 if below else self.device == "gpu" and self.phase.augment is None
        if not again:
            return
        one = self._respond(params, self.data.images[self.indices[:1]])
        if one.size * one.dtype.itemsize * len(self.indices) > FROZEN:
            return
        kept = namespace(one).empty((len(self.indices), *one.shape[1:]), dtype=one.dtype)  # filled, so never held twice
        few = (slice(start, min(start + BATCH, kept.shape[0])) for start in range(0, len(self.indices), BATCH))
        read = reader(self.data.images)
        with closing(read(lambda some: (some, self.data.images[self.indices[some]]), few)) as parts:
            for some, images in parts:
                kept[some, ...] = self._respond(params, images)
        self.kept = kept

    def batches(self, epoch: int, number: int) -> Generator[Batch, None, None]:
        """The batches of the phase from this one on, their images read ahead where they lie in files."""
        read = on_demand if self.kept is not None else reader(self.data.images)
        yield from read(self._read, self._choices(epoch, number))

    def _choices(self, epoch: int, number: int) -> Iterator[Batch]:
        """The same batches before anything is read."""
        size, count = self.phase.batch, len(self.indices)
        for each in range(epoch, self.phase.epochs):
            order = self._order(each)
            for batch in range(number if each == epoch else 0, -(-count // size)):
                chosen = np.sort(order[batch * size : (batch + 1) * size])
                yield Batch(each, batch, chosen, part(self.workers, len(chosen)))

    def _order(self, epoch: int) -> Any:
        """The images' indices as an epoch takes them: drawn anew, but as they are where a rule reads them in time."""
        if any(rule.sequence for rule in self.phase.method.taught):
            return self.indices
        return generator(self.seed, "order", self.number, epoch).permutation(self.indices)

    def _read(self, batch: Batch) -> Batch:
        if self.kept is not None:
            return batch
        wanted = batch.chosen if self.phase.augment is not None else batch.chosen[batch.mine]
        return batch._replace(images=self.data.images[wanted])

    def labels(self, batch: Batch) -> Array:
        """Labels of the worker's images: (N,)."""
        return to_device(self.data.labels[batch.chosen[batch.mine]], self.device)

    def seen(self, params: dict[str, Params], batch: Batch) -> Array:
        """What the first layer that learns sees of them: images, varied or not, or responses of the layers below."""
        if self.kept is not None:
            xp, places = namespace(self.kept), np.searchsorted(self.indices, batch.chosen[batch.mine])
            return xp.take(self.kept, xp.asarray(places), axis=0)
        images = batch.images
        if self.phase.augment is not None:
            rng = generator(self.seed, "augment", self.number, batch.epoch, batch.number)
            images = self.phase.augment(images, rng)[batch.mine]
        if self.first == self.net.names[0]:
            return to_device(images, self.device)
        # a few at a time: then a layer's responses stay in cache
        parts = [self._respond(params, images[start : start + BATCH]) for start in range(0, len(images), BATCH)]
        return namespace(parts[0]).concat(parts)

    def _respond(self, params: dict[str, Params], images: Any) -> Array:
        """Responses of the layers below the phase, at rest, for they are frozen."""
        return self.net.respond(params, to_device(images, self.device), stop=self.first)
