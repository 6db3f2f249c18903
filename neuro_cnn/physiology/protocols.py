"""The catalogue of protocols: what can be done to a preparation, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from neuro_cnn.physiology.findings import Findings
from neuro_cnn.physiology.hubel_wiesel.hw62 import hw62
from neuro_cnn.physiology.mapping.effective import effective_field
from neuro_cnn.physiology.mapping.local_spectra import local_spectral_map
from neuro_cnn.physiology.mapping.perturbation import receptive_box_check
from neuro_cnn.physiology.mapping.response_field import response_field
from neuro_cnn.physiology.mapping.reverse_correlation import reverse_correlation
from neuro_cnn.physiology.mapping.spots import spot_map
from neuro_cnn.physiology.mapping.subspace import subspace_map
from neuro_cnn.physiology.mapping.weighted_covariance import weighted_covariance
from neuro_cnn.physiology.population.scenes import invariance, sparseness
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.shapes.fitted import gabor_fits
from neuro_cnn.physiology.tuning.bars import length, position
from neuro_cnn.physiology.tuning.contrast import contrast
from neuro_cnn.physiology.tuning.frequency import frequency
from neuro_cnn.physiology.tuning.modulation import phase
from neuro_cnn.physiology.tuning.orientation import orientation
from neuro_cnn.physiology.tuning.plaids import cross_orientation
from neuro_cnn.physiology.tuning.summation import size

Protocol: TypeAlias = Callable[[Preparation], Findings]

PROTOCOLS: dict[str, Protocol] = {
    "box": receptive_box_check,
    "effective": effective_field,
    "spots": spot_map,
    "response-field": response_field,
    "reverse-correlation": reverse_correlation,
    "covariance": weighted_covariance,
    "subspace": subspace_map,
    "spectra": local_spectral_map,
    "orientation": orientation,
    "frequency": frequency,
    "phase": phase,
    "contrast": contrast,
    "size": size,
    "length": length,
    "plaid": cross_orientation,
    "position": position,
    "hw62": hw62,
    "gabor": gabor_fits,
    "sparseness": sparseness,
    "invariance": invariance,
}
"""Mapping, tuning, the tests of 1962, the shape of fields, and responses to whole images."""
