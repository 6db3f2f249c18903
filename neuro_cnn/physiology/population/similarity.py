"""How alike systems code the same images: unbiased CKA and representational similarity, and their spread.

Both are cosines of matrices (n, n) of images by images, diagonals left out: CKA of U-centred Gram matrices, RSA of the
centred ranks of dissimilarities. Without a ceiling (the same method from another seed) and a floor (the same cells,
nothing learned) beside them neither says anything: codes of cells that learned nothing are much alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import predict
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.streams import generator

FEWEST, MOST = 8, 4000
"""Images: each half needs the four of the estimator; matrices of more take gigabytes (our choice)."""
ROOM = 2**28
"""Bytes of features held at a time (our choice)."""
COLUMNS = 4096
"""Features that are multiplied at a time in double precision (our choice)."""
DRAWS = 200
"""Random halves of the images that give the spread (our choice)."""
NOTHING = 1e-12
"""Variation, relative to the responses, below which there is none: rounding in double precision (our choice)."""


class Code(NamedTuple):
    """A layer's code of n images: its Gram matrix and its dissimilarities, (n, n) each, in double precision.

    Dissimilarity is 1 minus Pearson's correlation of two images' responses, NaN for an image to which all cells
    respond alike. Networks answer alike each time, so that a distance cross-validated over repeats is none.
    """

    gram: NDArray[Any]
    dissimilarity: NDArray[Any]


class Likeness(NamedTuple):
    """How alike the codes of S systems are: (S, S) on all images, and on each of D random halves, (D, S, S).

    NaN where a code is the same for all images. `silent` (S,) counts images to which all of a system's cells respond
    alike: RSA leaves them out for all systems, and has no number for a system of which most images are so.
    """

    cka: NDArray[Any]
    rsa: NDArray[Any]
    cka_draws: NDArray[Any]
    rsa_draws: NDArray[Any]
    silent: NDArray[Any]


def code(net: Chain, params: dict[str, Params], images: Any, layer: str) -> Code:
    """The code of a layer, all of its cells, for images (N, C, H, W); at most 256 MB of responses are held.

    NaN where a response is not finite, as scores of classes without a reference are. Raises UsageError for a layer that
    does not exist.
    """
    net[layer]
    size = prod(net.shapes(params, images.shape[1:])[layer])
    step = max(1, ROOM // (8 * size))  # two blocks of images in single precision
    gram, means = np.empty((len(images), len(images))), np.empty(len(images))
    for start in range(0, len(images), step):
        mine = _features(net, params, images[start : start + step], layer)
        if not np.isfinite(mine).all():
            return Code(*np.full((2, len(images), len(images)), np.nan))
        means[start : start + step] = mine.mean(axis=1, dtype=np.float64)
        for other in range(0, start + 1, step):  # blocks that there is no room to keep are answered once more
            theirs = mine if other == start else _features(net, params, images[other : other + step], layer)
            block = _product(mine, theirs)
            gram[start : start + step, other : other + step] = block
            gram[other : other + step, start : start + step] = block.T
    return Code(gram, dissimilarity(gram, means, size))


def coded(features: NDArray[Any]) -> Code:
    """The code whose features, (N, P), are at hand."""
    rows = np.asarray(features, np.float64)
    gram = rows @ rows.T
    return Code(gram, dissimilarity(gram, rows.mean(axis=1), rows.shape[1]))


def dissimilarity(gram: NDArray[Any], means: NDArray[Any], size: int) -> NDArray[Any]:
    """1 - Pearson's r between images, from the Gram matrix and the means of their `size` responses: (n, n)."""
    power = np.diag(gram) / size
    spread = power - means**2
    spread = np.where(spread > NOTHING * power, spread, np.nan)
    return np.asarray(1 - (gram / size - np.outer(means, means)) / np.sqrt(np.outer(spread, spread)))


def cka(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Centred kernel alignment of two Gram matrices (n, n) by the unbiased estimator: 0 expected of independent codes.

    HSIC_1 of Song et al. (2012, eq. 5), over the root of each with itself. The biased estimator is not offered: where
    features outnumber images, independent codes reach .9 by it. NaN where a code does not vary. Raises UsageError for
    fewer than 4 images.
    """
    return float(_cosines(np.stack([centred(a), centred(b)]).reshape(2, -1))[0, 1])


def centred(gram: NDArray[Any]) -> NDArray[Any]:
    """The U-centred Gram matrix, its diagonal 0: n (n - 3) HSIC_1 is the inner product of two.

    Szekely and Rizzo (2014) centre distances so; that it is the estimator of Song et al. is algebra, and tested. All 0
    where the code does not vary.
    """
    n = len(gram)
    if n < 4:
        raise UsageError(f"CKA of {n} images; the unbiased estimator needs at least 4")
    k = gram - np.diag(np.diag(gram))
    rows = k.sum(axis=0) / (n - 2)
    u = k - rows - rows[:, None] + rows.sum() / (n - 1)
    np.fill_diagonal(u, 0)
    return u if np.linalg.norm(u) > NOTHING * np.linalg.norm(gram) else np.zeros_like(u)


def rsa(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Representational similarity (Kriegeskorte et al. 2008): Spearman's rho of dissimilarities (n, n) over pairs.

    NaN where an image has none.
    """
    if np.isnan(a + b).any():
        return float("nan")
    upper = np.triu_indices(len(a), 1)
    return float(_cosines(np.stack([_ranks(_levels(each)[upper]) for each in (a, b)]))[0, 1])


def likeness(codes: Sequence[Code], seed: int = 0, draws: int = DRAWS) -> Likeness:
    """CKA and RSA between all systems, from their codes of the same images.

    Spread is that over random halves of the images, the same halves for all: for means it is that of the whole (the
    delete-half jackknife, Shao and Wu 1989). Images drawn with replacement would be alike with themselves, which no
    unbiased estimator bears. Raises UsageError for fewer than 8 images or more than 4,000.
    """
    n = len(codes[0].gram)
    if not FEWEST <= n <= MOST:
        raise UsageError(f"{n} images to compare codes on; give {FEWEST} to {MOST}")
    silent = np.stack([np.isnan(np.diag(each.dissimilarity)) for each in codes])  # (S, n)
    mute = silent.mean(axis=1) > 0.5
    varied = np.asarray(~silent[~mute].any(axis=0))
    rng = generator(seed, "halves")
    halves = [np.sort(rng.permutation(n)[: n // 2]) for _ in range(draws)]
    grams = [each.gram for each in codes]
    levels = [_levels(np.where(still, 0, each.dissimilarity)) for each, still in zip(codes, mute, strict=True)]
    ckas, rsas = zip(*(_both(grams, levels, chosen, varied) for chosen in (np.arange(n), *halves)), strict=True)
    return Likeness(ckas[0], rsas[0], np.stack(ckas[1:]), np.stack(rsas[1:]), silent.sum(axis=1))


def _both(
    grams: Sequence[NDArray[Any]], levels: Sequence[NDArray[Any]], chosen: NDArray[Any], varied: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """CKA and RSA (S, S) on the chosen images; RSA on those of them to which every system's cells differ."""
    rows = np.stack([centred(each[np.ix_(chosen, chosen)]).ravel() for each in grams])
    chosen = chosen[varied[chosen]]
    if len(chosen) < 3:
        return _cosines(rows), np.full((len(grams), len(grams)), np.nan)
    upper = np.triu_indices(len(chosen), 1)
    ranks = np.stack([_ranks(each[np.ix_(chosen, chosen)][upper]) for each in levels])
    return _cosines(rows), _cosines(ranks)


def _levels(dissimilarity: NDArray[Any]) -> NDArray[Any]:
    """The place of every value among those that there are, from 0: sorted once, ranks within any part are counts."""
    return np.asarray(np.unique(dissimilarity, return_inverse=True)[1].reshape(dissimilarity.shape))


def _ranks(levels: NDArray[Any]) -> NDArray[Any]:
    """Ranks of values by their levels, those alike sharing the mean of theirs, less the mean of all: (P,)."""
    counts = np.bincount(levels)
    middles = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(middles[levels] - (len(levels) + 1) / 2)


def _cosines(rows: NDArray[Any]) -> NDArray[Any]:
    """Cosines of rows (S, P) to one another, (S, S), NaN to one of zeros."""
    products = rows @ rows.T
    norms = np.sqrt(np.diag(products))
    norms = np.where(norms > 0, norms, np.nan)
    return np.asarray(products / norms / norms[:, None])


def _features(net: Chain, params: dict[str, Params], images: Any, layer: str) -> NDArray[Any]:
    """A layer's responses in a row an image, (N, P)."""
    above = dict(zip(net.names, (*net.names[1:], None), strict=True))[layer]
    return np.asarray(predict(net, params, images, above).reshape(len(images), -1))


def _product(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """a @ b.T summed in double precision, some columns at a time."""
    parts = range(0, a.shape[1], COLUMNS)
    return np.asarray(
        sum(a[:, c : c + COLUMNS].astype(np.float64) @ b[:, c : c + COLUMNS].astype(np.float64).T for c in parts)
    )
