"""What can be measured of cells: their health as learners, what they look for, and who answers to what."""

from neuro_cnn.physiology.backprojection import Fields, backprojection
from neuro_cnn.physiology.health import Health, health
from neuro_cnn.physiology.responders import Responders, Table, cell_names, deepest, responders
from neuro_cnn.physiology.sparseness import sparseness

__all__ = [
    "Fields",
    "Health",
    "Responders",
    "Table",
    "backprojection",
    "cell_names",
    "deepest",
    "health",
    "responders",
    "sparseness",
]
