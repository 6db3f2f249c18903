"""What the neocognitron family makes of thresholds, images and data sets that cannot be, or hardly."""

import numpy as np
import pytest

from neuro_cnn.data import Dataset, load
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy, predict
from neuro_cnn.models import build
from neuro_cnn.training import train

SMALL = {
    "neocognitron-1980": "glyphs:01234,shift=1,count=3",
    "neocognitron-simple": "glyphs:01234,shift=1,count=3",
    "neocognitron-2013": "digits",
}
every = pytest.mark.parametrize("name", SMALL)


def images(name):
    return load(SMALL[name], train_size=60 if SMALL[name] == "digits" else None).train


def taught(name, data):
    net, curriculum = build(name, data.shape, len(data.classes))
    *_, progress = train(net, curriculum, data, seed=0)
    return net, progress.params


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("neocognitron-2013", {"theta_s1": 1.0}, "theta_s1"),
        ("neocognitron-2013", {"theta_learning": 0.0}, "theta_learning"),
        ("neocognitron-2013", {"theta_recognition": 0.8}, "above theta_learning = 0.75; lower it"),
        ("neocognitron-2013", {"margin": -0.1}, "margin"),
        ("neocognitron-1980", {"q2": 0}, "q2"),
        ("neocognitron-1980", {"r1": -1}, "r1"),
        ("neocognitron-1980", {"alpha": 0}, "alpha"),
    ],
    ids=str,
)
def test_constants_that_cannot_be_are_refused_by_name(name, options, message):
    with pytest.raises(UsageError, match=message):
        build(name, (1, 28, 28), 10, **options)


@pytest.mark.parametrize("name", ["neocognitron-1980", "neocognitron-simple"])
def test_images_whose_maps_shrink_to_nothing_are_refused_with_the_layer(name):
    with pytest.raises(UsageError, match=r"cannot see images of 1 x 8 x 8: layer S3: view of 5 does not fit a map of"):
        build(name, (1, 8, 8), 5)


@every
def test_one_class_is_learned_and_always_answered(name):
    data = images(name)
    mine = data.images[data.labels == data.labels[0]]
    one = Dataset(mine, np.zeros(len(mine), np.int64), ("it",))
    assert accuracy(*taught(name, one), one) == 1


@every
def test_a_black_image_among_others_changes_nothing_and_is_answered_by_silence(name):
    data = images(name)
    black = np.zeros_like(data.images[:1])
    mixed = Dataset(np.concatenate([data.images, black]), np.append(data.labels, 0), data.classes)
    net, params = taught(name, mixed)
    assert not np.any(predict(net, params, black))
    assert np.any(predict(net, params, data.images[:1]))


@pytest.mark.parametrize("name", ["neocognitron-1980", "neocognitron-2013"])
def test_nothing_but_black_images_teach_nothing(name):
    data = images(name)
    net, params = taught(name, Dataset(np.zeros_like(data.images), data.labels, data.classes))
    assert not np.any(np.maximum(predict(net, params, data.images[:2]), 0))


def test_views_of_black_images_cannot_be_imprinted():
    data = images("neocognitron-simple")
    with pytest.raises(UsageError, match="0 views of the sample are not blank, but 24 planes want one each"):
        taught("neocognitron-simple", Dataset(np.zeros_like(data.images), data.labels, data.classes))
