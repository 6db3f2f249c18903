"""Output functions beyond the rectifier, each the value and the slope of a curve."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import erfc, exp, log, pi, sqrt
from typing import Literal, NamedTuple, Protocol

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params
from neuro_cnn.ops.special import erf, logistic, softplus


def positive(name: str, value: float) -> None:
    """Raises UsageError unless the value is a positive number."""
    if not 0 < value < float("inf"):
        raise UsageError(f"{name} is {value}; it must be a positive number")


def finite(name: str, value: float) -> None:
    """Raises UsageError unless the value is a number."""
    if not abs(value) < float("inf"):
        raise UsageError(f"{name} is {value}; it must be a number")


class Answer(NamedTuple):
    """What the output function was given and what it made of it, both (N, K, ...)."""

    drive: Array
    response: Array


class OutputFunction(Layer, Protocol):
    """A curve applied to each cell's drive alone: (N, K, ...) -> (N, K, ...)."""

    @abstractmethod
    def value(self, x: Array) -> Array:
        """The response to a drive."""
        ...

    @abstractmethod
    def slope(self, x: Array, y: Array) -> Array:
        """The derivative at drive x, where the response is y."""
        ...

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Answer]:
        y = self.value(x)
        return y, Answer(x, y)

    def backward(
        self, params: Params, activity: Answer, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        return dy * self.slope(*activity) if need_input else None, ()


@dataclass(frozen=True)
class LeakyReLU(OutputFunction):
    """x above 0 and `leak` x below: Maas, Hannun & Ng (2013), whose leak of 0.01 it is."""

    leak: float = 0.01
    kind: Literal["leaky_relu"] = "leaky_relu"

    def __post_init__(self) -> None:
        finite("leak", self.leak)

    def value(self, x: Array) -> Array:
        return namespace(x).where(x > 0, x, self.leak * x)

    def slope(self, x: Array, y: Array) -> Array:
        xp = namespace(x)
        return xp.where(x > 0, xp.ones((), dtype=x.dtype), xp.asarray(self.leak, dtype=x.dtype))


@dataclass(frozen=True)
class ELU(OutputFunction):
    """x above 0 and alpha (e^x - 1) below: Clevert, Unterthiner & Hochreiter (2016), whose alpha is 1."""

    alpha: float = 1.0
    kind: Literal["elu"] = "elu"

    def __post_init__(self) -> None:
        positive("alpha", self.alpha)

    def value(self, x: Array) -> Array:
        xp = namespace(x)
        return xp.where(x > 0, x, self.alpha * xp.expm1(_below(x)))

    def slope(self, x: Array, y: Array) -> Array:
        xp = namespace(x)
        return xp.where(x > 0, xp.ones((), dtype=x.dtype), self.alpha * xp.exp(_below(x)))


@dataclass(frozen=True)
class SELU(OutputFunction):
    """scale ELU(x; alpha): drives of mean 0 and variance 1 get such responses. Klambauer et al. (2017), eq. (2).

    Over the normal distribution phi, with Phi its integral (their eq. (14): alpha = 1.6733, scale = 1.0507).
    """

    kind: Literal["selu"] = "selu"

    def value(self, x: Array) -> Array:
        return _SCALE * _SELF_NORMALIZING.value(x)

    def slope(self, x: Array, y: Array) -> Array:
        return _SCALE * _SELF_NORMALIZING.slope(x, y)


_ONE, _TWO = (exp(n * n / 2) * erfc(n / sqrt(2)) / 2 for n in (1, 2))  # integrals of e^(n x) phi below 0
_ALPHA = 1 / sqrt(2 * pi) / (1 / 2 - _ONE)  # the mean is 0: that of x phi above 0 is 1 / sqrt(2 pi)
_SCALE = 1 / sqrt(1 / 2 + _ALPHA**2 * (_TWO - 2 * _ONE + 1 / 2))  # the mean square is 1
_SELF_NORMALIZING = ELU(_ALPHA)


@dataclass(frozen=True)
class ISRLU(OutputFunction):
    """x above 0 and x / sqrt(1 + alpha x^2) below, the inverse square root linear unit of Carlile et al. (2017)."""

    alpha: float = 1.0
    kind: Literal["isrlu"] = "isrlu"

    def __post_init__(self) -> None:
        positive("alpha", self.alpha)

    def value(self, x: Array) -> Array:
        return x * self._root(x)

    def slope(self, x: Array, y: Array) -> Array:
        return self._root(x) ** 3

    def _root(self, x: Array) -> Array:
        low = _below(x)
        return 1 / namespace(x).sqrt(1 + self.alpha * low * low)  # 1 above 0


@dataclass(frozen=True)
class Softplus(OutputFunction):
    """ln(1 + e^x), the rectifier made smooth: Dugas et al. (2001)."""

    kind: Literal["softplus"] = "softplus"

    def value(self, x: Array) -> Array:
        return softplus(x)

    def slope(self, x: Array, y: Array) -> Array:
        return logistic(x)


@dataclass(frozen=True)
class SoftPlusPlus(OutputFunction):
    """Soft++, ln(1 + e^(k x)) + x / c - ln 2: Ciuparu, Nagy-Dabacan & Muresan (2020); k = 1 and c = 2 are recalled."""

    k: float = 1.0
    c: float = 2.0
    kind: Literal["soft_plus_plus"] = "soft_plus_plus"

    def __post_init__(self) -> None:
        positive("k", self.k)
        positive("c", self.c)

    def value(self, x: Array) -> Array:
        return softplus(self.k * x) + x / self.c - log(2)

    def slope(self, x: Array, y: Array) -> Array:
        return self.k * logistic(self.k * x) + 1 / self.c


@dataclass(frozen=True)
class BentIdentity(OutputFunction):
    """(sqrt(x^2 + 1) - 1) / 2 + x. Some tables drop the + x; without it the curve is even, and no bent identity."""

    kind: Literal["bent_identity"] = "bent_identity"

    def value(self, x: Array) -> Array:
        return (namespace(x).sqrt(x * x + 1) - 1) / 2 + x

    def slope(self, x: Array, y: Array) -> Array:
        return x / (2 * namespace(x).sqrt(x * x + 1)) + 1


@dataclass(frozen=True)
class Tanh(OutputFunction):
    """The hyperbolic tangent."""

    kind: Literal["tanh"] = "tanh"

    def value(self, x: Array) -> Array:
        return namespace(x).tanh(x)

    def slope(self, x: Array, y: Array) -> Array:
        return 1 - y * y


@dataclass(frozen=True)
class Logistic(OutputFunction):
    """1 / (1 + e^-x), the sigmoid of backpropagation's first networks: Rumelhart, Hinton & Williams (1986), eq. (2)."""

    kind: Literal["logistic"] = "logistic"

    def value(self, x: Array) -> Array:
        return logistic(x)

    def slope(self, x: Array, y: Array) -> Array:
        return y * (1 - y)


@dataclass(frozen=True)
class GELU(OutputFunction):
    """x Phi(x), Phi(x) = (1 + erf(x / sqrt 2)) / 2: Hendrycks & Gimpel (2016), exactly and not by their tanh."""

    kind: Literal["gelu"] = "gelu"

    def value(self, x: Array) -> Array:
        return x * _normal(x)

    def slope(self, x: Array, y: Array) -> Array:
        return _normal(x) + x * namespace(x).exp(-x * x / 2) / sqrt(2 * pi)


def _normal(x: Array) -> Array:
    return (1 + erf(x / sqrt(2))) / 2


def _below(x: Array) -> Array:
    """x where it is negative, else 0: no exponential of it overflows."""
    xp = namespace(x)
    return xp.minimum(x, xp.zeros((), dtype=x.dtype))
