"""What a result comes from: data is known again by its digests, wherever it is kept, and any change of it is seen."""

import json
from dataclasses import replace

import numpy as np
import pytest
from learning_examples import bars

from neuro_cnn import origin
from neuro_cnn.data import Data, load
from neuro_cnn.data.stored import Stored
from neuro_cnn.origin import digests, environment

DATA = Data("bars", bars(26), bars(9, 1), "drawn")


def with_images(images):
    return replace(DATA, train=replace(DATA.train, images=images))


def test_the_same_images_and_labels_have_the_same_digests_in_memory_and_in_files(tmp_path):
    np.save(tmp_path / "images.npy", DATA.train.images)
    stored = with_images(Stored.open(tmp_path / "images.npy"))
    assert digests(stored) == digests(with_images(DATA.train.images.copy())) == digests(DATA)
    assert digests(load("digits")) == digests(load("digits"))
    assert digests(load("digits")) != digests(load("digits", split=1))


def test_any_change_of_images_labels_or_classes_changes_the_digest_of_that_part():
    before = digests(DATA)
    images, labels = DATA.train.images.copy(), DATA.train.labels.copy()
    images[25, 0, 5, 5] = np.nextafter(images[25, 0, 5, 5], np.float32(2))
    labels[0] = 2
    one, other = DATA.train, DATA.train.images[::-1]
    changed = (
        *(replace(one, images=images), replace(one, labels=labels), replace(one, classes=("a", "b", "c"))),
        *(replace(one, images=other), one.take(range(25)), replace(one, images=one.images.reshape(26, 1, 4, 9))),
    )
    found = [digests(replace(DATA, train=train)) for train in changed]
    assert len({each["train_sha256"] for each in [before, *found]}) == len(changed) + 1
    assert all(each["test_sha256"] == before["test_sha256"] for each in found)


@pytest.mark.parametrize("most", [1, 1000, 3 * 4 * 36, 1 << 30])
def test_of_very_many_images_so_many_are_looked_at_evenly_spread(most, monkeypatch):
    monkeypatch.setattr(origin, "MOST", most)
    before, seen = digests(DATA)["train_sha256"], []
    for number in range(26):
        images = DATA.train.images.copy()
        images[number] += 0.1
        if digests(with_images(images))["train_sha256"] != before:
            seen.append(number)
    count = min(26, max(1, most // (4 * 36)))
    assert seen == [number * 26 // count for number in range(count)]


def test_the_environment_is_plain_data_and_told_the_same_twice():
    facts = environment()
    assert facts == environment() == json.loads(json.dumps(facts))
    assert facts["processor"]
    assert {"joblib", "llvmlite", "pillow", "pydantic"} <= set(facts)
    assert facts["blas"] == sorted(facts["blas"], key=str)
