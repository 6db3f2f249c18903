"""Every step from the neocognitron of 1980 to LeNet-5, as options of one system: each changes one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from neuro_cnn.curriculum import Backprop, Curriculum, Local, Phase, Together
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    AnyLayer,
    CCells,
    Dense,
    Flatten,
    InterpolatingVector,
    Labelled,
    Max,
    Mean,
    Rectified,
    ReLU,
    SCells,
    Shape,
    Shunting,
    SquareRoot,
    Subtractive,
)
from neuro_cnn.layers.pools import AnyPool
from neuro_cnn.layers.responses import AnyResponse
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.models.neocognitron_1980 import Neocognitron1980
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.rules import (
    AddIfSilent,
    AnyRule,
    Conscience,
    Fukushima1980,
    HardWTA,
    Hebbian,
    Instar,
    LearnReferences,
    NameCells,
    Ridge,
    SoftHebb,
    SoftWTA,
    UnitNorm,
)
from neuro_cnn.schedule import Linear

OF_1980 = Neocognitron1980()
LEARNING = 9 / 7
"""Selectivity at which add-if-silent learns over that at which it recognises: thresholds of .75 and .7, as in
`neocognitron-2013` (our choice)."""
Named: TypeAlias = tuple[tuple[str, AnyLayer], ...]


@dataclass(frozen=True)
class Bridge:
    """The neocognitron of 1980 as it is; with every option at its last value, LeNet-5 (modern form).

    `order`: all S-layers learn at each presentation, or one after the other. `competition`: who learns, by which rule;
    "none" leaves the weights at random, and so does a teacher who changes all by backpropagation. `response`: shunting
    or subtractive inhibition, or none (rectified cells). `pool`: what C-cells do; "strided" is a learned convolution.
    `readout` and `teacher`: what reads the deepest C-cells, and how far its error reaches. `views`: C-cells' views
    overlap as in 1980, or adjoin as in LeNet-5; `top`: a third stage, or two layers of units that see the whole map;
    `widths`: 24 planes in all layers, or LeNet-5's. `rate` multiplies the rates of local rules and `descent` that of
    backpropagation, `selectivity` the r of every S-layer, whose threshold as a cosine is r / (1 + r) in subtractive
    cells too. `images` are presented to what learns without a teacher (None: all).
    """

    order: Literal["together", "layer-by-layer"] = "together"
    competition: Literal["seed-cells", "add-if-silent", "hard", "soft", "none"] = "seed-cells"
    response: Literal["shunting", "subtractive", "rectified"] = "shunting"
    pool: Literal["saturating", "square-root", "mean", "max", "strided"] = "saturating"
    readout: Literal["labels", "interpolating", "ridge", "softmax"] = "labels"
    teacher: Literal["local", "fine-tuned", "backprop"] = "local"
    views: Literal["overlapping", "adjoining"] = "overlapping"
    top: Literal["stage", "units"] = "stage"
    widths: Literal["1980", "lenet5"] = "1980"
    rate: Positive = 1.0
    descent: Positive = 1.0
    selectivity: Positive = 1.0
    epochs: Count = 20
    images: Count | None = None
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.teacher != "local" and self.readout != "softmax":
            raise UsageError(f"teacher = {self.teacher} needs an error at the read-out; set readout=softmax")
        if self.pool == "strided" and self.teacher == "local":
            raise UsageError("strided convolutions are C-cells that learn by backpropagation; set teacher=backprop")
        if self.competes and self.competition == "seed-cells" and self.response != "shunting":
            raise UsageError(f"Fukushima's rule of 1980 teaches shunting S-cells, not {self.response}; set competition")
        if self.competes and self.competition == "add-if-silent" and self.order == "together":
            raise UsageError("add-if-silent makes the planes of a layer before the next; set order=layer-by-layer")
        if self.competes and self.competition == "add-if-silent" and self.response == "rectified":
            raise UsageError("without inhibition no cell is silent, so none is added; set competition=hard or another")

    @property
    def competes(self) -> bool:
        """Whether a local rule is at work; `order` and `competition` mean nothing where all is left to the teacher."""
        return self.teacher != "backprop" and self.competition != "none"

    @property
    def planes(self) -> tuple[int, ...]:
        """Planes of each S-layer."""
        if self.widths == "lenet5":
            return (6, 16, 120, 84) if self.top == "units" else (6, 16, 120)
        return (OF_1980.planes,) * (4 if self.top == "units" else 3)

    @property
    def stages(self) -> tuple[str, ...]:
        """The S-layers that a local rule teaches."""
        return tuple(f"S{number}" for number in range(1, len(self.planes) + 1))

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """Two pairs of S- and C-layers, a third or two layers of units, and the read-out."""
        overlapping = self.views == "overlapping"
        below = (*self._s(1, 5, 2), *self._c(1), *self._s(2, 5, 1 if overlapping else 0), *self._c(2))
        sides = Chain(below).shapes(Chain(below).init(in_shape, None), in_shape)["C2"][1:]
        layers: Named = (*below, *(self._units(sides) if self.top == "units" else self._stage()))
        return Chain((*layers, *self._readout(classes)))

    def _s(self, number: int, size: int | tuple[int, int], pad: int) -> Named:
        taught = self.response != "rectified" and self.teacher != "local"
        inhibition = 0.5 if taught else 1.0  # a cell that is silent has no error gradient
        response = self._response(number)
        cells = SCells(self.planes[number - 1], size, 1, pad, response, initial_inhibition=inhibition)
        return ((f"S{number}", cells),)

    def _r(self, number: int) -> float:
        """Selectivity of an S-layer."""
        return self.selectivity * (OF_1980.r1, OF_1980.r2, OF_1980.r3, OF_1980.r3)[number - 1]

    def _response(self, number: int) -> AnyResponse:
        r = self._r(number)
        answers: dict[str, AnyResponse] = {
            "shunting": Shunting(r),
            "subtractive": Subtractive(r / (1 + r)),
            "rectified": Rectified(),
        }
        return answers[self.response]

    def _c(self, number: int) -> Named:
        name = f"C{number}"
        if self.pool == "strided":
            return ((name, SCells(self.planes[number - 1], 3, 2, 1)),)
        if self.views == "adjoining" and number < 3:
            return ((name, CCells(2, pool=self._pool(number))),)
        size, stride, pad = ((5, 2, ((3, 4), (3, 4))), (5, 1, 1), (2, 1, 0))[number - 1]
        return ((name, CCells(size, stride, pad, self._pool(number))),)

    def _pool(self, number: int) -> AnyPool:
        saturating = OF_1980.saturating(number)
        pools: dict[str, AnyPool] = {
            "saturating": saturating,
            "square-root": SquareRoot(),
            "mean": Mean(),
            "max": Max(),
        }
        return pools[self.pool]

    def _stage(self) -> Named:
        return (*self._s(3, 5, 0 if self.views == "overlapping" else 1), *self._c(3), ("flat", Flatten()))

    def _units(self, sides: tuple[int, ...]) -> Named:
        """Units that see the whole map: S-cells with one view, or where they are rectified LeNet-5's own."""
        third, fourth = self.planes[2:]
        if self.response == "rectified" and self.teacher == "backprop":
            units = (("F5", Dense(third)), ("A5", ReLU()), ("F6", Dense(fourth)), ("A6", ReLU()))
            return (("flat", Flatten()), *units)
        return (*self._s(3, (sides[0], sides[1]), 0), *self._s(4, 1, 0), ("flat", Flatten()))

    def _readout(self, classes: int) -> Named:
        if self.readout == "interpolating":
            return (("out", InterpolatingVector(classes)),)
        return (("out", Labelled(classes) if self.readout == "labels" else Dense(classes)),)

    def curriculum(self) -> Curriculum:
        """What learns without a teacher; then the read-out; then, as far as its error reaches, the layers below."""
        local = self._features() if self.competes else ()
        if self.teacher != "local":
            return (*local, self._backprop(None))
        rules: dict[str, AnyRule] = {"labels": NameCells(), "interpolating": LearnReferences(), "ridge": Ridge()}
        if self.readout == "softmax":
            return (*local, self._backprop(("out",)))
        batch = 2000 if self.readout == "interpolating" else 100
        return (*local, Phase(("out",), Local(rules[self.readout]), batch=batch))

    def _features(self) -> Curriculum:
        rules = tuple((name, self._rule(number)) for number, name in enumerate(self.stages))
        batch = 1 if self.competition == "seed-cells" else 32
        if self.order == "together":
            return (Phase(self.stages, Together(rules), batch=batch, images=self.images),)
        return tuple(Phase((name,), Local(rule), batch=batch, images=self.images) for name, rule in rules)

    def _rule(self, number: int) -> AnyRule:
        if self.competition == "seed-cells":
            q = (OF_1980.q1, OF_1980.q2, OF_1980.q3, OF_1980.q3)[number]
            column = 1 if number > 1 and self.top == "units" else (5, 5, 2)[number]
            return Fukushima1980(self.rate * q, column, OF_1980.initial)
        if self.competition == "add-if-silent":
            r = LEARNING * self._r(number + 1)
            return AddIfSilent(r / (1 + r))
        keep = (UnitNorm(), Conscience(10.0))
        if self.competition == "hard":
            return Hebbian(Linear(0.2 * self.rate), HardWTA(), Instar(), keep, "data")
        return Hebbian(Linear(0.1 * self.rate), SoftWTA(0.03), SoftHebb(), keep, "data")

    def _backprop(self, layers: tuple[str, ...] | None) -> Phase:
        return Phase(layers, Backprop(optimizer=Adam(Linear(0.002 * self.descent))), self.epochs, 64)
