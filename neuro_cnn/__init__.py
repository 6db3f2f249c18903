"""neuro_cnn: from Hubel and Wiesel's cells over Fukushima's neocognitron to the modern CNN.

Names are loaded when first used (PEP 562), so that importing the package loads no array library and the
command line can choose BLAS's settings before NumPy starts.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
