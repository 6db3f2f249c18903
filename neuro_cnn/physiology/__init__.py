"""What can be measured of cells: their health as learners, and how sparsely they respond."""

from neuro_cnn.physiology.backprojection import Fields, backprojection
from neuro_cnn.physiology.health import Health, health
from neuro_cnn.physiology.sparseness import sparseness

__all__ = ["Fields", "Health", "backprojection", "health", "sparseness"]
