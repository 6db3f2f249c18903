"""neuro_cnn: from Hubel and Wiesel's cells over Fukushima's neocognitron to the modern CNN.

Names are loaded when first used (PEP 562), so that importing the package loads no array library and the
command line can choose BLAS's settings before NumPy starts.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_NAMES = {
    "Chain": "neuro_cnn.network",
    "Dataset": "neuro_cnn.data",
    "describe": "neuro_cnn.network",
    "predict": "neuro_cnn.evaluate",
    "train": "neuro_cnn.training",
}
_MODULES = (
    "backend", "checkpoint", "compare", "curriculum", "data", "evaluate", "experiment", "layers", "losses", "models",
    "network", "ops", "optim", "physiology", "report", "rules", "schedule", "training", "tree", "viz",
)  # fmt: skip

__all__ = [*_NAMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    if name in _MODULES:
        return import_module(f"neuro_cnn.{name}")
    raise AttributeError(f"module 'neuro_cnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
