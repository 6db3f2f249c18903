"""Firing thresholds: what sets them, and what they do to a drive."""

import numpy as np
import pytest

from neuro_cnn.backend import to_numpy
from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, Threshold
from neuro_cnn.layers.threshold import Level
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Electrode
from neuro_cnn.rules import SetThreshold
from neuro_cnn.stimuli import gabor, grating
from neuro_cnn.training import train

SHAPE = (1, 21, 21)
BLANK = Dataset(np.zeros((3, *SHAPE), np.float32), np.full(3, -1), ())


def tuned(fraction, polarities=1):
    """Two Gabor cells, one ten times the other, with thresholds learned from gratings."""
    net = Chain((("S", Conv(2, 11, bias=False)), ("T", Threshold(polarities))))
    params = net.init(SHAPE, 0)
    filters = gabor((11, 11), 30.0, 0.2, 0.5, 2.0, 3.0)[None] * np.float32([1, 10])[:, None, None]
    filters -= filters.mean(axis=(1, 2), keepdims=True)  # so that the background drives nobody
    params["S"] = params["S"]._replace(learned=params["S"].learned._replace(weight=filters[:, None]))
    curriculum = (Phase(("T",), Local(SetThreshold(fraction)), batch=500),)
    return net, [step.params for step in train(net, curriculum, BLANK, seed=0, params=params)][-1]


def test_a_cell_answers_above_the_fraction_of_its_best_gratings_drive_and_not_below():
    net, params = tuned(0.5)
    electrode = Electrode(net, params, SHAPE, "T")
    contrast, phases = np.array([0.45, 0.55, 1.0]), np.linspace(0, 2 * np.pi, 32, endpoint=False)
    answers = electrode.respond(grating(SHAPE[1:], 30.0, 0.2, phases, contrast[:, None])).max(axis=1)
    assert np.all(answers[0] == 0)
    assert np.all(answers[1] > 0)
    np.testing.assert_allclose(answers[2], to_numpy(params["T"].fixed.level), rtol=0.02)


def test_the_images_at_hand_do_not_matter_and_weights_scale_thresholds():
    level = tuned(0.3)[1]["T"].fixed.level
    np.testing.assert_allclose(level[1], 10 * level[0], rtol=1e-5)


def test_of_two_polarities_each_is_the_rectified_part_of_one_sign():
    layer = Threshold(2)
    params = layer.init((2, 1, 1), None)._replace(fixed=Level(np.float32([0.5, 0])))
    drive = np.float32([[2, -1], [-0.25, 3]])[:, :, None, None]
    assert layer.respond(params, drive)[..., 0, 0].tolist() == [[1.5, 0, 0, 1], [0, 0, 3, 0]]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Threshold(3), "3 polarities; a drive has 1, or 2 with its opposite"),
        (lambda: SetThreshold(1.0), "threshold of 1.0 of the largest drive; it must be at least 0 and below 1"),
    ],
)
def test_what_cannot_be_is_refused(made, message):
    with pytest.raises(UsageError, match=message):
        made()
