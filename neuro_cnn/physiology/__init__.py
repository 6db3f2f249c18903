"""What can be measured of cells: their health as learners, what they look for, and who answers to what."""

from neuro_cnn.physiology.angles import Angle, angles
from neuro_cnn.physiology.backprojection import Fields, backprojection
from neuro_cnn.physiology.courses import Course, courses
from neuro_cnn.physiology.findings import (
    Axis,
    Criterion,
    Curves,
    Findings,
    Maps,
    Measure,
    Scatter,
    Trial,
    Trials,
    Verdict,
)
from neuro_cnn.physiology.gratings import GratingMap, Harmonics, grating_map, harmonics
from neuro_cnn.physiology.health import Health, health
from neuro_cnn.physiology.hw62 import hw62
from neuro_cnn.physiology.organisation import Seed, seed_cells, trained
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.record import Electrode, Pixels, Unit, on_canvas, receptive_box
from neuro_cnn.physiology.regions import Answer, Plane, decision_regions
from neuro_cnn.physiology.responders import Responders, Table, cell_names, deepest, responders
from neuro_cnn.physiology.selectivity import Mixture, Threshold, mixture, thresholds
from neuro_cnn.physiology.simple_complex import Pair, pair_of
from neuro_cnn.physiology.sparseness import sparseness
from neuro_cnn.physiology.topography import Pinwheel, Topography, topography
from neuro_cnn.physiology.view import LayerView, NetworkView, network_view

__all__ = [
    "Angle",
    "Answer",
    "Axis",
    "Course",
    "Criterion",
    "Curves",
    "Electrode",
    "Fields",
    "Findings",
    "GratingMap",
    "Harmonics",
    "Health",
    "LayerView",
    "Maps",
    "Measure",
    "Mixture",
    "NetworkView",
    "Pair",
    "Pinwheel",
    "Pixels",
    "Plane",
    "Preparation",
    "Responders",
    "Scatter",
    "Seed",
    "Table",
    "Threshold",
    "Topography",
    "Trial",
    "Trials",
    "Unit",
    "Verdict",
    "angles",
    "backprojection",
    "cell_names",
    "courses",
    "decision_regions",
    "deepest",
    "grating_map",
    "harmonics",
    "health",
    "hw62",
    "mixture",
    "network_view",
    "on_canvas",
    "pair_of",
    "receptive_box",
    "responders",
    "seed_cells",
    "sparseness",
    "thresholds",
    "topography",
    "trained",
]
