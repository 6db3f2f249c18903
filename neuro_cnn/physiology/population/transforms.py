"""What images are put through to see whether cells mind: each way by amounts on an axis, of which 0 changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.deformations import forms
from neuro_cnn.errors import UsageError, unknown
from neuro_cnn.streams import generator

Change: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]


class Transform(NamedTuple):
    """An axis with its unit, and amounts on it (our choice); 0 changes nothing."""

    axis: str
    amounts: tuple[float, ...]


TRANSFORMS: Mapping[str, Transform] = MappingProxyType(
    {
        "shift": Transform("shift, pixels", (0, 1, 2, 3, 4, 6)),
        "scale": Transform("scale, octaves", (-1, -0.5, -0.25, 0, 0.25, 0.5, 1)),
        "rotate": Transform("rotation, degrees", (-90, -45, -30, -15, 0, 15, 30, 45, 90)),
        "bend": Transform("bending, pixels", (0, 1, 2, 3, 4)),
        "noise": Transform("noise, share of power", (0, 0.1, 0.25, 0.5, 0.75, 1)),
    }
)
"""All but noise are those of `evaluate`, whose scale is a factor. A shift is the mean over four directions."""


def changes(kind: str, amount: float) -> Sequence[Change]:
    """What a transform by so much does to images (N, C, H, W), one function a form; each serves for one pass over them.

    Scale is in octaves. Noise is that share of an image's power, at a signal-to-noise ratio of (1 - share) / share.
    """
    if kind == "noise":
        return [partial(mixed, share=amount, rng=generator(0, "mixed"))]
    return forms(kind, 2.0**amount if kind == "scale" else int(amount) if kind == "shift" else amount)


def mixed(images: NDArray[Any], share: float, rng: np.random.Generator) -> NDArray[Any]:
    """Gaussian noise in place of a share of each image's power: its mean and contrast (standard deviation) stay."""
    axes = tuple(range(1, images.ndim))
    mean, contrast = images.mean(axes, keepdims=True), images.std(axes, keepdims=True)
    grain = contrast * rng.standard_normal(images.shape)
    both = np.sqrt(1 - share) * (images - mean) + np.sqrt(share) * (grain - grain.mean(axes, keepdims=True))
    spread = both.std(axes, keepdims=True)
    return np.asarray(mean + both * contrast / np.where(spread > 0, spread, 1), images.dtype)


def amounts_of(wanted: Mapping[str, Sequence[float]] | None) -> dict[str, tuple[float, ...]]:
    """Transforms and their amounts in rising order; all where none are given. Raises UsageError for what cannot be."""
    if wanted is None:
        return {kind: each.amounts for kind, each in TRANSFORMS.items()}
    for kind, each in wanted.items():
        if kind not in TRANSFORMS:
            raise unknown("transform", kind, TRANSFORMS)
        if 0 not in each or len(set(each)) < 2:
            raise UsageError(f"{kind} by {list(each)}; give 0, which changes nothing, and another amount")
        if kind == "noise" and not all(0 <= amount <= 1 for amount in each):
            raise UsageError(f"noise by {list(each)}; give shares of the power, from 0 to 1")
        if kind == "shift" and not all(amount == int(amount) for amount in each):
            raise UsageError(f"shift by {list(each)}; give whole pixels")
    return {kind: tuple(sorted(set(each))) for kind, each in wanted.items()}
