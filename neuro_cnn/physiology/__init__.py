"""What can be measured of cells: their health as learners, what they look for, and who answers to what."""

from neuro_cnn.physiology.cortex.controls import born, gabor_bank
from neuro_cnn.physiology.cortex.nature import NEAR, WORLDS, Portrait, Tuned, grow, portrait
from neuro_cnn.physiology.cortex.single_cells import SingleCells, single_cells
from neuro_cnn.physiology.cortex.v1 import MISSING, PIXELS_PER_DEGREE, PUBLISHED, Published, V1Cells, v1_cells
from neuro_cnn.physiology.cortex.v1_table import Column as V1Column
from neuro_cnn.physiology.cortex.v1_table import columns as v1_columns
from neuro_cnn.physiology.deep.active import answered, most_active
from neuro_cnn.physiology.deep.backprojection import Fields, backprojection
from neuro_cnn.physiology.deep.occlusion import Occlusion, occlusion
from neuro_cnn.physiology.deep.patches import Patches, Winners, example, patches, view_of, winners
from neuro_cnn.physiology.deep.preferred import Preferred, preferred
from neuro_cnn.physiology.deep.randomisation import Redrawn, randomisation
from neuro_cnn.physiology.deep.saliency import PixelMaps, guided, saliency
from neuro_cnn.physiology.deep.switches import deconvnet
from neuro_cnn.physiology.findings import (
    Axis,
    Criterion,
    Curves,
    Findings,
    Maps,
    Measure,
    Trial,
    Trials,
    Verdict,
)
from neuro_cnn.physiology.gratings import GratingMap, Harmonics, grating_map, harmonics
from neuro_cnn.physiology.hubel_wiesel.hw62 import hw62
from neuro_cnn.physiology.learning.angles import Angle, angles
from neuro_cnn.physiology.learning.courses import Course, courses
from neuro_cnn.physiology.learning.health import Health, health
from neuro_cnn.physiology.learning.organisation import Seed, seed_cells, trained
from neuro_cnn.physiology.learning.regions import Answer, Plane, decision_regions
from neuro_cnn.physiology.learning.responders import Responders, Table, cell_names, deepest, responders
from neuro_cnn.physiology.learning.selectivity import Mixture, Threshold, mixture, thresholds
from neuro_cnn.physiology.learning.topography import Pinwheel, Topography, topography
from neuro_cnn.physiology.learning.view import LayerView, NetworkView, network_view
from neuro_cnn.physiology.mapping.effective import effective_field
from neuro_cnn.physiology.mapping.local_spectra import local_spectral_map
from neuro_cnn.physiology.mapping.perturbation import receptive_box_check
from neuro_cnn.physiology.mapping.response_field import response_field
from neuro_cnn.physiology.mapping.reverse_correlation import reverse_correlation
from neuro_cnn.physiology.mapping.spots import SpotMaps, spot_map, spot_maps
from neuro_cnn.physiology.mapping.subspace import subspace_map
from neuro_cnn.physiology.mapping.weighted_covariance import weighted_covariance
from neuro_cnn.physiology.population.invariance import Cells, Invariance, Kept, invariance
from neuro_cnn.physiology.population.lesions import Lesions, class_selectivity, lesions
from neuro_cnn.physiology.population.references import Comparison, comparisons, verdicts
from neuro_cnn.physiology.population.similarity import Code, Likeness, cka, code, likeness, rsa
from neuro_cnn.physiology.population.sparseness import lifetime_sparseness, population_sparseness, sparseness
from neuro_cnn.physiology.population.transforms import TRANSFORMS, Transform
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.protocols import PROTOCOLS
from neuro_cnn.physiology.record import Electrode, Pixels, Unit, on_canvas, receptive_box
from neuro_cnn.physiology.shapes.fitted import Fitted
from neuro_cnn.physiology.shapes.gabor import Bank, Gabors
from neuro_cnn.physiology.shapes.seen import seen_fields
from neuro_cnn.physiology.simple_complex import Pair, pair_of
from neuro_cnn.physiology.worksheets.worksheet import Worksheet, worksheet

__all__ = [
    "MISSING",
    "NEAR",
    "PIXELS_PER_DEGREE",
    "PROTOCOLS",
    "PUBLISHED",
    "TRANSFORMS",
    "WORLDS",
    "Angle",
    "Answer",
    "Axis",
    "Bank",
    "Cells",
    "Code",
    "Comparison",
    "Course",
    "Criterion",
    "Curves",
    "Electrode",
    "Fields",
    "Findings",
    "Fitted",
    "Gabors",
    "GratingMap",
    "Harmonics",
    "Health",
    "Invariance",
    "Kept",
    "LayerView",
    "Lesions",
    "Likeness",
    "Maps",
    "Measure",
    "Mixture",
    "NetworkView",
    "Occlusion",
    "Pair",
    "Patches",
    "Pinwheel",
    "PixelMaps",
    "Pixels",
    "Plane",
    "Portrait",
    "Preferred",
    "Preparation",
    "Published",
    "Redrawn",
    "Responders",
    "Seed",
    "SingleCells",
    "SpotMaps",
    "Table",
    "Threshold",
    "Topography",
    "Transform",
    "Trial",
    "Trials",
    "Tuned",
    "Unit",
    "V1Cells",
    "V1Column",
    "Verdict",
    "Winners",
    "Worksheet",
    "angles",
    "answered",
    "backprojection",
    "born",
    "cell_names",
    "cka",
    "class_selectivity",
    "code",
    "comparisons",
    "courses",
    "decision_regions",
    "deconvnet",
    "deepest",
    "effective_field",
    "example",
    "gabor_bank",
    "grating_map",
    "grow",
    "guided",
    "harmonics",
    "health",
    "hw62",
    "invariance",
    "lesions",
    "lifetime_sparseness",
    "likeness",
    "local_spectral_map",
    "mixture",
    "most_active",
    "network_view",
    "occlusion",
    "on_canvas",
    "pair_of",
    "patches",
    "population_sparseness",
    "portrait",
    "preferred",
    "randomisation",
    "receptive_box",
    "receptive_box_check",
    "responders",
    "response_field",
    "reverse_correlation",
    "rsa",
    "saliency",
    "seed_cells",
    "seen_fields",
    "single_cells",
    "sparseness",
    "spot_map",
    "spot_maps",
    "subspace_map",
    "thresholds",
    "topography",
    "trained",
    "v1_cells",
    "v1_columns",
    "verdicts",
    "view_of",
    "weighted_covariance",
    "winners",
    "worksheet",
]
