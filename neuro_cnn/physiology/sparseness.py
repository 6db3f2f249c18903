"""How few cells carry a response."""

from __future__ import annotations

from typing import Any

import numpy as np


def sparseness(response: Any) -> float:
    """1 - mean|r|^2 / mean(r^2) over the cells: 0 when all respond alike, near 1 when few do (Treves & Rolls 1991).

    A silent layer has sparseness 0.
    """
    r = np.abs(np.asarray(response, dtype=float))
    power = float(np.mean(r * r))
    return 1 - float(np.mean(r)) ** 2 / power if power > 0 else 0.0
