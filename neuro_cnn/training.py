"""Learning phase by phase, as a generator: the caller's for loop does the logging, saving and drawing."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace, to_device
from neuro_cnn.check import check, check_varied, check_weights
from neuro_cnn.curriculum import Backprop, Curriculum, Local, Phase, Together
from neuro_cnn.data import Dataset
from neuro_cnn.errors import DataError
from neuro_cnn.layers import Key, Params, Shape
from neuro_cnn.network import Chain
from neuro_cnn.ops.threads import on_threads, threads
from neuro_cnn.parallel import Alone, Workers, check_shared, mean
from neuro_cnn.presentation import Batch, Presentation
from neuro_cnn.schedule import at
from neuro_cnn.streams import generator
from neuro_cnn.tree import fill, tree_map

CHECKED = 50
"""Batches between two looks at the weights, so that the device is seldom waited for (our choice)."""


class Saved(NamedTuple):
    """A learner's state as a file holds it: arrays by name, to be fitted into the shape that a start gives."""

    arrays: dict[str, Any]


class State(NamedTuple):
    """All that the next batch depends on, besides wiring, curriculum, data and seed: a checkpoint."""

    params: dict[str, Params]
    learner: Any  # the method's own state; None before the phase has started
    phase: int = 0
    epoch: int = 0
    batch: int = 0
    totals: tuple[Any, ...] = ()  # the epoch's sums of the measures so far


@dataclass(frozen=True)
class Progress:
    """Where learning stands after a batch."""

    state: State
    phase: int
    label: str
    epoch: int
    epochs: int
    batch: int
    batches: int
    epoch_ended: bool
    phase_ended: bool
    names: tuple[str, ...]
    totals: tuple[Any, ...]
    began: dict[str, Params] | None = field(default=None, compare=False)
    """The weights with which the phase began, as its rules' start left them; known after its first batch only."""

    @property
    def params(self) -> dict[str, Params]:
        """The weights as they are now."""
        return self.state.params

    def measures(self) -> dict[str, float]:
        """The epoch's means so far, by name; reading them waits for the device."""
        seen = float(self.totals[-1]) if self.totals else 0.0
        return {name: float(total) / seen for name, total in zip(self.names, self.totals, strict=False) if seen}


def train(
    net: Chain,
    curriculum: Curriculum,
    data: Dataset,
    *,
    seed: int,
    params: dict[str, Params] | None = None,
    resume: State | None = None,
    device: str = "cpu",
    workers: Workers | None = None,
) -> Generator[Progress, None, None]:
    """Learn phase by phase, yielding after every batch with the complete state.

    Stopping after any batch and resuming from its state gives the same weights, bit for bit. Unsupervised phases
    see all images, supervised ones the labelled, those with a teacher what he draws. With `workers` each of them makes
    this call, learns from its part of every batch, and ends with the same weights. Raises UsageError when wiring,
    curriculum and data do not match or a phase waits for images held out, which `learn` alone knows, and
    FloatingPointError when learning diverges, naming the batch whose loss is no number. Weights, and on a GPU losses,
    are looked at every 50 batches and at the end of every epoch.
    """
    workers = workers or Alone()
    check(net, curriculum, data)
    check_shared(net, curriculum, data, workers)
    state = resume
    if state is None:
        state = State(net.init(data.shape, seed) if params is None else params, None)
    state = state._replace(params=to_device(state.params, device))
    for number in range(state.phase, len(curriculum)):
        learning = _Learning(net, curriculum[number], number, data, seed, device, workers)
        state = yield from learning.run(state)


def ended(progress: Progress) -> Progress:
    """The same progress, but its phase, one of backprop, ends here with the weights as they are."""
    return replace(progress, state=State(progress.params, None, progress.phase + 1), phase_ended=True)


class _Learning:
    """One phase at work: what stays the same from batch to batch."""

    def __init__(
        self, net: Chain, phase: Phase, number: int, data: Dataset, seed: int, device: str, workers: Workers
    ) -> None:
        self.net, self.phase, self.number, self.shape = net, phase, number, data.shape
        self.batches = phase.batches(data)
        self.seed, self.device, self.workers = seed, device, workers
        self.learners = phase.learners(net)
        self.shown = Presentation(net, phase, number, phase.shown(data), seed, device, workers)
        self.losses: list[tuple[int, Array]] = []  # batches and losses that nobody has looked at

    def run(self, state: State) -> Generator[Progress, None, State]:
        if state.learner is None:
            state = self._start(state)
        elif isinstance(state.learner, Saved):
            template = self._start(state).learner
            try:
                state = state._replace(learner=_restored(template, state.learner.arrays, self.device))
            except KeyError as error:
                name = self.phase.label(self.net)
                raise DataError(f"the state of phase {name!r} lacks {error}; the file is damaged") from error
        if self.phase.epochs == 0:
            state = self._finish(state)
            yield self._progress(state, 0, 0, True, ())
            return state
        self.shown.keep(state.params)
        began: dict[str, Params] | None = state.params if (state.epoch, state.batch) == (0, 0) else None
        with closing(self.shown.batches(state.epoch, state.batch)) as batches:
            for batch in batches:
                state, totals = self._learn(state, batch)
                last = batch.number + 1 == self.batches
                look = last or batch.number % CHECKED == CHECKED - 1
                if isinstance(self.phase.method, Backprop) and (look or self.device == "cpu"):
                    self._check_losses(self.phase.method, batch.epoch)
                if last and batch.epoch + 1 == self.phase.epochs:
                    state = self._finish(state)
                elif last:
                    state = state._replace(epoch=batch.epoch + 1, batch=0, totals=())
                else:
                    state = state._replace(batch=batch.number + 1, totals=totals)
                if look:
                    check_weights(self.net, self.phase, state.params, batch.epoch)
                yield self._progress(state, batch.epoch, batch.number, last, totals, began)
                began = None
        return state

    def _start(self, state: State) -> State:
        params = self._fitted(state.params)
        if isinstance(self.phase.method, Backprop):
            learned = {name: params[name].learned for name in self.learners}
            return state._replace(params=params, learner=(0, self.phase.method.optimizer.start(learned)))
        x = self.shown.sample()
        if not self.phase.method.supervised:
            check_varied(x)
        learner: dict[str, Any] = {}
        for name, layer in self.net.part():
            if name in self.learners:
                rng = generator(self.seed, "start", self.number, name)
                updates = self.batches * self.phase.epochs
                params[name], learner[name] = self.phase.method.rule_of(name).start(
                    layer, params[name], x, rng, updates
                )
            if name == self.learners[-1]:
                break
            x = layer.respond(params[name], x)
        return state._replace(params=self._fitted(params), learner=learner)

    def _fitted(self, params: dict[str, Params]) -> dict[str, Params]:
        """The params, with layers drawn anew whose weights no longer fit the layer below (it has grown)."""
        params = dict(params)
        shape: Shape = self.shape
        for name, layer in self.net.layers:
            if not layer.fits(params[name], shape):
                params[name] = to_device(layer.init(shape, generator(self.seed, "init", name)), self.device)
            shape = layer.out_shape(params[name], shape)
        return params

    @np.errstate(over="ignore", invalid="ignore")  # the measures tell of what is no longer a number
    def _learn(self, state: State, batch: Batch) -> tuple[State, tuple[Any, ...]]:
        if self._settled(state):
            return state, _summed(state.totals, (len(batch.chosen),))
        with on_threads(threads()):  # BLAS on one: its own would wait awake where ours work
            return self._learned(state, batch)

    def _learned(self, state: State, batch: Batch) -> tuple[State, tuple[Any, ...]]:
        place, count = (batch.epoch, batch.number), len(batch.chosen)
        x, labels = self.shown.seen(state.params, batch), self.shown.labels(batch)
        if isinstance(self.phase.method, Backprop):
            key = Key((self.seed, self.number, *place), batch.mine.start)
            share = labels.shape[0] / count
            params, learner, measures = self._backprop(self.phase.method, state, x, labels, key, share)
            self.losses.append((batch.number, measures[0]))
        else:
            params, learner, measures = self._local(self.phase.method, state, x, labels, place)
            params = self._fitted(params)  # a layer may have grown
        new = (*(value * count for value in measures), count)
        return state._replace(params=params, learner=learner), _summed(state.totals, new)

    def _settled(self, state: State) -> bool:
        """Whether no layer of the phase can learn any more."""
        return not isinstance(self.phase.method, Backprop) and all(
            self.phase.method.rule_of(name).settled(self.net[name], state.params[name], state.learner[name])
            for name in self.learners
        )

    def _backprop(
        self, method: Backprop, state: State, x: Array, labels: Array, key: Key, share: float
    ) -> tuple[dict[str, Params], Any, tuple[Array, ...]]:
        xp = namespace(x)
        scores, activity = self.net.forward(state.params, x, key, self.learners[0], self.learners)
        loss, error = method.loss(scores, labels)
        _, gradients = self.net.backward(state.params, activity, error, need_input=False)
        step, inner = state.learner
        weights = {name: state.params[name].learned for name in self.learners}
        steps = self.batches * self.phase.epochs
        right = xp.mean(xp.astype(xp.argmax(scores, axis=1) == labels, scores.dtype))
        slope = {name: gradients[name] for name in self.learners}
        slope, loss, right = mean(self.workers, (slope, loss, right), share)
        if method.clip is not None:
            slope = method.clip(slope)
        moved, inner = method.optimizer.step(weights, slope, inner, int(step), steps)
        params = dict(state.params)
        for name in self.learners:
            layer = self.net[name]
            seen = layer.absorb(params[name], activity[name])
            params[name] = seen._replace(learned=layer.project(moved[name]))
        return params, (int(step) + 1, inner), (loss, right)

    def _check_losses(self, method: Backprop, epoch: int) -> None:
        """Raises FloatingPointError, naming the first batch, when a loss is no number; reading waits for the device."""
        for batch, loss in self.losses:
            if not isfinite(loss):
                rate = at(method.optimizer.rate, epoch * self.batches + batch, self.phase.epochs * self.batches)
                place = f"loss is {float(loss)} in epoch {epoch + 1}, batch {batch + 1} of {self.batches}"
                told = f"{self.phase.label(self.net)}: {place}, at a rate of {rate:.3g}; lower the rate"
                raise FloatingPointError(told)
        self.losses.clear()

    def _local(
        self, method: Local | Together, state: State, x: Array, labels: Array, place: tuple[int, int]
    ) -> tuple[dict[str, Params], Any, tuple[Array, ...]]:
        params, learner = dict(state.params), dict(state.learner)
        changes = []
        for name, layer in self.net.part(self.learners[0]):
            before = state.params[name]
            if name not in self.learners:
                x = layer.respond(before, x)
                continue
            rule, rng = method.rule_of(name), generator(self.seed, "rule", self.number, name, *place)
            if name == self.learners[-1] or rule.samples:
                activity = rule.sees(layer, before, x, rng)
                x = x if name == self.learners[-1] else layer.respond(before, x)  # nobody needs the last one's response
            else:
                x, activity = layer.forward(before, x)
            params[name], learner[name] = rule.update(layer, before, learner[name], activity, labels, rng)
            changes += _change(before.learned, params[name].learned)
            if name == self.learners[-1]:
                break
        return params, learner, (sum(changes) / len(changes),) if changes else ()

    def _finish(self, state: State) -> State:
        params = dict(state.params)
        if not isinstance(self.phase.method, Backprop):
            for name in self.learners:
                params[name] = self.phase.method.rule_of(name).finish(self.net[name], params[name], state.learner[name])
        return State(self._fitted(params), None, self.number + 1)

    def _progress(
        self,
        state: State,
        epoch: int,
        batch: int,
        last: bool,
        totals: tuple[Any, ...],
        began: dict[str, Params] | None = None,
    ) -> Progress:
        names = ("loss", "accuracy") if isinstance(self.phase.method, Backprop) else ("change",)[: len(totals) - 1]
        return Progress(
            state=state,
            phase=self.number,
            label=self.phase.label(self.net),
            epoch=epoch,
            epochs=self.phase.epochs,
            batch=batch,
            batches=self.batches,
            epoch_ended=last,
            phase_ended=state.phase > self.number,
            names=names,
            totals=totals,
            began=began,
        )


def _restored(template: Any, arrays: dict[str, Any], device: str) -> Any:
    """The saved arrays in the template's shape: counters as integers, all else on the device."""
    kept = fill(template, arrays)
    return tree_map(lambda old, new: int(new) if isinstance(old, int) else to_device(new, device), template, kept)


def _summed(totals: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    """The epoch's sums with a batch added; a batch in which a layer grew has no measure and is not counted."""
    if len(totals) != len(new):
        return max(totals, new, key=len)
    return tuple(a + b for a, b in zip(totals, new, strict=True))


def _change(before: Any, after: Any) -> list[Array]:
    """Length of the weights' step over the length of the weights; nothing where the rule did not move them."""
    if before is after or not hasattr(before, "weight") or before.weight.shape != after.weight.shape:
        return []
    xp = namespace(before.weight)
    step = after.weight - before.weight
    norm = xp.sum(before.weight * before.weight)
    return [xp.sqrt(xp.sum(step * step) / xp.where(norm > 0, norm, xp.ones((), dtype=norm.dtype)))]
