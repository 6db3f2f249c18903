"""What can be measured of cells: their health as learners, what they look for, and who answers to what."""

from neuro_cnn.physiology.angles import Angle, angles
from neuro_cnn.physiology.backprojection import Fields, backprojection
from neuro_cnn.physiology.courses import Course, courses
from neuro_cnn.physiology.health import Health, health
from neuro_cnn.physiology.invariance import Cells, Invariance, Kept, invariance
from neuro_cnn.physiology.lesions import Lesions, class_selectivity, lesions
from neuro_cnn.physiology.organisation import Seed, seed_cells, trained
from neuro_cnn.physiology.references import Comparison, Verdict, comparisons, verdicts
from neuro_cnn.physiology.regions import Answer, Plane, decision_regions
from neuro_cnn.physiology.responders import Responders, Table, cell_names, deepest, responders
from neuro_cnn.physiology.selectivity import Mixture, Threshold, mixture, thresholds
from neuro_cnn.physiology.similarity import Code, Likeness, cka, code, likeness, rsa
from neuro_cnn.physiology.sparseness import lifetime_sparseness, population_sparseness, sparseness
from neuro_cnn.physiology.topography import Pinwheel, Topography, topography
from neuro_cnn.physiology.transforms import TRANSFORMS, Transform
from neuro_cnn.physiology.view import LayerView, NetworkView, network_view

__all__ = [
    "TRANSFORMS",
    "Angle",
    "Answer",
    "Cells",
    "Code",
    "Comparison",
    "Course",
    "Fields",
    "Health",
    "Invariance",
    "Kept",
    "LayerView",
    "Lesions",
    "Likeness",
    "Mixture",
    "NetworkView",
    "Pinwheel",
    "Plane",
    "Responders",
    "Seed",
    "Table",
    "Threshold",
    "Topography",
    "Transform",
    "Verdict",
    "angles",
    "backprojection",
    "cell_names",
    "cka",
    "class_selectivity",
    "code",
    "comparisons",
    "courses",
    "decision_regions",
    "deepest",
    "health",
    "invariance",
    "lesions",
    "lifetime_sparseness",
    "likeness",
    "mixture",
    "network_view",
    "population_sparseness",
    "responders",
    "rsa",
    "seed_cells",
    "sparseness",
    "thresholds",
    "topography",
    "trained",
    "verdicts",
]
