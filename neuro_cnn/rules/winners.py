"""Competition among the planes of a layer that grows: the winner learns, and the losers stay or die."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from neuro_cnn.errors import UsageError
from neuro_cnn.rules.growing import Growing, Planes


@dataclass(frozen=True)
class WinnerTakeAll(Growing):
    """The plane that answers most adds the view to its pattern, X += x; where all are silent, a plane is made.

    The unsupervised learning of Fukushima's neocognitrons from 1996 to 2003. Which views are shown says `Growing`.
    """

    theta: float
    least_activity: float = 0.3
    strength: float = 1.0
    kind: Literal["winner_take_all"] = "winner_take_all"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def answered(self, planes: Planes, view: int, winner: int) -> None:
        planes.learn(winner, view)


@dataclass(frozen=True)
class WinnerKillLoser(Growing):
    """Winner-take-all in which the losers that answer are removed, so that planes spread evenly: Fukushima 2010.

    theta_kill is the third threshold of Fukushima et al. (2014, Neurocomputing): read there is only that it makes
    learning more stable and the network smaller. Our reading: losers die where they answer above theta_kill, not
    below theta; then what a dead plane answered to is still heard by its neighbours. None: all that answer die (2010).
    """

    theta: float
    theta_kill: float | None = None
    least_activity: float = 0.3
    strength: float = 1.0
    kind: Literal["winner_kill_loser"] = "winner_kill_loser"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.theta_kill is not None and not self.theta <= self.theta_kill < 1:
            raise UsageError(
                f"theta_kill is {self.theta_kill}; it must be at least theta, {self.theta}, and below 1, or none at all"
            )

    def answered(self, planes: Planes, view: int, winner: int) -> None:
        threshold = self.theta if self.theta_kill is None else self.theta_kill
        for plane in planes.answering(view, threshold):
            if plane != winner:
                planes.kill(plane)
        planes.learn(winner, view)
