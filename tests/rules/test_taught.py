"""Learning with a teacher: what the cells that he points to learn."""

import numpy as np
import pytest

import neuro_cnn as nc
from neuro_cnn.curriculum import Local, Phase, Together
from neuro_cnn.data import Dataset
from neuro_cnn.data.lessons import Pattern
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Flatten, SCells, Shunting
from neuro_cnn.network import Chain
from neuro_cnn.ops import patches
from neuro_cnn.rules import Taught
from neuro_cnn.spec import plain, read

RNG = np.random.default_rng(0)
LESSON = (
    Pattern("87 89", 0, (8, 8)),
    Pattern("78 98", 2, (8, 8)),
    Pattern("79 88 98", 2, (8, 8)),
    Pattern("77 99", 3, (7, 7)),
)
NET = Chain((("S", SCells(5, 3, pad=1, response=Shunting(2.0, 0.8))), ("C", CCells(16)), ("flat", Flatten())))
DATA = Dataset(RNG.random((3, 1, 16, 16), np.float32), np.full(3, -1), tuple("abcde"))


def taught(lesson=LESSON, q=4.0, data=DATA, batch=10):
    phase = Phase(("S",), Local(Taught(q, lesson)), batch=batch)
    *_, progress = nc.train(NET, (phase,), data, seed=0)
    return progress.params["S"]


def responses(params, place):
    return NET["S"].respond(params, Taught(1.0, LESSON).shows((1, 16, 16)).images[place : place + 1])[0]


@pytest.mark.parametrize("batch", [1, 3, 10])
def test_each_plane_learns_what_its_seed_cells_see(batch):
    params = taught(batch=batch)
    images = Taught(1.0, LESSON).shows((1, 16, 16)).images
    c = params.fixed.surround[0]
    a, b = np.zeros((5, 1, 3, 3)), np.zeros(5)
    for view, pattern in zip(patches(images, 3, pad=1), LESSON, strict=True):
        x = view[..., pattern.seed[0], pattern.seed[1]]
        a[pattern.plane] += 4 * c * x  # q c u
        b[pattern.plane] += 4 / 2 * np.sqrt(np.sum(c * x**2))  # (q / 2) v
    np.testing.assert_allclose(params.learned.weight, a, rtol=1e-6)
    np.testing.assert_allclose(params.learned.inhibition, b, rtol=1e-6)


def test_each_plane_fires_for_its_pattern_most_at_the_seed():
    params = taught(q=1e4)
    for place in (0, 3):  # planes with one pattern
        u, pattern = responses(params, place), LESSON[place]
        assert u[pattern.plane][pattern.seed] == u.max() > 0


def test_planes_without_a_pattern_keep_weights_of_zero_and_are_silent():
    params = taught()
    for plane in (1, 4):
        assert not params.learned.weight[plane].any()
        assert params.learned.inhibition[plane] == 0
        assert not any(responses(params, place)[plane].any() for place in range(len(LESSON)))


def test_the_images_of_the_data_set_are_not_looked_at():
    other = Dataset(1 - DATA.images, DATA.labels, DATA.classes)
    for one, two in zip(taught().learned, taught(data=other).learned, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_same_seeds_over_every_array_library(xp):
    layer, rule = NET["S"], Taught(4.0, LESSON)
    params = layer.init((1, 16, 16), RNG)
    lesson = rule.shows((1, 16, 16))
    params, _ = rule.start(layer, params, lesson.images, RNG, 1)
    _, activity = layer.forward(params, lesson.images)
    seeds = rule._seeds(activity._replace(drive=xp.asarray(activity.drive)), lesson.labels)
    assert np.argwhere(np.asarray(seeds)).tolist() == [
        [image, pattern.plane, *pattern.seed] for image, pattern in enumerate(LESSON)
    ]


def test_a_lesson_is_plain_data():
    phase = Phase(("S",), Local(Taught(4.0, LESSON)))
    assert read(Phase, plain(phase), "phase") == phase


@pytest.mark.parametrize(
    ("lesson", "message"),
    [
        ((Pattern("38 c8", 5, (8, 8)),), r"plane=5.* lies outside the layer of 5 x 16 x 16 cells; move the seed"),
        ((Pattern("38 c8", 0, (8, 16)),), r"seed=\(8, 16\).* lies outside the layer of 5 x 16 x 16 cells; move"),
        ((Pattern("38 c8", 0, (8, 2)),), r"the seed cell sees nothing of Pattern\(strokes='38 c8'"),
    ],
)
def test_a_seed_that_cannot_learn_is_refused(lesson, message):
    with pytest.raises(UsageError, match=message):
        taught(lesson)


def test_what_cannot_be_taught_is_refused():
    with pytest.raises(UsageError, match="q = 0; it must be positive"):
        Taught(0, LESSON)
    with pytest.raises(UsageError, match="a lesson without patterns; give it at least one"):
        Taught(1.0, ())
    layer = SCells(2, 3)
    with pytest.raises(UsageError, match="set response = shunting"):
        Taught(1.0, LESSON).start(layer, layer.init((1, 5, 5), RNG), np.ones((1, 1, 5, 5)), RNG, 1)
    with pytest.raises(UsageError, match="the teacher shows S patterns of its own; let it learn alone"):
        Together((("S", Taught(1.0, LESSON)),))
