"""The neocognitron of 1980 under backpropagation: maps, permitted weights, and what it learns from either start."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.describe import describe
from neuro_cnn.evaluate import accuracy
from neuro_cnn.models import build, control
from neuro_cnn.training import train

STAGES = ("S1", "S2", "S3")


def steps(data, seed=0, **options):
    net, curriculum = build("neocognitron-supervised", data.shape, len(data.classes), **options)
    return net, train(net, curriculum, data, seed=seed)


def taught(data, seed=0, **options):
    net, progress = steps(data, seed, **options)
    *_, last = progress
    return net, last.params


@pytest.mark.parametrize(
    ("in_shape", "sides"), [((1, 28, 28), [28, 14, 12, 6, 6, 3]), ((1, 16, 16), [16, 8, 6, 3, 3, 2])]
)
def test_maps_shrink_and_do_not_vanish(in_shape, sides):
    net, _ = build("neocognitron-supervised", in_shape, 10)
    rows = describe(net, in_shape)
    assert [row.out_shape for row in rows[:-2]] == [(24, side, side) for side in sides]
    assert rows[-1].receptive_field >= in_shape[1:]


@pytest.mark.parametrize("initial", ["data", "random"])
def test_no_weight_of_an_s_cell_is_negative_after_any_step_and_every_stage_learns(initial):
    data = load("glyphs:01234", train_size=40).train
    _, progress = steps(data, initial=initial, epochs=2, batch=8, rate=0.05)
    began = {}
    for now in progress:
        for name in STAGES:
            learned = now.params[name].learned
            assert min(float(leaf.min()) for leaf in learned) >= 0
            if now.epochs:
                began.setdefault(name, learned)
    for name in STAGES:
        for first, last in zip(began[name], now.params[name].learned, strict=True):
            assert not np.array_equal(first, last)


def test_the_start_from_views_is_compared_with_the_random_start():
    net, curriculum = build("neocognitron-supervised", (1, 28, 28), 10)
    assert (net, control(curriculum)) == build("neocognitron-supervised", (1, 28, 28), 10, initial="random")
    assert control(control(curriculum)) is None


def test_random_cells_answer_from_the_start_only_when_they_are_not_fully_inhibited():
    images = load("digits").train.images[:50]
    answers = {}
    for inhibition in (0.5, 1.0):
        net, _ = build("neocognitron-supervised", (1, 28, 28), 10, inhibition=inhibition)
        answers[inhibition] = net.respond(net.init((1, 28, 28), 0), images, stop="flat")
    assert np.mean(answers[0.5] > 0) > 0.3
    assert np.mean(answers[1.0] > 0) < 0.03


def test_it_names_stick_digits():
    data = load("glyphs:01234")
    assert accuracy(*taught(data.train, epochs=100), data.test) >= 0.9


@pytest.mark.slow
def test_accuracy_on_digits():
    data = load("digits")
    assert accuracy(*taught(data.train, epochs=100), data.test) >= 0.96
