"""Lesions: planes of a layer silenced, one by one and in growing sets, and what the answers lose by it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import namespace, to_numpy
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import BATCH, predict, right
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.ops.normalize import at_planes
from neuro_cnn.ops.threads import on_threads, threads
from neuro_cnn.streams import generator
from neuro_cnn.tree import leaves

STEPS = 16
"""Sizes of sets between none and all of the planes, at most (our choice)."""
SEEDS = 5
"""Random orders (our choice)."""


class Lesions(NamedTuple):
    """Accuracy with planes of a layer silenced, and the planes' class selectivity.

    `alone` (K,) is with one plane silenced. `counts` (S,) are sizes of sets: of the most selective planes first,
    `most` (S,), of the least selective, `least` (S,), and in random orders, `random` (seeds, S). `selectivity` (K,) is
    NaN where a plane is `silent` to all training images; such planes are silenced last in either order. `chance` is
    that of a silent network, 1 / classes. Nothing is fitted anew: a read-out that has learned with a plane misses it,
    so that what is lost says how the network as it stands uses the plane, not what could be told without it.
    """

    intact: float
    chance: float
    alone: NDArray[Any]
    selectivity: NDArray[Any]
    silent: NDArray[Any]
    counts: NDArray[Any]
    most: NDArray[Any]
    least: NDArray[Any]
    random: NDArray[Any]
    images: int

    @property
    def correlation(self) -> float | None:
        """Spearman's rho of selectivity and the accuracy lost with a plane; None where either does not vary."""
        from scipy.stats import spearmanr

        lost, known = self.intact - self.alone, ~self.silent
        if len(set(lost[known])) < 2 or len(set(self.selectivity[known])) < 2:
            return None
        return float(spearmanr(self.selectivity[known], lost[known]).statistic)


class Done(NamedTuple):
    """So many of the test images have been answered under all lesions."""

    images: int
    of: int


def lesions(
    net: Chain, params: dict[str, Params], layer: str, test: Dataset, training: Dataset, seeds: int = SEEDS
) -> Generator[Done, None, Lesions]:
    """Silence planes of a layer: what the layers above are shown of them is 0. Yields after every batch of images.

    The layers below answer once; responses of one batch are held. Raises UsageError for a layer that does not exist or
    has none above it, and for data without labels.
    """
    above = _above(net, layer)
    test, training = (_labelled(each) for each in (test, training))
    chosen = class_selectivity(net, params, layer, training)
    silent = np.isnan(chosen)
    counts = np.unique(np.linspace(0, len(chosen), min(len(chosen), STEPS) + 1).round().astype(int))
    orders = _orders(chosen, seeds)
    planes = np.arange(len(chosen))
    kept = [planes >= 0, *(planes != plane for plane in planes)]
    kept += [~np.isin(planes, order[:count]) for order in orders for count in counts]
    different, which = np.unique(kept, axis=0, return_inverse=True)  # sets of none, all or one are in several orders
    score = (yield from _answered(net, params, above, test, different))[which]
    curves = score[1 + len(planes) :].reshape(len(orders), len(counts))
    alone = score[1 : 1 + len(planes)]
    chance = 1 / len(test.classes)
    return Lesions(score[0], chance, alone, chosen, silent, counts, curves[0], curves[1], curves[2:], len(test))


def class_selectivity(net: Chain, params: dict[str, Params], layer: str, training: Dataset) -> NDArray[Any]:
    """Class selectivity of each plane, 0 to 1: (largest - rest) / (largest + rest) of its mean responses by class.

    The rest is the mean over all other classes, a response that over the map. Morcos et al. 2018 (recalled). (K,),
    NaN where a plane is silent. Raises UsageError where responses are negative, for which the index has no bounds, or
    of fewer than two classes.
    """
    above, training = _above(net, layer), training.take(training.labelled)
    present = np.unique(training.labels)
    if len(present) < 2:
        raise UsageError(f"class selectivity over {len(present)} class; give images of two or more")
    parts = []
    for start in range(0, len(training), BATCH):
        response = predict(net, params, training.images[start : start + BATCH], above)
        if response.min() < 0:
            least = float(response.min())
            raise UsageError(
                f"class selectivity needs responses from 0 up, but {layer} gives {least:.3g}; name a rectified layer"
            )
        parts.append(response.mean(axis=tuple(range(2, response.ndim)), dtype=np.float64))
    rates = np.concatenate(parts)  # (N, K)
    means = np.sort([rates[training.labels == label].mean(axis=0) for label in present], axis=0)  # (classes, K)
    largest, rest = means[-1], means[:-1].mean(axis=0)
    return np.asarray((largest - rest) / np.where(largest > 0, largest + rest, np.nan))


def _answered(
    net: Chain, params: dict[str, Params], above: str, test: Dataset, kept: NDArray[np.bool_]
) -> Generator[Done, None, NDArray[Any]]:
    """Accuracy under each lesion, by the planes that it keeps, (L, K): (L,)."""
    xp = namespace(*(leaf for _, leaf in leaves(params)))
    score = np.zeros(len(kept))
    for start in range(0, len(test), BATCH):
        part = test.take(np.arange(start, min(start + BATCH, len(test))))
        with on_threads(threads()):
            seen = net.respond(params, xp.asarray(part.images), stop=above)
            for number, planes in enumerate(kept):
                mask = at_planes(xp.asarray(planes), seen)
                lesioned = xp.where(mask, seen, xp.zeros((), dtype=seen.dtype))
                answers = to_numpy(net.respond(params, lesioned, start=above))
                score[number] += right(answers, part.labels) * len(part) / len(test)
        yield Done(start + len(part), len(test))
    return score


def _orders(chosen: NDArray[Any], seeds: int) -> list[NDArray[Any]]:
    """Planes by selectivity, the most selective first and the least, silent ones last; then in random orders."""
    most = np.argsort(-chosen, kind="stable")  # NaN last
    least = np.argsort(chosen, kind="stable")
    return [most, least, *(generator(seed, "lesions").permutation(len(chosen)) for seed in range(seeds))]


def _above(net: Chain, layer: str) -> str:
    net[layer]  # an unknown name is refused here
    above = dict(zip(net.names, net.names[1:], strict=False)).get(layer)
    if above is None:
        below = ", ".join(net.names[:-1]) or "a deeper network"
        raise UsageError(f"{layer} is the last layer, whose units are the answers; name one of {below}")
    return above


def _labelled(data: Dataset) -> Dataset:
    labelled = data.take(data.labelled)
    if not len(labelled):
        raise UsageError("no image has a label, so there is no accuracy to lose; choose a run on labelled data")
    return labelled
