"""LeNet-5 in its modern form: S- and C-layers trained by backpropagation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.data.augment import Augment
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    APL,
    ELU,
    GELU,
    ISRLU,
    L2,
    SELU,
    AnyLayer,
    BentIdentity,
    BestPosition,
    CCells,
    Conv,
    Dense,
    Flatten,
    LeakyReLU,
    Logistic,
    Max,
    Mean,
    PowerMean,
    PReLU,
    ReLU,
    RReLU,
    ScaledTanh,
    SCells,
    Shape,
    Softplus,
    SoftPlusPlus,
    SReLU,
    Subsampling,
    Tanh,
)
from neuro_cnn.layers.pools import AnyPool
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.schedule import Linear

Activation: TypeAlias = Literal[
    "relu",
    "leaky-relu",
    "prelu",
    "rrelu",
    "elu",
    "selu",
    "srelu",
    "isrlu",
    "apl",
    "gelu",
    "softplus",
    "soft++",
    "bent-identity",
    "tanh",
    "scaled-tanh",
    "logistic",
]
ACTIVATIONS: dict[str, AnyLayer] = {
    "relu": ReLU(),
    "leaky-relu": LeakyReLU(),
    "prelu": PReLU(),
    "rrelu": RReLU(),
    "elu": ELU(),
    "selu": SELU(),
    "srelu": SReLU(),
    "isrlu": ISRLU(),
    "apl": APL(),
    "gelu": GELU(),
    "softplus": Softplus(),
    "soft++": SoftPlusPlus(),
    "bent-identity": BentIdentity(),
    "tanh": Tanh(),
    "scaled-tanh": ScaledTanh(),
    "logistic": Logistic(),
}
POOLS: dict[str, AnyPool] = {"mean": Mean(), "l2": L2(), "power-mean": PowerMean(3.0)}
Pooling: TypeAlias = Literal["max", "mean", "l2", "power-mean", "subsampling", "strided", "network-in-network", "none"]
Named: TypeAlias = tuple[str, AnyLayer]


@dataclass(frozen=True)
class LeNet5:
    """The wiring of LeCun et al. (1998) with rectified cells, max pooling and a softmax: what is called LeNet today.

    Rate, epochs and batch are our choice. `augment` moves each training image anew by up to so many pixels; give it
    more epochs. With `reach` 1 the same network, trained in the middle, is there at 3 x 3 positions, four pixels apart,
    and the best position counts: a space-displacement network (LeCun et al. 1998) of few positions. What it answers
    beside the middle is trained only by images that are moved.

    `activation` is the output function of all hidden cells. `pool` is what C-cells do: besides pools, "subsampling" is
    the learned mean of 1998, "strided" a convolution of 3 x 3 at every second place (Springenberg et al. 2015),
    "network-in-network" a convolution of 1 x 1 before the maximum (Lin et al. 2014), and "none" leaves them out.
    """

    epochs: Count = 20
    rate: Positive = 0.002
    batch: Count = 64
    augment: Annotated[int, Field(ge=0, le=100)] = 0
    reach: Annotated[int, Field(ge=0, le=4)] = 0
    activation: Activation = "relu"
    pool: Pooling = "max"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.reach and (self.activation, self.pool) != ("relu", "max"):
            raise UsageError(
                f"reach = {self.reach} goes with rectified cells and maxima; leave activation and pool out"
            )

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """Two pairs of S- and C-layers, 6 and 16 planes, then 120, 84 and one unit a class."""
        maps = (*self._pair(1, 6, 2 + 4 * self.reach), *self._pair(2, 16, 0))
        if not self.reach:
            function = ACTIVATIONS[self.activation]
            units = (
                ("flat", Flatten()),
                *(("F5", Dense(120)), ("A5", function)),
                *(("F6", Dense(84)), ("A6", function)),
                ("out", Dense(classes)),
            )
            return Chain((*maps, *units))
        one = Chain((*self._pair(1, 6, 2), *self._pair(2, 16, 0)))
        _, height, width = one.shapes(one.init(in_shape, None), in_shape)["C2"]
        return Chain(
            (
                *maps,
                ("F5", SCells(120, (height, width))),
                ("F6", SCells(84, 1)),
                ("out", Conv(classes, 1)),
                ("best", BestPosition()),
            )
        )

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with Adam, the rate falling to 0."""
        augment = Augment(self.augment) if self.augment else None
        return (Phase(None, Backprop(optimizer=Adam(Linear(self.rate))), self.epochs, self.batch, augment=augment),)

    def _pair(self, number: int, planes: int, pad: int) -> tuple[Named, ...]:
        """An S-layer and its C-layer."""
        cells = (*self._cells(f"S{number}", planes, 5, pad),)
        name = f"C{number}"
        if self.pool == "none":
            return cells
        if self.pool == "strided":
            return (*cells, *self._cells(name, planes, 3, 1, 2))
        if self.pool == "subsampling":
            return (*cells, (name, Subsampling(2)))
        if self.pool == "network-in-network":
            cells = (*cells, *self._cells(f"N{number}", planes, 1, 0))
        return (*cells, (name, CCells(2, pool=POOLS.get(self.pool, Max()))))

    def _cells(self, name: str, planes: int, size: int, pad: int, stride: int = 1) -> tuple[Named, ...]:
        """S-cells where they are rectified; else linear cells and their output function."""
        if self.activation == "relu":
            return ((name, SCells(planes, size, stride, pad)),)
        return (name, Conv(planes, size, stride, pad)), (f"A{name}", ACTIVATIONS[self.activation])
