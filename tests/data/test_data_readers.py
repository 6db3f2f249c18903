"""What is written to disk is read back, and damaged files are refused in one line that says what is wrong."""

import gzip
import io
import re
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from neuro_cnn.data import load
from neuro_cnn.data.idx import DTYPES, parse_idx
from neuro_cnn.errors import DataError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (20, 6, 5), dtype=np.uint8)
LABELS = np.arange(20) % 2
PARTS = {
    "train-images-idx3-ubyte": IMAGES[:14],
    "train-labels-idx1-ubyte": LABELS[:14].astype(np.uint8),
    "t10k-images-idx3-ubyte": IMAGES[14:],
    "t10k-labels-idx1-ubyte": LABELS[14:].astype(np.uint8),
}


def refused(name: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        load(name)
    assert "\n" not in str(caught.value)


def levels(images: np.ndarray) -> np.ndarray:
    return np.round(images * 255).astype(np.uint8)


def to_idx(array: np.ndarray, code: int = 0x08) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(DTYPES[code]).tobytes()


def write_idx(folder: Path, **replaced: bytes) -> str:
    for name, array in PARTS.items():
        (folder / name).write_bytes(replaced.get(name.partition("-idx")[0].replace("-", "_"), to_idx(array)))
    return f"idx:{folder}"


def assert_is_parts(data) -> None:
    np.testing.assert_array_equal(levels(data.train.images[:, 0]), IMAGES[:14])
    np.testing.assert_array_equal(levels(data.test.images[:, 0]), IMAGES[14:])
    np.testing.assert_array_equal(data.train.labels, LABELS[:14])
    np.testing.assert_array_equal(data.test.labels, LABELS[14:])


# IDX


@given(st.sampled_from(sorted(DTYPES)), array_shapes(max_dims=4, max_side=4), st.data())
def test_an_idx_array_of_any_type_is_read_back(code, shape, data):
    array = data.draw(arrays(np.dtype(DTYPES[code]), shape, elements={"allow_nan": False} if code > 0x0C else None))
    np.testing.assert_array_equal(parse_idx(to_idx(array, code), "x"), array)
    np.testing.assert_array_equal(parse_idx(gzip.compress(to_idx(array, code), mtime=0), "x"), array)


@pytest.mark.parametrize("pattern", ["{}-{}", "{}-{}.gz", "{}.{}", "{}.{}.gz"])
def test_a_folder_of_idx_files_is_read_under_each_of_its_names(pattern, tmp_path):
    for name, array in PARTS.items():
        stem, _, end = name.partition("-idx")
        path = tmp_path / pattern.format(stem, f"idx{end}")
        path.write_bytes(gzip.compress(to_idx(array), mtime=0) if path.suffix == ".gz" else to_idx(array))
    assert_is_parts(load(f"idx:{tmp_path}"))


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        ("train_images", b"", "train-images-idx3-ubyte: not an IDX file: it opens with nothing"),
        ("train_images", b"PNG\r\n", "not an IDX file: it opens with 50 4e 47 0d"),
        ("train_images", b"\0\0\x07\3" + bytes(12), "not an IDX file: it opens with 00 00 07 03"),
        (
            "train_images",
            to_idx(IMAGES[:14])[:-1],
            "436 bytes expected for 14 x 6 x 5 values of 1, 435 found",
        ),
        (
            "train_images",
            to_idx(IMAGES[:14]) + b"\0",
            "436 bytes expected for 14 x 6 x 5 values of 1, 437 found",
        ),
        ("train_images", to_idx(IMAGES)[:9], "9 found; get the file again"),
        ("t10k_labels", gzip.compress(to_idx(LABELS), mtime=0)[:-9], "t10k-labels-idx1-ubyte: damaged gzip file"),
        ("t10k_labels", b"\x1f\x8b" + bytes(30), "damaged gzip file"),
        ("t10k_labels", to_idx(LABELS), "6 images but 20 labels"),
        ("t10k_labels", to_idx(-LABELS[:6] - 1, 0x09), "label -2 is negative"),
        (
            "t10k_images",
            to_idx(IMAGES[:6, 1:]),
            "training images are uint8 (1, 6, 5), test images uint8 (1, 5, 5)",
        ),
        (
            "train_images",
            to_idx(IMAGES[:14] / 255, 0x0E),
            "training images are float32 (1, 6, 5), test images uint8",
        ),
    ],
)
def test_a_damaged_idx_file_is_refused(part, content, message, tmp_path):
    refused(write_idx(tmp_path, **{part: content}), message)


def test_a_missing_idx_file_or_folder_is_refused(tmp_path):
    name = write_idx(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    refused(name, "no t10k-labels-idx1-ubyte[.gz]; there is: t10k-images-idx3-ubyte, train-images-idx3-ubyte")
    refused(f"{name}/elsewhere", "no such folder")


# NPZ


def test_an_npz_file_with_both_sides_is_read_back(tmp_path):
    path = tmp_path / "sides.npz"
    np.savez_compressed(
        path,
        train_images=IMAGES[:14],
        train_labels=LABELS[:14],
        test_images=IMAGES[14:],
        test_labels=LABELS[14:],
    )
    assert_is_parts(load(f"npz:{path}"))


def test_an_npz_file_without_sides_is_split_by_a_fifth_of_each_class(tmp_path):
    np.savez(tmp_path / "whole.npz", images=IMAGES, labels=LABELS)
    name = f"npz:{tmp_path / 'whole.npz'}"
    data, again, other = load(name), load(name), load(name, split=1)
    assert np.bincount(data.train.labels).tolist() == [8, 8]
    assert np.bincount(data.test.labels).tolist() == [2, 2]
    both = np.concatenate([levels(data.train.images), levels(data.test.images)])
    assert sorted(map(bytes, both)) == sorted(map(bytes, IMAGES))
    np.testing.assert_array_equal(data.test.images, again.test.images)
    assert not np.array_equal(data.test.images, other.test.images)


def test_an_npz_file_of_colour_floats_is_read(tmp_path):
    images = RNG.random((10, 4, 5, 3))
    np.savez(tmp_path / "colour.npz", images=images, labels=LABELS[:10])
    assert load(f"npz:{tmp_path / 'colour.npz'}").train.shape == (3, 4, 5)


@pytest.mark.parametrize(
    ("arrays_of", "message"),
    [
        ({"pictures": IMAGES}, "needs the arrays images, labels, or train_images"),
        ({"images": IMAGES, "label": LABELS}, "there is: images, label"),
        ({"images": IMAGES / 100, "labels": LABELS}, "values go from 0 to 2.5"),
        ({"images": IMAGES, "labels": LABELS[1:]}, "20 images but 19 labels"),
        (
            {"images": np.array([None, {}]), "labels": LABELS},
            "cannot be read as npz (Object arrays cannot be loaded",
        ),
    ],
)
def test_an_npz_file_of_other_arrays_is_refused(arrays_of, message, tmp_path):
    np.savez(tmp_path / "x.npz", **arrays_of)
    refused(f"npz:{tmp_path / 'x.npz'}", message)


def test_a_damaged_or_missing_npz_file_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, images=IMAGES, labels=LABELS)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    refused(f"npz:{path}", "x.npz: cannot be read as npz (File is not a zip file)")
    path.write_bytes(whole[:150] + bytes(50) + whole[200:])
    refused(f"npz:{path}", "x.npz: cannot be read as npz (")
    path.write_bytes(b"not a zip")
    refused(f"npz:{path}", "x.npz: cannot be read as npz (")
    np.save(tmp_path / "x.npy", IMAGES)
    refused(f"npz:{tmp_path / 'x.npy'}", "x.npy: cannot be read as npz (")
    refused(f"npz:{tmp_path / 'y.npz'}", "y.npz: no such file")


# downloaded data sets, in the form of their files


@pytest.fixture
def folder_of(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURO_CNN_DATA", str(tmp_path))

    def made(name: str) -> Path:
        (tmp_path / name).mkdir()
        return tmp_path / name

    return made


@pytest.mark.parametrize(("name", "first"), [("mnist", "0"), ("fashion-mnist", "T-shirt/top")])
def test_mnist_and_its_like_are_read_from_their_folder(name, first, folder_of):
    folder = folder_of(name)
    for part, array in PARTS.items():
        (folder / f"{part}.gz").write_bytes(gzip.compress(to_idx(array), mtime=0))
    data = load(name)
    assert_is_parts(data)
    assert (len(data.train.classes), data.train.classes[0]) == (10, first)


def write_emnist(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        for part, array in PARTS.items():
            stored = array.swapaxes(1, 2) if array.ndim == 3 else array
            member = f"gzip/emnist-digits-{part.replace('t10k', 'test')}.gz"
            archive.writestr(member, gzip.compress(to_idx(stored), mtime=0))
    return folder / "gzip.zip"


def test_emnist_digits_are_read_upright_from_their_archive(folder_of):
    write_emnist(folder_of("emnist-digits"))
    data = load("emnist-digits")
    assert_is_parts(data)
    assert len(data.train.classes) == 10


def test_a_damaged_emnist_archive_names_the_command(folder_of):
    path = write_emnist(folder_of("emnist-digits"))
    path.write_bytes(path.read_bytes()[:-30])
    refused("emnist-digits", "gzip.zip: damaged archive (File is not a zip file); run: neuro-cnn data fetch")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "nothing")
    refused("emnist-digits", "emnist-digits-train-images-idx3-ubyte.gz' in the archive")


COLOUR = RNG.integers(0, 256, (12, 3, 32, 32), dtype=np.uint8)


def write_cifar(folder: Path, batches: int = 6, cut: int = 0) -> Path:
    path = folder / "cifar-10-binary.tar.gz"
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"][:batches]
    with tarfile.open(path, "w:gz") as archive:
        for i, name in enumerate(names):
            pairs = zip(COLOUR[2 * i : 2 * i + 2], (0, 9), strict=True)
            content = b"".join(bytes([label]) + image.tobytes() for image, label in pairs)
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content) - cut
            archive.addfile(member, io.BytesIO(content))
    return path


def test_cifar_is_read_from_its_archive(folder_of):
    write_cifar(folder_of("cifar10"))
    data = load("cifar10")
    np.testing.assert_array_equal(levels(data.train.images), COLOUR[:10])
    np.testing.assert_array_equal(levels(data.test.images), COLOUR[10:])
    assert [data.train.classes[label] for label in data.test.labels] == ["airplane", "truck"]


def test_a_damaged_cifar_archive_names_the_command(folder_of):
    folder = folder_of("cifar10")
    write_cifar(folder, batches=5)
    refused("cifar10", "has no test_batch.bin; run: neuro-cnn data fetch cifar10")
    write_cifar(folder, cut=1)
    refused("cifar10", "data_batch_1.bin has 6145 bytes, no multiple of 3073; run: neuro-cnn data fetch cifar10")
    path = write_cifar(folder)
    path.write_bytes(path.read_bytes()[:2000])
    refused("cifar10", "damaged archive (")
