"""Whether network, curriculum and data fit together, before anything is learned, and weights are numbers afterwards."""

from __future__ import annotations

from math import prod

from neuro_cnn.backend import Array, namespace
from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.data import Dataset
from neuro_cnn.data.images import UNLABELLED
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.layers import BatchNorm, Params
from neuro_cnn.network import Chain
from neuro_cnn.rules import Taught, check_norms
from neuro_cnn.tree import leaves


def check(net: Chain, curriculum: Curriculum, data: Dataset, held_out: Dataset | None = None) -> None:
    """Raises UsageError unless the network fits the images and the curriculum the network, labels and what is held out.

    Raises DataError for labels that are no class numbers.
    """
    wild = data.labels[(data.labels < UNLABELLED) | (data.labels >= len(data.classes))]
    if len(wild):
        raise DataError(f"label {wild[0]} is none of {len(data.classes)} classes; number them from 0, unlabelled -1")
    placeholders = net.init(data.shape, None)
    shapes = net.shapes(placeholders, data.shape)
    if not curriculum:
        raise UsageError("a curriculum without phases; give it at least one")
    for phase in curriculum:
        phase.shown(data)  # other images must be there, and of this shape
        _check_patience(net, phase, held_out)
        _check_last_batch(net, phase, placeholders, data)
        for name in phase.learners(net):
            if isinstance(phase.method, Backprop):
                continue
            rule = phase.method.rule_of(name)
            if isinstance(rule, Taught) and rule.classes[: len(data.classes)] not in ((), data.classes):
                known, given = ", ".join(rule.classes), ", ".join(data.classes)
                raise UsageError(f"the teacher of {name} knows the classes {known}, in this order, not {given}")
            if not isinstance(net[name], rule.teaches):
                kinds = ", ".join(kind.__name__ for kind in rule.teaches)
                raise UsageError(
                    f"{rule.kind} cannot teach layer {name}, a {net[name].kind} layer; "
                    f"name layers of these kinds: {kinds}"
                )
            if rule.sequence and phase.images_an_epoch(data) % rule.sequence:
                raise UsageError(
                    f"layer {name}: {phase.images_an_epoch(data)} images are no whole number of sequences of "
                    f"{rule.sequence}; keep them whole, with hold_out = 0, or set another length"
                )
            try:
                rule.check(net[name], placeholders[name])
            except UsageError as error:
                raise UsageError(f"layer {name}: {error}") from error
        if phase.method.supervised and not len(phase.shown(data).labelled):
            raise UsageError(f"phase {phase.label(net)!r} needs labels, but no image of this data set has one")
        if phase.method.supervised and shapes[net.names[-1]] != (len(data.classes),):
            raise UsageError(
                f"the last layer answers with {shapes[net.names[-1]]} but the data has {len(data.classes)} classes; "
                "give it one unit a class"
            )


def _check_last_batch(net: Chain, phase: Phase, params: dict[str, Params], data: Dataset) -> None:
    """Raises UsageError where a batch of one image would leave batch normalisation with one value a plane."""
    count = phase.images_an_epoch(data)
    if not isinstance(phase.method, Backprop) or 1 not in (phase.batch, count % phase.batch):
        return
    for name, layer, shape in net.each(params, data.shape):
        if isinstance(layer, BatchNorm) and name.split(".")[0] in phase.learners(net) and prod(shape[1:]) == 1:
            raise UsageError(
                f"layer {name}: the last batch of {count} images, {phase.batch} at a time, is of one, whose "
                f"{shape[0]} planes of one value have no variance; choose another batch"
            )


def _check_patience(net: Chain, phase: Phase, held_out: Dataset | None) -> None:
    if phase.patience is None:
        return
    if held_out is None or not len(held_out.labelled):
        raise UsageError(
            f"phase {phase.label(net)!r} with patience = {phase.patience} waits for the loss of images held out, but "
            "none are; train with hold_out, or leave patience out"
        )
    if net.names[-1] not in phase.learners(net):
        raise UsageError(f"phase {phase.label(net)!r} does not teach the last layer; leave patience out")


def check_weights(net: Chain, phase: Phase, params: dict[str, Params], epoch: int) -> None:
    """Raises FloatingPointError, naming layer and epoch, when the phase's method has diverged."""
    for name in phase.learners(net):
        if not isinstance(phase.method, Backprop):
            check_norms(name, phase.method.rule_of(name), params[name], epoch)
            continue
        for leaf, array in leaves(params[name]):
            xp = namespace(array)
            if not bool(xp.all(xp.isfinite(array))):
                place = f"{phase.label(net)}: {leaf} of {name} is no longer finite in epoch {epoch + 1}"
                raise FloatingPointError(f"{place}; lower the rate")


def check_varied(x: Array) -> None:
    """Raises DataError where every image is of one grey, not all black: only the frame of the map would be learned."""
    xp = namespace(x)
    rows = xp.reshape(x, (x.shape[0], -1))
    if bool(xp.any(rows != 0)) and not bool(xp.any(xp.max(rows, axis=1) > xp.min(rows, axis=1))):
        raise DataError(f"each of {x.shape[0]} images looked at is of one grey; there is nothing to learn from them")
