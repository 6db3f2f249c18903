"""Which of the deepest cells answer to which pattern, and whether the same cell answers when the pattern changes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import predict
from neuro_cnn.layers import CCells, Labelled, Params
from neuro_cnn.network import Chain

SILENT = -1


class Responders(NamedTuple):
    """The strongest plane (or -1) and how many planes respond, each (P, M): to every form of every pattern."""

    winners: NDArray[np.int64]
    responding: NDArray[np.int64]

    def same(self, winners: NDArray[np.int64]) -> NDArray[np.float64]:
        """Share of each pattern's forms to which the pattern's own cell, of these (P,), answers strongest: (P,)."""
        still = (self.winners == winners[:, None]) & (winners != SILENT)[:, None]
        return np.asarray(still.mean(axis=1))


def responders(net: Chain, params: dict[str, Params], images: NDArray[Any], layer: str) -> Responders:
    """Who answers to patterns in several forms, (P, M, C, H, W), in a layer of cell-planes.

    A plane answers with its strongest cell and responds where it is above 0; ties go to the lowest plane. Raises
    UsageError unless the layer is one of cell-planes.
    """
    net[layer]
    count, forms = images.shape[:2]
    above = net.names.index(layer) + 1
    stop = net.names[above] if above < len(net.names) else None
    response = predict(net, params, images.reshape(-1, *images.shape[2:]), stop=stop)
    if response.ndim != 4:
        raise UsageError(f"layer {layer} answers with a row of units, not with cell-planes; name an S- or C-layer")
    strongest = response.reshape(*response.shape[:2], -1).max(axis=2)  # (P M, K)
    winners = np.where(strongest.max(axis=1) > 0, strongest.argmax(axis=1), SILENT)
    responding = np.count_nonzero(strongest > 0, axis=1)
    return Responders(winners.reshape(count, forms), responding.reshape(count, forms))


class Table(NamedTuple):
    """Who answers in a layer to patterns as they are, and to each of their transformations by name."""

    layer: str
    patterns: tuple[str, ...]
    clean: Responders
    forms: dict[str, Responders]

    @property
    def winners(self) -> NDArray[np.int64]:
        """Each pattern's own cell: (P,)."""
        return self.clean.winners[:, 0]

    def own(self) -> int:
        """How many patterns have a cell that answers strongest to no other of them."""
        _, counts = np.unique(self.winners[self.winners != SILENT], return_counts=True)
        return int(np.count_nonzero(counts == 1))

    def same(self) -> dict[str, NDArray[np.float64]]:
        """Share of each pattern's forms to which its own cell answers strongest, by transformation: (P,) each."""
        return {name: each.same(self.winners) for name, each in self.forms.items()}

    def steady(self) -> NDArray[np.bool_]:
        """Whether each pattern's own cell wins in all forms: (P,)."""
        return np.asarray(np.all([share == 1 for share in self.same().values()], axis=0))

    def summary(self) -> dict[str, Any]:
        """Patterns, those with a cell of their own, responders a pattern, and shares of forms with the same cell."""
        return {
            "patterns": len(self.patterns),
            "own": self.own(),
            "responders": float(self.clean.responding.mean()),
            "same": {name: float(share.mean()) for name, share in self.same().items()},
        }


def deepest(net: Chain) -> str:
    """The last layer of C-cells. Raises UsageError where there is none."""
    names = [name for name, layer in net.layers if isinstance(layer, CCells)]
    if not names:
        raise UsageError(f"no layer of C-cells among {', '.join(net.names)}; name a layer with --layer")
    return names[-1]


def cell_names(net: Chain, params: dict[str, Params], planes: int, classes: tuple[str, ...]) -> list[str | None]:
    """The class that each cell of the deepest layer was named for; None where it has no name, or none are given."""
    last = net.names[-1]
    if not isinstance(net[last], Labelled) or params[last].fixed.table.shape[1] != planes:
        return [None] * planes
    table = to_numpy(params[last].fixed.table)
    return [classes[int(column.argmax())] if column.any() else None for column in table.T]
