"""What can be measured of cells: their health as learners, what they look for, and who answers to what."""

from neuro_cnn.physiology.angles import Angle, angles
from neuro_cnn.physiology.backprojection import Fields, backprojection
from neuro_cnn.physiology.courses import Course, courses
from neuro_cnn.physiology.effective import effective_field
from neuro_cnn.physiology.findings import Axis, Curves, Findings, Maps, Measure, Scatter, Verdict
from neuro_cnn.physiology.gratings import GratingMap, Harmonics, grating_map, harmonics
from neuro_cnn.physiology.health import Health, health
from neuro_cnn.physiology.local_spectra import local_spectral_map
from neuro_cnn.physiology.organisation import Seed, seed_cells, trained
from neuro_cnn.physiology.perturbation import receptive_box_check
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.record import Electrode, Pixels, Unit, on_canvas, receptive_box
from neuro_cnn.physiology.regions import Answer, Plane, decision_regions
from neuro_cnn.physiology.responders import Responders, Table, cell_names, deepest, responders
from neuro_cnn.physiology.response_field import response_field
from neuro_cnn.physiology.reverse_correlation import reverse_correlation
from neuro_cnn.physiology.selectivity import Mixture, Threshold, mixture, thresholds
from neuro_cnn.physiology.sparseness import sparseness
from neuro_cnn.physiology.spots import SpotMaps, spot_map, spot_maps
from neuro_cnn.physiology.subspace import subspace_map
from neuro_cnn.physiology.topography import Pinwheel, Topography, topography
from neuro_cnn.physiology.view import LayerView, NetworkView, network_view
from neuro_cnn.physiology.weighted_covariance import weighted_covariance

__all__ = [
    "Angle",
    "Answer",
    "Axis",
    "Course",
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
    "Pinwheel",
    "Pixels",
    "Plane",
    "Preparation",
    "Responders",
    "Scatter",
    "Seed",
    "SpotMaps",
    "Table",
    "Threshold",
    "Topography",
    "Unit",
    "Verdict",
    "angles",
    "backprojection",
    "cell_names",
    "courses",
    "decision_regions",
    "deepest",
    "effective_field",
    "grating_map",
    "harmonics",
    "health",
    "local_spectral_map",
    "mixture",
    "network_view",
    "on_canvas",
    "receptive_box",
    "receptive_box_check",
    "responders",
    "response_field",
    "reverse_correlation",
    "seed_cells",
    "sparseness",
    "spot_map",
    "spot_maps",
    "subspace_map",
    "thresholds",
    "topography",
    "trained",
    "weighted_covariance",
]
