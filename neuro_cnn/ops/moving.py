"""All weights of a network moved in one compiled pass over flat memory."""

from __future__ import annotations

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.ops.threads import PASSED, split


def moved(formula: str, rows: tuple[Array, ...], constants: tuple[float, ...]) -> tuple[Array, ...]:
    """What the formula of this name in `compiled_flat` makes of weights, gradient and memories: all but the gradient.

    Rows of one length in single precision.
    """
    from neuro_cnn.ops import compiled_flat

    run, numbers = getattr(compiled_flat, formula), tuple(map(np.float32, constants))
    results = tuple(np.empty_like(rows[0]) for _ in rows[1:])
    split(lambda begin, end: run(begin, end, rows, results, numbers), rows[0].size, PASSED * len(rows) * rows[0].size)
    return results
