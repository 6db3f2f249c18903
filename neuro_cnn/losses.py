"""What a teacher minimises: scores against labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from neuro_cnn.backend import Array, namespace


def one_hot(labels: Array, classes: int, like: Array) -> Array:
    """1 at each image's class: (N,) -> (N, classes), in the precision of `like`."""
    xp = namespace(labels)
    return xp.astype(labels[:, None] == xp.arange(classes)[None, :], like.dtype)


@dataclass(frozen=True)
class CrossEntropy:
    """Mean over images of -log softmax(scores) at the label."""

    kind: Literal["cross_entropy"] = "cross_entropy"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, scores: Array, labels: Array) -> tuple[Array, Array]:
        """Loss, and its gradient with respect to the scores: (N, classes), (N,) -> (), (N, classes)."""
        xp = namespace(scores, labels)
        target = one_hot(labels, scores.shape[1], scores)
        shifted = scores - xp.max(scores, axis=1, keepdims=True)
        log_sum = xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
        logs = shifted - log_sum
        zero = xp.zeros((), dtype=scores.dtype)  # other classes may be impossible: log 0 = -inf does not count
        loss = -xp.sum(xp.where(target > 0, logs, zero)) / scores.shape[0]
        return loss, (xp.exp(logs) - target) / scores.shape[0]


@dataclass(frozen=True)
class SquaredError:
    """Mean over images of half the squared distance of the scores to the one-hot label."""

    kind: Literal["squared_error"] = "squared_error"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, scores: Array, labels: Array) -> tuple[Array, Array]:
        """Loss, and its gradient with respect to the scores: (N, classes), (N,) -> (), (N, classes)."""
        xp = namespace(scores, labels)
        error = scores - one_hot(labels, scores.shape[1], scores)
        return xp.sum(error * error) / (2 * scores.shape[0]), error / scores.shape[0]


Loss: TypeAlias = CrossEntropy | SquaredError
