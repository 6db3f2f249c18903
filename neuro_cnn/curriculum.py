"""Who learns, how, and in what order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from neuro_cnn.errors import UsageError
from neuro_cnn.losses import CrossEntropy, Loss
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam, Optimizer
from neuro_cnn.rules import AnyRule


@dataclass(frozen=True)
class Local:
    """Each layer of the phase learns by the rule from its own activity; there is no error from above."""

    rule: Annotated[AnyRule, Field(discriminator="kind")]
    kind: Literal["local"] = "local"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    @property
    def supervised(self) -> bool:
        """Whether labels are read."""
        return self.rule.supervised


@dataclass(frozen=True)
class Backprop:
    """The error at the output is sent back through the layers, and every layer of the phase follows its gradient."""

    loss: Annotated[Loss, Field(discriminator="kind")] = CrossEntropy()
    optimizer: Annotated[Optimizer, Field(discriminator="kind")] = Adam()
    kind: Literal["backprop"] = "backprop"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True


@dataclass(frozen=True)
class Phase:
    """The layers that learn (None: all), by which method, for how many epochs, in batches of how many images.

    0 epochs do only what a rule does at its start and end.
    """

    layers: Annotated[tuple[str, ...] | None, Field(default=None)]  # TOML has no word for None
    method: Annotated[Local | Backprop, Field(discriminator="kind")]
    epochs: int = 1
    batch: int = 32
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.epochs < 0:
            raise UsageError(f"{self.epochs} epochs; give 0 or more")
        if self.batch < 1:
            raise UsageError(f"batches of {self.batch} images; give 1 or more")
        if self.layers is not None and not self.layers:
            raise UsageError("a phase with no layers; name at least one, or leave layers out for all")

    def learners(self, net: Chain) -> tuple[str, ...]:
        """The names of the layers that learn, from the input up. Raises UsageError for one that is not there."""
        wanted = net.names if self.layers is None else self.layers
        for name in wanted:
            net[name]
        return tuple(name for name in net.names if name in wanted)

    def label(self, net: Chain) -> str:
        """The phase in words, for progress and logs: "S1: hebbian"."""
        method = self.method.rule.kind if isinstance(self.method, Local) else "backprop"
        layers = self.learners(net)
        where = "all layers" if len(layers) == len(net.names) else ", ".join(layers)
        return f"{where}: {method}"


Curriculum: TypeAlias = tuple[Phase, ...]
