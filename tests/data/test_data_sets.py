"""The embedded data are what their licence file says, and `load` cuts them as it promises."""

import hashlib
import re
import time

import numpy as np
import pytest

from neuro_cnn.data import catalogue, data_folder, fetch, load, photographs
from neuro_cnn.data.download import REMOTES
from neuro_cnn.data.sets import EMBEDDED
from neuro_cnn.errors import DataError, UsageError


@pytest.fixture
def no_downloads(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURO_CNN_DATA", str(tmp_path))
    return tmp_path


def rows(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


@pytest.mark.parametrize("file", ["mnist5k.npz", "natural_images.npz"])
def test_the_embedded_files_are_those_of_the_licence_file(file):
    stated = (EMBEDDED / "DATA_LICENSES.md").read_text(encoding="utf-8")
    found = hashlib.sha256((EMBEDDED / file).read_bytes()).hexdigest()
    assert re.search(rf"\| `{file}` \| `{found}` \|", stated)


def test_digits_hold_400_and_100_images_a_class():
    digits = load("digits")
    assert (len(digits.train), len(digits.test), digits.train.shape) == (4000, 1000, (1, 28, 28))
    assert np.bincount(digits.train.labels).tolist() == [400] * 10
    assert np.bincount(digits.test.labels).tolist() == [100] * 10
    assert digits.train.classes == tuple("0123456789")
    assert digits.train.images.dtype == np.float32
    assert (digits.train.images.min(), digits.train.images.max()) == (0, 1)


def test_split_0_is_the_file():
    digits = load("digits")
    with np.load(EMBEDDED / "mnist5k.npz") as file:
        for side, read in (("train", digits.train), ("test", digits.test)):
            np.testing.assert_array_equal(np.round(read.images[:, 0] * 255), file[f"{side}_images"])
            np.testing.assert_array_equal(read.labels, file[f"{side}_labels"])


def test_another_split_deals_the_same_images_anew():
    shipped, drawn = load("digits"), load("digits", split=1)
    assert np.bincount(drawn.train.labels).tolist() == [400] * 10
    assert np.bincount(drawn.test.labels).tolist() == [100] * 10
    train, test = rows(drawn.train.images), rows(drawn.test.images)
    assert train.isdisjoint(test)
    assert train | test == rows(shipped.train.images) | rows(shipped.test.images)
    assert test != rows(shipped.test.images)
    np.testing.assert_array_equal(load("digits", split=1).test.labels, drawn.test.labels)


def test_a_training_subset_is_stratified_and_nested():
    small, large = (load("digits", train_size=size).train for size in (200, 1000))
    assert np.bincount(small.labels).tolist() == [20] * 10
    assert rows(small.images) <= rows(large.images) <= rows(load("digits").train.images)
    assert rows(small.images) != rows(load("digits", split=1, train_size=200).train.images)


def test_labels_per_class_hides_all_other_labels():
    few, many = (load("digits", train_size=1000, labels_per_class=count).train for count in (5, 20))
    assert len(few) == 1000
    assert np.bincount(few.labels[few.labelled]).tolist() == [5] * 10
    assert set(few.labelled) <= set(many.labelled)
    whole = load("digits", train_size=1000).train
    np.testing.assert_array_equal(many.labels[many.labelled], whole.labels[many.labelled])


def test_the_test_images_are_never_thinned():
    thinned = load("digits", train_size=10, labels_per_class=1).test
    np.testing.assert_array_equal(thinned.labels, load("digits").test.labels)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train_size": 4001}, "train_size 4001: digits has 4000 training images; ask for 1 to 4000"),
        ({"train_size": 0}, "train_size 0: digits has 4000 training images"),
        ({"labels_per_class": 401}, "labels_per_class 401: digits has 400 training images of class '0'"),
        ({"labels_per_class": 0}, "labels_per_class 0: digits has 400"),
        ({"labels_per_class": 21, "train_size": 200}, "labels_per_class 21: digits has 20 training images"),
        ({"split": -1}, "split -1 is negative"),
    ],
)
def test_numbers_out_of_reach_are_refused(arguments, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        load("digits", **arguments)


def test_digits_load_in_a_fifth_of_a_second():
    load("digits")
    times = []
    for _ in range(3):
        start = time.perf_counter()
        load("digits")
        times.append(time.perf_counter() - start)
    assert min(times) < 0.2


def test_natural_tiles_are_split_by_photograph():
    whole, names = photographs()
    assert whole.shape == (8, 256, 256)
    for split in (0, 1):
        natural = load("natural", split=split)
        assert natural.train.images.shape == (384, 1, 32, 32)
        assert natural.test.images.shape == (128, 1, 32, 32)
        tiles = [rows(natural.train.images), rows(natural.test.images)]
        sides = [{name for name, x in zip(names, whole, strict=True) if x[:32, :32].tobytes() in t} for t in tiles]
        assert [len(side) for side in sides] == [6, 2]
        assert sides[0].isdisjoint(sides[1])


def test_natural_tiles_put_together_are_the_photographs():
    whole, names = photographs()
    first = load("natural").test.images[:64, 0].reshape(8, 8, 32, 32)
    np.testing.assert_array_equal(first.swapaxes(1, 2).reshape(256, 256), whole[names.index("chelsea")])


def test_natural_is_unlabelled():
    natural = load("natural")
    assert natural.train.classes == ()
    assert natural.train.labelled.size == 0
    assert len(load("natural", train_size=10).train) == 10
    with pytest.raises(UsageError, match="labels_per_class 1: natural has no labels"):
        load("natural", labels_per_class=1)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match=r"unknown data set 'digts'; did you mean 'digits'\?.*npz:FILE"):
        load("digts")
    with pytest.raises(UsageError, match="unknown data set 'minst'"):
        fetch("minst")
    with pytest.raises(UsageError, match="data set 'idx:' names no place; write idx:FOLDER"):
        load("idx:")


@pytest.mark.parametrize("name", sorted(REMOTES))
def test_data_that_was_not_downloaded_names_the_command(name, no_downloads):
    with pytest.raises(DataError, match=f"run: neuro-cnn data fetch {name}$"):
        load(name)


def test_the_catalogue_agrees_with_what_is_loaded(no_downloads):
    listed = {row["name"]: row for row in catalogue()}
    read, made = {"digits", "natural", *REMOTES}, {"glyphs", "sounds", "stripes", "sweeps", "natural:"}
    assert set(listed) == read | made
    for name in {"digits", "natural"} | made:
        data, row = load(name), listed[name]
        found = (data.train.shape, len(data.train), len(data.test), len(data.train.classes))
        assert (row["shape"], row["train"], row["test"], row["classes"]) == found
        assert row["where"] == ("made" if name in made else "embedded")
        assert name in made or row["origin"] == data.source
    assert {listed[name]["where"] for name in REMOTES} == {"not downloaded"}


def test_the_catalogue_sees_downloaded_files(no_downloads):
    (no_downloads / "emnist-digits").mkdir()
    (no_downloads / "emnist-digits" / "gzip.zip").touch()
    assert [row["name"] for row in catalogue() if row["where"] == "downloaded"] == ["emnist-digits"]


def test_embedded_data_need_no_download(no_downloads):
    assert fetch("digits") == EMBEDDED
    assert list(no_downloads.iterdir()) == []


def test_the_data_folder_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURO_CNN_DATA", str(tmp_path / "here"))
    assert data_folder() == tmp_path / "here"
    monkeypatch.delenv("NEURO_CNN_DATA")
    assert "neuro_cnn" in str(data_folder())
