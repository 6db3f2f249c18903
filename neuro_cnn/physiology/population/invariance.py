"""Invariance: how far a cell goes on answering to the image that it likes best when that is transformed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import namespace, to_numpy
from neuro_cnn.data.ahead import in_batches
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import BATCH
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.ops.threads import on_threads, threads
from neuro_cnn.physiology.population.transforms import amounts_of, changes
from neuro_cnn.tree import leaves

FEWEST = 8
"""Images, for a correlation of ranks (our choice)."""
HALF = 0.5
"""Part of the response down to which a cell tolerates a transform."""
SILENT = 1e-6
"""Response above blank, relative to the layer's largest, up to which a cell is silent (our choice)."""

Record: TypeAlias = Callable[[Any, Callable[[Any], Any] | None], NDArray[Any]]
Place: TypeAlias = tuple[int, int] | None


class Kept(NamedTuple):
    """What K cells keep of their response under one transform by A amounts.

    `response` (K, A) is r(T_a x) / r(x), above blank, x the cell's best image. `invariance` (K,) is the index, its mean
    over the amounts other than 0. `tolerance` (K,) is the width of the amounts around 0 where it is at least half;
    where it still is so at an end of the range, `bounded` (K,), the width is a lower bound. `ranks` (K, A) is
    Spearman's rho of responses to all images as they are and changed: whether what a cell prefers stays in its order.
    NaN for a silent cell, and for ranks of responses that are all alike.
    """

    amounts: tuple[float, ...]
    response: NDArray[Any]
    invariance: NDArray[Any]
    tolerance: NDArray[Any]
    bounded: NDArray[Any]
    ranks: NDArray[Any]


class Cells(NamedTuple):
    """Each cell's or plane's best image, the response to it above blank, and whether there is none: (K,) each.

    `kept` is what they keep of it, by transform.
    """

    best: NDArray[Any]
    peak: NDArray[Any]
    silent: NDArray[Any]
    kept: dict[str, Kept]

    def rows(self) -> list[dict[str, Any]]:
        """A row a cell and transform, for tables; None where there is no number."""
        return [
            {
                "plane": plane,
                "silent": bool(self.silent[plane]),
                "image": int(self.best[plane]),
                "transform": kind,
                "invariance": _number(kept.invariance[plane]),
                "tolerance": _number(kept.tolerance[plane]),
                "tolerance_is_lower_bound": bool(kept.bounded[plane]),
                "response": {f"{a:g}": _number(r) for a, r in zip(kept.amounts, kept.response[plane], strict=True)},
                "ranks": {f"{a:g}": _number(r) for a, r in zip(kept.amounts, kept.ranks[plane], strict=True)},
            }
            for plane in range(len(self.best))
            for kind, kept in self.kept.items()
        ]


class Invariance(NamedTuple):
    """Invariance of the planes of a layer: of each plane's cell at one place, and of its maximum over the map.

    `place` is the cell's row and column, None in a layer without a map, where both are the same. The maximum need not
    stay at its place: it is what pooling over the whole map would see.
    """

    layer: str
    place: Place
    of_cell: Cells
    of_plane: Cells


def invariance(
    net: Chain,
    params: dict[str, Params],
    images: Any,
    layer: str,
    place: Place = None,
    amounts: Mapping[str, Sequence[float]] | None = None,
) -> Invariance:
    """Invariance of a layer's planes on images (N, C, H, W): of the cell at a place of the map, by default its middle.

    `amounts` names transforms and amounts in place of all of TRANSFORMS. The blank is an image of zeros, which is also
    what comes into view at the edges. Raises UsageError for a layer, place or transform that does not exist, amounts
    without 0, or fewer than 8 images.
    """
    chosen = amounts_of(amounts)
    net[layer]
    if len(images) < FEWEST:
        raise UsageError(f"{len(images)} images to try cells on; give at least {FEWEST}")
    at = _place(layer, net.shapes(params, images.shape[1:])[layer], place)
    record = _recording(net, params, layer, at)
    blank = record(np.zeros((1, *images.shape[1:]), np.float32), None)  # (2, 1, K)
    plain = record(images, None) - blank  # (2, N, K)
    both: tuple[dict[str, Kept], dict[str, Kept]] = ({}, {})
    best, peak, silent = zip(*map(_preferred, plain), strict=True)
    for kind, each in chosen.items():
        changed = np.stack([_under(record, images, kind, a) - blank if a else plain for a in each], axis=1)
        for which in (0, 1):  # (2, A, N, K)
            alone = np.where(silent[which], np.nan, peak[which])
            both[which][kind] = _kept(each, plain[which], changed[which], best[which], alone)
    cell, plane = (Cells(*each) for each in zip(best, peak, silent, both, strict=True))
    return Invariance(layer, at, cell, plane)


def _place(layer: str, shape: tuple[int, ...], place: Place) -> Place:
    """Where on the map the cell is. Raises UsageError where that is not on it."""
    if len(shape) != 3:
        if place is not None:
            raise UsageError(f"{layer} has no map but {shape[0]} units; leave the place out")
        return None
    row, column = (shape[1] // 2, shape[2] // 2) if place is None else place
    if not (0 <= row < shape[1] and 0 <= column < shape[2]):
        raise UsageError(f"no cell at row {row}, column {column} of {layer}; its map is {shape[1]} x {shape[2]}")
    return row, column


def _recording(net: Chain, params: dict[str, Params], layer: str, at: Place) -> Record:
    """Responses to images of the cells at a place, and of the planes at their maximum: (2, N, K), in host memory."""
    above = dict(zip(net.names, (*net.names[1:], None), strict=True))[layer]
    xp = namespace(*(leaf for _, leaf in leaves(params)))

    def record(images: Any, change: Callable[[Any], Any] | None) -> NDArray[Any]:
        parts = []
        with on_threads(threads()), closing(in_batches(images, BATCH)) as batches:
            for batch in batches:
                seen = batch if change is None else change(batch)
                y = to_numpy(net.respond(params, xp.asarray(seen), stop=above))
                parts.append(np.stack([y, y] if at is None else [y[:, :, at[0], at[1]], y.max(axis=(2, 3))]))
        return np.concatenate(parts, axis=1).astype(np.float64)

    return record


def _under(record: Record, images: Any, kind: str, amount: float) -> NDArray[Any]:
    """The mean response over the forms of a transform."""
    return np.asarray(np.mean([record(images, change) for change in changes(kind, amount)], axis=0))


def _preferred(plain: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The best image of each cell, the response to it, and whether there is any: (N, K) -> (K,) each."""
    best = plain.argmax(axis=0)
    peak = plain.max(axis=0)
    return best, peak, np.asarray(peak <= SILENT * np.abs(plain).max())


def _kept(
    amounts: tuple[float, ...], plain: NDArray[Any], changed: NDArray[Any], best: NDArray[Any], peak: NDArray[Any]
) -> Kept:
    """What cells keep, from responses above blank to images as they are, (N, K), and changed, (A, N, K)."""
    response = changed[:, best, np.arange(len(best))].T / peak[:, None]  # (K, A)
    others = [place for place, amount in enumerate(amounts) if amount]
    widths = [_width(np.asarray(amounts, float), curve) for curve in response]
    ranks = np.stack([_rank_order(plain, each) for each in changed], axis=1)
    ranks[np.isnan(peak)] = np.nan
    tolerance, bounded = np.array([w for w, _ in widths]), np.array([b for _, b in widths])
    return Kept(amounts, response, response[:, others].mean(axis=1), tolerance, bounded, ranks)


def _width(amounts: NDArray[Any], curve: NDArray[Any]) -> tuple[float, bool]:
    """The width of the amounts around 0 with at least half of the response, and whether the range ends in it."""
    if np.isnan(curve).any():
        return float("nan"), False
    start = int(np.flatnonzero(amounts == 0)[0])
    width, bounded = 0.0, False
    for side in (slice(start, None), slice(start, None, -1)):
        x, y = np.abs(amounts[side]), curve[side]
        below = np.flatnonzero(y < HALF)
        if len(below):  # between two amounts the response is taken to fall in a straight line
            last = below[0]
            width += float(x[last - 1] + (x[last] - x[last - 1]) * (y[last - 1] - HALF) / (y[last - 1] - y[last]))
        else:
            width, bounded = width + float(x[-1]), bounded or len(x) > 1
    return width, bounded


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rank_order(plain: NDArray[Any], changed: NDArray[Any]) -> NDArray[Any]:
    """Spearman's rho over images of each cell's responses: (N, K), (N, K) -> (K,), NaN where all are alike."""
    from scipy.stats import rankdata

    a, b = (rankdata(each, axis=0) - (len(each) + 1) / 2 for each in (plain, changed))
    norms = np.sqrt(np.sum(a * a, axis=0) * np.sum(b * b, axis=0))
    return np.asarray(np.sum(a * b, axis=0) / np.where(norms > 0, norms, np.nan))
