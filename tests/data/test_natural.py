"""Patches of the photographs: as many and as large as asked, from photographs that the other side does not see."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from neuro_cnn.data import load, photographs
from neuro_cnn.data.natural import HELD_OUT
from neuro_cnn.errors import DataError, UsageError


def origins(images):
    """The names of the photographs in which patches are found."""
    whole, names = photographs()
    views = sliding_window_view(whole, images.shape[2:], axis=(1, 2))  # (8, rows, columns, S, S)
    found = []
    for patch in images[:, 0]:
        corner = np.argwhere((views[..., 0, 0] == patch[0, 0]) & (views[..., -1, -1] == patch[-1, -1]))
        there = {names[p] for p, i, j in corner if np.array_equal(views[p, i, j], patch)}
        assert there
        found.append(there)
    return found


@pytest.mark.parametrize("split", [0, 1, 5])
def test_training_and_test_patches_are_of_the_photographs_of_the_tiles(split):
    tiles = load("natural", split=split)
    held_out = set().union(*origins(tiles.test.images[::64]))
    assert split or held_out == set(HELD_OUT)
    data = load("natural:size=20,count=80", split=split)
    assert data.train.images.shape == (80, 1, 20, 20)
    assert data.test.images.shape == (20, 1, 20, 20)
    assert all(there & held_out for there in origins(data.test.images))
    assert all(there - held_out for there in origins(data.train.images))


def test_patches_are_unlabelled_and_drawn_anew_for_every_split():
    first, again, other = (load("natural:size=8,count=50", split=split).train for split in (0, 0, 1))
    assert (first.classes, first.labelled.size, first.images.dtype) == ((), 0, np.float32)
    np.testing.assert_array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)
    assert 0 <= first.images.min() < first.images.max() <= 1


def test_patches_come_from_all_places():
    whole, names = photographs()
    six = [names.index(name) for name in names if name not in HELD_OUT]
    patches = load("natural:size=1,count=20000").train.images
    assert patches.mean() == pytest.approx(whole[six].mean(), abs=0.01)
    assert patches.std() == pytest.approx(whole[six].std(), abs=0.01)


def test_a_patch_as_large_as_a_photograph_is_the_photograph():
    whole, names = photographs()
    patch = load("natural:size=256,count=1").test.images[0, 0]
    assert any(np.array_equal(patch, whole[names.index(name)]) for name in HELD_OUT)


def test_constant_patches_are_patches_like_others():
    images = load("natural:size=4,count=4000").train.images
    assert np.any(np.ptp(images, axis=(1, 2, 3)) == 0)
    assert len(load("natural:size=1,count=1", split=3).test) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sise=9", "unknown setting of natural 'sise'; did you mean 'size'?"),
        ("size=257", "size = 257; the photographs have room for 1 to 256 pixels"),
        ("size=0", "size = 0; the photographs have room"),
        ("count=0", "count = 0; ask for at least 1 patch"),
    ],
)
def test_what_cannot_be_cut_is_named(text, words):
    with pytest.raises(UsageError, match=words):
        load(f"natural:{text}")


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for number, sides in enumerate([(256, 256), (300, 400), (512, 256), (260, 260)]):
        Image.fromarray(rng.integers(0, 256, (*sides, 3), dtype=np.uint8)).save(tmp_path / f"{number}.png")
    return tmp_path


def test_patches_may_come_from_a_folder_of_ones_own_photographs(folder):
    data = load(f"natural:size=12,count=40,folder={folder}")
    assert (data.train.images.shape, data.test.images.shape) == ((40, 1, 12, 12), (10, 1, 12, 12))
    first = np.asarray(Image.open(folder / "0.png").convert("L")) / np.float32(255)
    whole = load(f"natural:size=256,count=30,folder={folder}")
    assert any(np.allclose(image[0], first) for image in (*whole.train.images, *whole.test.images))
    assert not any(np.array_equal(test, train) for test in whole.test.images for train in whole.train.images)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda folder: [(folder / f"{n}.png").unlink() for n in (0, 1, 2)],
            "photographs found: 1; .*: give 2 or more",
        ),
        (lambda folder: Image.new("L", (300, 255)).save(folder / "s.png"), "s.png has 255 x 300 pixels; leave out"),
        (lambda folder: (folder / "0.png").write_bytes(b"no image"), "0.png: cannot be read as an image"),
    ],
)
def test_photographs_that_cannot_be_used_are_refused_by_name(folder, spoil, message):
    spoil(folder)
    with pytest.raises(DataError, match=message):
        load(f"natural:folder={folder}")
    with pytest.raises(DataError, match="no such folder; name one that holds photographs"):
        load(f"natural:folder={folder}/none")
