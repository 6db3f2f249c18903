"""The response-weighted covariance of known cells, and how often it finds what is not there."""

import numpy as np
import pytest
from cells import both_polarities, energy, gabors, linear, prepared

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology import weighted_covariance
from neuro_cnn.physiology.mapping.weighted_covariance import _covariance, _weights, axes, chance, edges, spectrum

RNG = np.random.default_rng(0)
KINDS = {  # responses that have nothing to do with the stimuli
    "half-rectified": lambda rng, shape: np.maximum(rng.standard_normal(shape), 0),
    "energy": lambda rng, shape: rng.chisquare(2, shape),
    "sparse": lambda rng, shape: np.maximum(rng.standard_normal(shape) - 1.5, 0),
    "heavy": lambda rng, shape: rng.lognormal(0, 1, shape),
}


def paired(side):
    """Noise, and the responses of an energy cell, sqrt(a^2 + b^2), to it; and its filters."""
    w = energy(side)
    x = np.random.default_rng(1).standard_normal((20_000, side**2), dtype=np.float32)
    return x, np.linalg.norm(x @ w.T.astype(np.float32), axis=1, keepdims=True), w


def test_the_first_two_axes_of_an_energy_cell_lie_in_the_plane_of_its_two_filters():
    x, r, w = paired(13)
    _, vectors = spectrum(x, r)
    plane = np.linalg.svd(w, full_matrices=False)[2]
    assert np.linalg.norm(plane @ vectors[0, -2:].T, axis=0).min() >= 0.9


@pytest.mark.parametrize("side", [7, pytest.param(13, marks=pytest.mark.slow)])
def test_an_energy_cell_has_two_excitatory_axes(side):
    x, r, _ = paired(side)
    found = axes(x, r, np.random.default_rng(1))
    assert (found.excitatory[0], found.suppressive[0]) == (2, 0)


def test_a_filter_that_divides_the_response_is_suppressive():
    x, _, w = paired(7)
    found = axes(x, 1 / (1 + (x @ w[0]) ** 2)[:, None], np.random.default_rng(1))
    assert (found.excitatory[0], found.suppressive[0]) == (0, 1)
    assert abs(found.vectors[0, 0] @ w[0]) > 0.9


@pytest.mark.parametrize("seed", range(2))
def test_of_cells_that_answer_at_random_no_more_than_5_per_cent_have_an_axis(seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((1800, 36))
    found = axes(x, np.concatenate([draw(rng, (1800, 100)) for draw in KINDS.values()], axis=1), rng)
    false = (found.excitatory + found.suppressive > 0).reshape(len(KINDS), 100)
    assert false.mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / false.size)
    assert false.mean(axis=1).max() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)


@pytest.mark.parametrize("kind", KINDS)
def test_the_spectrum_of_shuffled_responses_ends_where_theory_says(kind):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((12_000, 240)).astype(np.float32)
    weight = _weights(KINDS[kind](rng, (12_000, 1)))[:, 0]
    values = np.linalg.eigvalsh(_covariance(x, weight))
    assert values[[0, -1]] == pytest.approx(edges(weight, 240), rel=0.1)


def test_a_matrix_cut_down_to_a_subspace_keeps_within_the_bounds_of_the_whole():
    x = RNG.standard_normal((2000, 40)).astype(np.float32)
    weights = _weights(KINDS["energy"](RNG, (2000, 1)))
    low, high = chance(x, weights, np.random.default_rng(4))
    part = np.linalg.eigvalsh(_covariance(x, weights[:, 0])[5:, 5:])
    assert low[0] < part[0]
    assert part[-1] < high[0]


def test_too_few_frames_are_refused_with_the_number_that_is_needed():
    with pytest.raises(UsageError, match="at least 50 a pixel: 8450"):
        axes(np.ones((8449, 169)), np.ones((8449, 1)), RNG)
    with pytest.raises(UsageError, match="at least 50 a pixel: 4050"):
        weighted_covariance(prepared(*linear(gabors())), frames=100)


def test_an_s_cell_has_its_average_alone_a_c_cell_over_both_polarities_several_axes_and_a_dead_cell_none():
    w = np.concatenate([gabors(7)[:3], np.zeros((1, 7, 7), np.float32)])
    simple = weighted_covariance(prepared(*linear(w)))
    assert simple.measures["dimensions"][:3].tolist() == [1, 1, 1]
    assert simple.verdicts[3].flag == "silent"
    complex_ = weighted_covariance(prepared(*both_polarities(7, 5)))
    assert complex_.usable.all()
    assert complex_.measures["excitatory"].min() >= 2
