"""A cell's worksheet: the arithmetic from what it sees of one image to its response, to be checked by hand."""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.physiology.record import Pixels, Unit, receptive_box
from neuro_cnn.physiology.worksheets import cell_arithmetic as cells
from neuro_cnn.physiology.worksheets import memory_arithmetic as memories
from neuro_cnn.physiology.worksheets import point_arithmetic as points
from neuro_cnn.physiology.worksheets import pool_arithmetic as pools
from neuro_cnn.physiology.worksheets import v1_arithmetic as v1
from neuro_cnn.physiology.worksheets.arithmetic import Arithmetic, Work
from neuro_cnn.physiology.worksheets.curve_arithmetic import CURVES, curve

KINDS: dict[str, Arithmetic] = {
    "associations": cells.associations,
    "batch_norm": points.batch_norm,
    "best_position": pools.best_position,
    "ccells": pools.ccells,
    "contrast": cells.contrast,
    "conv": cells.conv,
    "dense": cells.dense,
    "divisive": v1.divisive,
    "dropout": points.dropout,
    "end_stopped": v1.end_stopped,
    "flatten": points.flatten,
    "frame": points.frame,
    "gabors": cells.gabors,
    "global_pool": pools.global_pool,
    "interpolating_vector": memories.interpolating_vector,
    "join": pools.join,
    "labelled": memories.labelled,
    "labelled_cells": pools.labelled_cells,
    "local_response": points.local_response,
    "locally_connected": cells.locally_connected,
    "majority": pools.majority,
    "maxout": pools.maxout,
    "nearest": memories.nearest,
    "normalize": points.normalize,
    "olshausen_field": cells.olshausen_field,
    "prototypes": cells.prototypes,
    "rbf": memories.rbf,
    "resize": points.resize,
    "scells": cells.scells,
    "simple_cells": v1.simple_cells,
    "standardized_conv": cells.standardized,
    "subsampling": cells.subsampling,
    "threshold": points.threshold,
    "triangle": points.triangle,
    "true_conv": cells.conv,
    **dict.fromkeys(CURVES, curve),
}
"""The arithmetic of every kind of layer but blocks, which are networks themselves."""
INPUT = "input"
"""What pixels are addressed by, as cells by their layer."""


class Source(NamedTuple):
    """A cell below, its response, its weight (None where cells are not weighed), and what it contributes."""

    cell: Unit
    x: float
    weight: float | None
    share: float


class Worksheet(NamedTuple):
    """One cell's arithmetic for one image.

    `below` names the layer that it sees, "input" for the image itself; `work` has view, weights and steps; `box` the
    pixels that it sees in the end; `network` is the response in the network's own forward pass; `sources` are the cells
    of the view that are not padding, the largest contributions first.
    """

    cell: Unit
    kind: str
    below: str
    work: Work
    box: Pixels
    network: float
    sources: tuple[Source, ...]

    def data(self) -> dict[str, Any]:
        """All of it as plain data for JSON; None stands for what the cell does not have, and for a score of -inf."""
        work = self.work
        return {
            "cell": str(self.cell),
            "kind": self.kind,
            "below": self.below,
            "planes": work.view.planes.tolist(),
            "rows": work.view.rows.tolist(),
            "columns": work.view.columns.tolist(),
            "pixels": self.box._asdict(),
            "view": work.view.values.tolist(),
            "weights": None if work.weights is None else work.weights.tolist(),
            "excitation": work.excitation,
            "inhibition": work.inhibition,
            "threshold": work.threshold,
            "drive": work.drive,
            "response": _plain(work.response),
            "network": _plain(self.network),
            "silent": work.silence,
            "steps": [{**step._asdict(), "value": _plain(step.value)} for step in work.steps],
            "from": [{**source._asdict(), "cell": str(source.cell)} for source in self.sources],
        }


def worksheet(net: Chain, params: dict[str, Params], image: NDArray[Any], cell: Unit) -> Worksheet:
    """Work out one cell for an image (C, H, W). Raises UsageError for a kind of layer that has no worksheet."""
    layer = net[cell.layer]
    if layer.kind not in KINDS:
        others = [name for name, other in net.layers if other.kind in KINDS]
        raise UsageError(
            f"layer {cell.layer} is a {layer.kind} block, a network of its own, which has no worksheet; name a layer "
            f"outside blocks, such as --cell LAYER/PLANE: {', '.join(others) or 'this network has none'}"
        )
    place = net.names.index(cell.layer)
    below = net.names[place - 1] if place else INPUT
    x = net.respond(params, image[None], stop=cell.layer)
    seen = np.asarray(to_numpy(x[0]), dtype=np.float64)
    work = KINDS[layer.kind](layer, params[cell.layer], seen, (cell.plane, cell.row, cell.column))
    y = layer.respond(params[cell.layer], x)[0]
    network = float(y[(cell.plane, cell.row, cell.column)[: y.ndim]])
    box = receptive_box(net, params, image.shape, cell.layer, (cell.row, cell.column))
    return Worksheet(cell, layer.kind, below, work, box, network, sources(work, below))


def sources(work: Work, below: str) -> tuple[Source, ...]:
    """The cells of a view that are not padding, those that contribute most first."""
    view = work.view
    inside = np.broadcast_to(view.inside, view.values.shape)
    at = np.argwhere(inside)
    order = np.argsort(-np.abs(work.shares[inside]), kind="stable")
    return tuple(
        Source(
            Unit(below, int(view.planes[plane]), int(view.rows[row]), int(view.columns[column])),
            float(view.values[plane, row, column]),
            None if work.weights is None else float(work.weights[plane, row, column]),
            float(work.shares[plane, row, column]),
        )
        for plane, row, column in at[order]
    )


def _plain(value: float) -> float | None:
    """A number that JSON has; the score of a class that nothing speaks for it has not."""
    return value if isfinite(value) else None
