"""How strong noise is made, so that cells with thresholds answer to it."""

import numpy as np
import pytest
from cells import gabors, linear, prepared

from neuro_cnn.physiology import effective_field, local_spectral_map, reverse_correlation, weighted_covariance
from neuro_cnn.physiology.mapping.noise import CONTRASTS, loud
from neuro_cnn.stimuli import binary_noise, white_noise

DRIVE = 0.5
"""Standard deviation of what noise of contrast 1 gives to cells of norm 1: images are .5 + .5 times stimuli."""


def cells(*deviations):
    """S-cells, of every threshold in deviations of noise of contrast 1 one in four."""
    w = np.tile(gabors()[:1], (len(deviations), 1, 1))
    net, params, shape = linear(w)
    bias = -DRIVE * np.array(deviations) - 0.5 * w.sum(axis=(1, 2))
    params["conv"] = params["conv"]._replace(learned=params["conv"].learned._replace(bias=bias.astype(np.float32)))
    return prepared(net, params, shape)


@pytest.mark.parametrize(
    ("thresholds", "contrast"),
    [
        ((0, 0, 0, 0), 0.3),
        ((0, 0, 9, 9), 0.3),  # half of all
        ((0.75, 0.75, 0.75, 0.75), 0.6),
        ((0.75, 0.75, 9, 9), 0.6),
        ((2.2, 2.2, 2.2, 2.2), 1.0),
        ((0.75, 4.5, 99, 99), 0.6),  # half of those that gratings drive; the dead do not count
        ((4.5, 4.5, 4.5, 4.5), 1.0),
    ],
)
@pytest.mark.parametrize("noise", [white_noise, binary_noise])
def test_noise_has_the_lowest_contrast_that_drives_half_of_the_cells(thresholds, contrast, noise):
    preparation = cells(*thresholds)
    chosen = loud(preparation, preparation.electrode.box, noise)
    assert chosen.contrast == contrast
    assert bool(chosen.why) == (contrast > CONTRASTS[0])
    frames = chosen.draw(200, (9, 9), np.random.default_rng(0))
    assert frames.std() == pytest.approx(contrast, rel=0.02)


@pytest.mark.parametrize("protocol", [reverse_correlation, weighted_covariance, local_spectral_map, effective_field])
def test_every_protocol_of_noise_says_its_contrast_and_finds_cells_with_thresholds(protocol):
    found = protocol(cells(0.75, 0.75, 9, 0.75))
    assert found.stimuli["contrast"] == 0.6
    assert "noise of contrast 0.6" in found.notes[0]
    assert found.notes[0].endswith("noise drives fewer than half of the cells that gratings drive.")
    assert [verdict.flag == "silent" for verdict in found.verdicts] == [False, False, True, False]


def test_a_dead_layer_is_shown_the_lowest_contrast():
    preparation = cells(99, 99)
    assert loud(preparation, preparation.electrode.box).contrast == CONTRASTS[0]
