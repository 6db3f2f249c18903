"""Folders of image files are read back; those that are no data set are refused in one line that says why."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neuro_cnn.data import load
from neuro_cnn.errors import DataError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (20, 6, 5), dtype=np.uint8)
LABELS = np.arange(20) % 2


def refused(name: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        load(name)
    assert "\n" not in str(caught.value)


def levels(images: np.ndarray) -> np.ndarray:
    return np.round(images * 255).astype(np.uint8)


def write_images(folder: Path, images: np.ndarray, labels: np.ndarray, suffix: str = ".png") -> None:
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        of_class = folder / f"class {label}"
        of_class.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(of_class / f"{i:02}{suffix}")


def test_a_folder_of_grey_images_is_read_back(tmp_path):
    write_images(tmp_path / "train", IMAGES[:14], LABELS[:14])
    write_images(tmp_path / "test", IMAGES[14:], LABELS[14:], ".pgm")
    data = load(f"folder:{tmp_path}")
    assert data.train.classes == ("class 0", "class 1")
    assert data.train.shape == (1, 6, 5)
    for label in (0, 1):
        expected = IMAGES[:14][LABELS[:14] == label]
        np.testing.assert_array_equal(levels(data.train.images[data.train.labels == label, 0]), expected)
        expected = IMAGES[14:][LABELS[14:] == label]
        np.testing.assert_array_equal(levels(data.test.images[data.test.labels == label, 0]), expected)


def test_a_folder_without_sides_is_split_by_a_fifth_of_each_class(tmp_path):
    write_images(tmp_path, IMAGES, LABELS)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "class 0" / "notes.txt").touch()
    data = load(f"folder:{tmp_path}")
    assert np.bincount(data.train.labels).tolist() == [8, 8]
    assert np.bincount(data.test.labels).tolist() == [2, 2]


def test_one_coloured_image_makes_the_whole_folder_coloured(tmp_path):
    colour = RNG.integers(0, 256, (2, 6, 5, 3), dtype=np.uint8)
    write_images(tmp_path / "train", IMAGES[:2], [0, 1])
    write_images(tmp_path / "test", colour, [0, 1])
    data = load(f"folder:{tmp_path}")
    np.testing.assert_array_equal(levels(data.test.images), colour.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(levels(data.train.images), np.repeat(IMAGES[:2, None], 3, axis=1))


def test_a_class_that_only_training_has_keeps_its_number(tmp_path):
    write_images(tmp_path / "train", IMAGES[:6], np.arange(6) % 3)
    write_images(tmp_path / "test", IMAGES[6:8], np.array([2, 2]))
    assert load(f"folder:{tmp_path}").test.labels.tolist() == [2, 2]
    write_images(tmp_path / "test", IMAGES[8:9], np.array([7]))
    refused(f"folder:{tmp_path}", "class 'class 7' is in test but not in train")


def test_images_of_two_sizes_are_refused_with_both(tmp_path):
    write_images(tmp_path, IMAGES, LABELS)
    Image.fromarray(IMAGES[0, :4]).save(tmp_path / "class 1" / "other.png")
    first, other = tmp_path / "class 0" / "00.png", tmp_path / "class 1" / "other.png"
    refused(f"folder:{tmp_path}", f"{first} has 6 x 5 pixels but {other} has 4 x 5 pixels (rows x columns)")


def test_a_folder_without_images_is_refused(tmp_path):
    refused(f"folder:{tmp_path / 'nowhere'}", "nowhere: no such folder")
    refused(f"folder:{tmp_path}", "no sub-folders; put each class's images into a sub-folder of its own")
    write_images(tmp_path, IMAGES, LABELS)
    (tmp_path / "empty").mkdir()
    refused(f"folder:{tmp_path}", f"{tmp_path / 'empty'}: no image files")


@pytest.mark.parametrize("content", [b"", b"not an image", "half", "wrong"])
def test_an_unreadable_image_is_named(content, tmp_path):
    write_images(tmp_path, IMAGES, LABELS)
    path = tmp_path / "class 0" / "00.png"
    whole = path.read_bytes()
    damaged = {"half": whole[: len(whole) // 2], "wrong": whole[:45] + bytes(9) + whole[54:]}
    path.write_bytes(damaged.get(content, content))
    refused(f"folder:{tmp_path}", f"{path}: cannot be read as an image (")


def test_an_image_of_16_bits_is_refused_rather_than_cut_off(tmp_path):
    write_images(tmp_path, IMAGES, LABELS)
    Image.fromarray(IMAGES[0].astype(np.uint16) * 256).save(tmp_path / "class 0" / "00.png")
    refused(f"folder:{tmp_path}", "00.png: mode I;16 is not 8 bits a channel")
