"""Gradients kept from being too long before the optimiser sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from neuro_cnn.backend import namespace
from neuro_cnn.optim.base import check_positive
from neuro_cnn.tree import leaves, tree_map


@dataclass(frozen=True)
class ClipNorm:
    """A gradient whose norm over all weights is above `limit` is shortened to it (Pascanu et al. 2013, Algorithm 1)."""

    limit: float = 1.0
    kind: Literal["norm"] = "norm"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        check_positive("limit", self.limit)

    def __call__(self, gradient: Any) -> Any:
        """The gradient, a tree of arrays, with a norm of at most `limit`; its direction stays."""
        arrays = [g for _, g in leaves(gradient)]
        if not arrays:
            return gradient
        xp = namespace(arrays[0])
        norm = xp.sqrt(sum(xp.sum(g * g) for g in arrays))
        factor = xp.minimum(xp.ones_like(norm), self.limit / (norm + 1e-6))  # 1e-6: as PyTorch does
        return tree_map(lambda g: g * factor, gradient)


@dataclass(frozen=True)
class ClipValue:
    """Each number of a gradient is kept within [-limit, limit]."""

    limit: float = 1.0
    kind: Literal["value"] = "value"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        check_positive("limit", self.limit)

    def __call__(self, gradient: Any) -> Any:
        """The gradient, a tree of arrays, with no number beyond `limit`."""
        return tree_map(lambda g: namespace(g).clip(g, -self.limit, self.limit), gradient)


Clip: TypeAlias = ClipNorm | ClipValue
