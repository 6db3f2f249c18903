"""Fitting how a layer standardises its views: their mean, and the matrix that whitens them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params, StandardizedConv
from neuro_cnn.layers.standardized import Whitening
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.positions import drawn_views


class Products(NamedTuple):
    """Views seen, their sum, (D,), and the sum of their products, (D, D), in double precision."""

    views: Array
    sum: Array
    products: Array


@dataclass(frozen=True)
class Whiten(Rule):
    """ZCA: P = V (L + epsilon)^(-1/2) V^T of the views' covariance V L V^T (Bell & Sejnowski 1997; Coates et al. 2011).

    Fitted in one pass over views drawn at random, a fraction `positions` of all, blank ones left out. `epsilon` is
    added to the variance in every direction; 0.1 is what Coates & Ng (2012) use for views of normalised contrast.
    """

    epsilon: float = 0.1
    positions: float = 0.1
    kind: Literal["whiten"] = "whiten"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    once: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (StandardizedConv,)

    def __post_init__(self) -> None:
        if not 0 < self.epsilon < float("inf"):
            raise UsageError(f"whitening with epsilon {self.epsilon}; it must be a positive number")
        if not 0 < self.positions <= 1:
            raise UsageError(f"whitening by {self.positions} of the positions; the fraction must lie in (0, 1]")

    @property
    def samples(self) -> bool:
        """It draws its views, always."""
        return True

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Products]:
        xp, size = namespace(sample), params.fixed.mean.shape[0]
        plain = Whitening(0 * params.fixed.mean, xp.eye(size, dtype=params.fixed.mean.dtype))
        sums = (xp.zeros(s, dtype=xp.float64) for s in ((size,), (size, size)))
        return params._replace(fixed=plain), Products(xp.zeros((), dtype=xp.int64), *sums)

    def sees(self, layer: Any, params: Params, x: Array, rng: np.random.Generator) -> Any:
        return layer.look(params, drawn_views(layer, x, self.positions, rng))  # mean 0, matrix 1 as yet

    def update(
        self, layer: Any, params: Params, state: Products, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Products]:
        xp = namespace(activity)
        rows = xp.astype(xp.reshape(activity, (activity.shape[0], -1)), xp.float64)
        seen = xp.sum(xp.astype(xp.any(rows != 0, axis=1), xp.int64))  # read at the end: a GPU is not waited for
        products = state.products + xp.permute_dims(rows, (1, 0)) @ rows
        return params, Products(state.views + seen, state.sum + xp.sum(rows, axis=0), products)

    def finish(self, layer: Any, params: Params, state: Products) -> Params:
        views, size = int(state.views), state.sum.shape[0]
        if views < size:
            raise UsageError(
                f"{views} views that are not blank, but {size} dimensions to whiten; use more images or positions, "
                "or a smaller view"
            )
        xp = namespace(state.sum)
        mean = state.sum / views
        variance, vectors = xp.linalg.eigh(state.products / views - mean[:, None] * mean[None, :])
        return params._replace(fixed=self._fitted(params, mean, variance, vectors))

    def _fitted(self, params: Params, mean: Array, variance: Array, vectors: Array) -> Whitening:
        xp, dtype = namespace(mean), params.fixed.mean.dtype
        variance = xp.maximum(variance, xp.zeros((), dtype=variance.dtype))  # rounding may leave them below 0
        matrix = (vectors / xp.sqrt(variance + self.epsilon)[None, :]) @ xp.permute_dims(vectors, (1, 0))
        return Whitening(xp.astype(mean, dtype), xp.astype(matrix, dtype))


@dataclass(frozen=True)
class Centre(Whiten):
    """The mean of the views alone is fitted and removed, for rules that look for components (Oja, Sanger)."""

    kind: Literal["centre"] = "centre"  # type: ignore[assignment]

    def _fitted(self, params: Params, mean: Array, variance: Array, vectors: Array) -> Whitening:
        return Whitening(namespace(mean).astype(mean, params.fixed.mean.dtype), params.fixed.matrix)
