"""What a teacher minimises: scores against labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError


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


@dataclass(frozen=True)
class MAP:
    """LeNet's criterion: mean over images of y_D + log(e^-j + sum_i e^-y_i), LeCun et al. 1998, eq. (9).

    y_i is the penalty of class i, minus its score, and D the label. A class whose penalty is well above j is not
    pushed up any further. The paper only says that j is positive; 1 is our choice, as good as 10 on held-out digits and
    five points better than none (j = infinity), where nothing draws the units to the codes.
    """

    j: float = 1.0
    kind: Literal["map"] = "map"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.j < float("inf"):
            raise UsageError(f"MAP criterion with j = {self.j}; it must be positive")

    def __call__(self, scores: Array, labels: Array) -> tuple[Array, Array]:
        """Loss, and its gradient with respect to the scores: (N, classes), (N,) -> (), (N, classes)."""
        xp = namespace(scores, labels)
        target = one_hot(labels, scores.shape[1], scores)
        rubbish = xp.full((scores.shape[0], 1), -self.j, dtype=scores.dtype)  # the class of what is no character
        all_scores = xp.concat([scores, rubbish], axis=1)
        top = xp.max(all_scores, axis=1, keepdims=True)
        powers = xp.exp(all_scores - top)
        total = xp.sum(powers, axis=1, keepdims=True)
        zero = xp.zeros((), dtype=scores.dtype)  # other classes may be impossible: a score of -inf does not count
        mine = xp.sum(xp.where(target > 0, scores, zero))
        loss = (xp.sum(top + xp.log(total)) - mine) / scores.shape[0]
        return loss, (powers[:, :-1] / total - target) / scores.shape[0]


Loss: TypeAlias = CrossEntropy | SquaredError | MAP
