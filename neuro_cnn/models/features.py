"""Feature hierarchies for a linear read-out: an eye, then S- and C-layers; `random-features` leaves them unlearned.

One wiring for all systems whose S-cells learn without a teacher, so that each stands beside the same cells with
random weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from neuro_cnn.curriculum import Backprop, Curriculum, Local, Phase
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    AnyLayer,
    CCells,
    Contrast,
    Conv,
    Dense,
    Flatten,
    Mean,
    Normalize,
    OlshausenField,
    Shape,
    StandardizedConv,
    Triangle,
)
from neuro_cnn.layers.standardized import CONTRAST
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.rules import Centre, Ridge, Standardize, Whiten
from neuro_cnn.schedule import Linear

Count: TypeAlias = Annotated[int, Field(ge=1, le=100_000)]
Positive: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Readout: TypeAlias = Literal["ridge", "softmax"]
Eye: TypeAlias = Literal["retina", "olshausen-field", "pixels", "centred", "zca"]


@dataclass(frozen=True)
class RandomFeatures:
    """S-cells with random weights under a trained read-out: the control of every unsupervised learner.

    `eye` is what S1 looks at: ON and OFF cells of contrast ("retina"), the filter of Olshausen & Field, the pixels as
    they are, or views of the pixels: with their mean removed ("centred"), or with their mean removed, their contrast
    normalised, and whitened ("zca", Coates et al. 2011). `source` names other images of the same shape, from which all
    but the read-out is learned. The read-out sees the last C-cells' means in `places` x `places` fields: more of them
    know more and cost more.
    """

    layers: Annotated[int, Field(ge=1, le=3)] = 1
    planes: Count = 96  # of the first layer; each further layer has four times as many (Journe et al. 2023)
    size: Annotated[int, Field(ge=1)] = 5
    eye: Eye = "retina"
    power: Positive = 1.0
    readout: Readout = "ridge"
    places: Count | None = None
    source: str | None = None
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """The eye, S- and C-layers, and a linear read-out of the pooled C-cells."""
        if self.size > min(in_shape[1:]):
            sides, most = " x ".join(map(str, in_shape[1:])), min(in_shape[1:])
            raise UsageError(f"a view of {self.size} does not fit a map of {sides}; set size={most} or less")
        layers: list[tuple[str, AnyLayer]] = []
        if self.eye in FILTERS:
            layers.append(("R", FILTERS[self.eye]))
        for level in range(1, self.layers + 1):
            if self.normalized(level):
                layers.append((f"N{level}", Normalize()))
            layers += [
                (f"S{level}", self.cells(level)),
                (f"T{level}", Triangle(self.power_at(level))),
                (f"C{level}", _pool(level)),
            ]
        pool = READ[self.layers] if self.places is None else _into(self.places, Chain(tuple(layers)), in_shape)
        return Chain((*layers, ("P", pool), ("flat", Flatten()), ("out", Dense(classes))))

    def cells(self, level: int) -> AnyLayer:
        """The S-layer of this level, its maps as large as what it looks at."""
        size = self.size if level == 1 else 3
        planes = self.planes * 4 ** (level - 1)
        if self.standardized(level):
            return StandardizedConv(planes, size, pad="same", contrast=CONTRAST if self.eye == "zca" else None)
        return Conv(planes, size, pad="same", bias=False)

    def standardized(self, level: int) -> bool:
        """Whether the S-cells of this level see their views standardised."""
        return self.eye in ("zca", "centred") and level == 1

    def normalized(self, level: int) -> bool:
        """Whether what this level looks at is first standardised plane by plane."""
        return level > 1

    def power_at(self, level: int) -> float:
        """The power of this level's output function."""
        return self.power

    def curriculum(self) -> Curriculum:
        """Each S-layer in turn, from the bottom up, then the read-out."""
        phases: list[Phase] = []
        for level in range(1, self.layers + 1):
            if self.normalized(level):
                phases.append(Phase((f"N{level}",), Local(Standardize()), batch=100))
            if self.standardized(level):
                phases.append(Phase((f"S{level}",), Local(self.standard()), batch=100))
            phases += self.learning(f"S{level}", level)
        return (*(replace(phase, data=self.source) for phase in phases), readout(self.readout))

    def standard(self) -> Whiten | Centre:
        """How views are standardised."""
        return Whiten() if self.eye == "zca" else Centre()

    def learning(self, name: str, level: int) -> tuple[Phase, ...]:
        """How the S-layer of this level learns: here not at all."""
        return ()


FILTERS: dict[str, AnyLayer] = {"retina": Contrast(), "olshausen-field": OlshausenField()}
READ = {1: CCells(4, stride=3, pad=1, pool=Mean()), 2: CCells(2, pool=Mean()), 3: CCells(2, stride=1, pool=Mean())}
"""Pooling before the read-out, few enough features to solve the ridge in seconds: of 28 x 28 pixels 5 x 5, 3 x 3, 2 x 2
places."""


def _into(places: int, below: Chain, in_shape: Shape) -> CCells:
    """Means over so many fields a side of the map that these layers end in."""
    sides = below.shapes(below.init(in_shape, None), in_shape)[below.names[-1]][1:]
    if places > min(sides):
        raise UsageError(f"{places} places a side of a map of {sides[0]} x {sides[1]}; set places={min(sides)} or less")
    stride = [side // places for side in sides]
    size = [side - (places - 1) * step for side, step in zip(sides, stride, strict=True)]
    return CCells((size[0], size[1]), (stride[0], stride[1]), pool=Mean())


def _pool(level: int) -> CCells:
    """Maxima, but means in the third layer (Journe et al. 2023, recalled)."""
    return CCells(4, stride=2, pad=1) if level < 3 else CCells(2, pool=Mean())


def readout(kind: Readout) -> Phase:
    """The supervised end: a linear classifier of frozen features."""
    if kind == "ridge":
        return Phase(("out",), Local(Ridge()), batch=100)
    return Phase(("out",), Backprop(optimizer=Adam(Linear(0.001))), epochs=30, batch=64)  # our choice
