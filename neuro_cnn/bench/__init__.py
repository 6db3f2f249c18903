"""How fast the program works and how much memory it takes, beside PyTorch doing the same work."""

from neuro_cnn.bench.base import Case, Goal, How, Row, Work
from neuro_cnn.bench.catalogue import CASES, rows
from neuro_cnn.bench.machine import facts
from neuro_cnn.bench.tables import columns, heading, markdown

__all__ = ["CASES", "Case", "Goal", "How", "Row", "Work", "columns", "facts", "heading", "markdown", "rows"]
