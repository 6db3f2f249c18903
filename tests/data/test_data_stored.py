"""Images that stay in their files are the same images: split, learned from and tested on without being held."""

import os
import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import neuro_cnn as nc
from neuro_cnn.compare import Study, run
from neuro_cnn.data import deform, load
from neuro_cnn.data import pixels as pixels_module
from neuro_cnn.data.pixels import check_pixels
from neuro_cnn.data.stored import Stored
from neuro_cnn.errors import DataError
from neuro_cnn.evaluate import predict
from neuro_cnn.experiment import Experiment
from neuro_cnn.study import load_splits, sources, tasks_of
from neuro_cnn.tree import leaves

RNG = np.random.default_rng(0)
LABELS = np.arange(60) % 3
IMAGES = RNG.integers(0, 256, (60, 12, 12), dtype=np.uint8) // (1 + 2 * LABELS.astype(np.uint8)[:, None, None])


def both(folder, **named):
    """The same arrays as an npz file and as a folder of npy files."""
    np.savez(folder / "x.npz", **named)
    (folder / "x").mkdir()
    for name, array in named.items():
        np.save(folder / "x" / f"{name}.npy", array)
    return f"npz:{folder / 'x.npz'}", f"npy:{folder / 'x'}"


def sides(images=IMAGES, labels=LABELS):
    cut = {"train": slice(0, 40), "test": slice(40, None)}
    return {f"{s}_{n}": a[c] for s, c in cut.items() for n, a in (("images", images), ("labels", labels))}


@pytest.mark.parametrize(
    "named",
    [
        {"images": IMAGES, "labels": LABELS},
        sides(),
        sides(IMAGES / 255),
        sides((IMAGES / 255).astype(np.float32)),
        sides(np.stack([IMAGES] * 3, axis=-1)),
        {"images": np.asfortranarray(IMAGES), "labels": LABELS},
    ],
    ids=["whole", "sides", "float64", "float32", "colour last", "column order"],
)
@pytest.mark.parametrize("how", [{}, {"split": 2}, {"split": 1, "train_size": 20, "labels_per_class": 4}])
def test_a_folder_of_npy_files_holds_what_the_npz_file_holds(named, how, tmp_path):
    ours, theirs = (load(name, **how) for name in both(tmp_path, **named)[::-1])
    for mine, other in ((ours.train, theirs.train), (ours.test, theirs.test)):
        assert isinstance(mine.images, Stored)
        assert (mine.shape, len(mine), mine.classes) == (other.shape, len(other), other.classes)
        np.testing.assert_array_equal(mine.images[:], other.images)
        np.testing.assert_array_equal(mine.labels, other.labels)
        assert (mine.images[:].dtype, mine.images[:].flags.c_contiguous) == (np.float32, True)


@pytest.mark.parametrize("key", [3, -1, slice(2, 50, 7), [5, 1, 1], np.array([59, 0, 41]), np.arange(60) % 2 == 0])
def test_indices_mean_what_they_mean_to_arrays_across_files(key, tmp_path):
    for name, part in (("a", IMAGES[:40]), ("b", IMAGES[40:])):
        np.save(tmp_path / name, part)
    stored = Stored.open(tmp_path / "a.npy").then(Stored.open(tmp_path / "b.npy"))
    whole = np.asarray(stored)
    np.testing.assert_array_equal(stored[key], whole[key])
    assert stored.shape == whole.shape
    if np.ndim(places := np.arange(60)[key]):
        order = RNG.permutation(60)
        np.testing.assert_array_equal(stored.chosen(order).chosen(places)[:], whole[order][places])


def test_a_copy_for_another_process_holds_no_pixel(tmp_path):
    np.save(tmp_path / "a.npy", IMAGES)
    copied = pickle.dumps(Stored.open(tmp_path / "a.npy").chosen([7, 8]))
    assert len(copied) < 1000
    np.testing.assert_array_equal(pickle.loads(copied)[:], Stored.open(tmp_path / "a.npy")[7:9])


def test_images_without_labels_are_unlabelled(tmp_path):
    np.save(tmp_path / "images.npy", IMAGES)
    data = load(f"npy:{tmp_path}")
    assert (len(data.train), len(data.test), data.train.classes) == (48, 12, ())
    assert not len(data.train.labelled)


def carried_out(name):
    """Findings of systems that look at images in every way: frozen layers, two phases, health, shifts, held out."""
    study = Study(("hebbian-wta:planes=4,epochs=2", "softhebb:planes=4,layers=2"), data=name, shift=(1,))
    splits = load_splits(study)
    found = []
    for task in tasks_of(study, sources(study)[0], splits):
        steps = run(task, splits[task.split], study.deformed)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found.append(end.value)
                break
    return found


def test_what_is_learned_from_files_is_the_same_to_the_last_bit(tmp_path):
    for ours, theirs in zip(*map(carried_out, both(tmp_path, **sides())), strict=True):
        for (name, a), (_, b) in zip(leaves(ours.params), leaves(theirs.params), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)
        for layer, mine in ours.health.items():
            for a, b in zip(mine, theirs.health[layer], strict=True):
                np.testing.assert_array_equal(a, b)
        for key in ("accuracy", "shift", "labels_used", "n_train"):
            assert ours.row[key] == theirs.row[key]


def test_held_out_images_stay_in_their_files(tmp_path):
    data = load(both(tmp_path, **sides())[1])
    kept, held = Experiment("mlp", hold_out=0.25).parts(data)
    assert (len(kept), len(held)) == (30, 10)
    assert isinstance(kept.images, Stored)
    assert isinstance(held.images, Stored)


def test_images_deformed_batch_by_batch_are_those_deformed_together():
    net, _ = nc.models.build("mlp", (1, 28, 28), 10)
    params, images = net.init((1, 28, 28), 0), load("digits").test.images[:120]
    for change in (lambda: partial(deform.rotate, degrees=20), noisy):
        expected = predict(net, params, change()(images))
        np.testing.assert_allclose(predict(net, params, images, deform=change()), expected, rtol=1e-5, atol=1e-6)


def noisy():
    return partial(deform.noise, sd=0.2, rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"pictures": IMAGES}, "needs images.npy, or train_images.npy and test_images.npy; there is: pictures.npy"),
        ({"images": IMAGES / 100, "labels": LABELS}, "images.npy: values go from 0 to 2.5"),
        ({"images": IMAGES.astype(int), "labels": LABELS}, "images.npy: dtype int64 is neither uint8"),
        ({"images": IMAGES[0, 0]}, r"images.npy: shape \(12,\) is not that of images"),
        ({"images": IMAGES, "labels": LABELS[1:]}, "60 images but 59 labels"),
        ({"images": IMAGES, "labels": LABELS / 2}, "labels are float64, not integers"),
        ({"images": np.array([None, {}])}, "images.npy: cannot be read as npy"),
        ({**sides(), "test_images": IMAGES[40:, :8]}, r"training images are float32 \(1, 12, 12\), test images"),
    ],
)
def test_a_folder_of_other_arrays_is_refused(named, message, tmp_path):
    name = both(tmp_path, **named)[1]
    with pytest.raises(DataError, match=message) as caught:
        load(name)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_damaged_or_changed_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        load(f"npy:{tmp_path / 'none'}")
    path = tmp_path / "images.npy"
    np.save(path, IMAGES)
    stored = Stored.open(path)
    np.save(path, IMAGES[:30])
    with pytest.raises(DataError, match="30 images, 60 a while ago"):
        stored[:5]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"images.npy: cannot be read as npy"):
        stored[:5]


@given(arrays(np.float32, array_shapes(min_dims=3, max_dims=4, max_side=4), elements=st.floats(-0.5, 1.5, width=32)))
def test_looking_at_a_few_images_at_a_time_finds_what_looking_at_all_does(array):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixels_module, "LOOKED_AT", 3)
        if array.min() >= 0 and array.max() <= 1:
            check_pixels(array, "x")
        else:
            with pytest.raises(DataError, match=rf"values go from {array.min():g} to {array.max():g};"):
                check_pixels(array, "x")
        array[-1, -1, -1] = np.nan
        bad = np.argwhere(np.isnan(array))
        with pytest.raises(DataError) as caught:
            check_pixels(array, "x")
        assert f"{len(bad)} values are NaN or infinite, the first at index {tuple(bad[0].tolist())};" in str(
            caught.value
        )


BEYOND = """
import resource, sys
import numpy as np
import neuro_cnn as nc
from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.layers import CCells, Conv, Dense, Flatten
from neuro_cnn.network import Chain
from neuro_cnn.evaluate import accuracy_under
from neuro_cnn.physiology import health
from neuro_cnn.rules import Hebbian, Ridge

net = Chain((("S1", Conv(4, 16, stride=16)), ("C1", CCells(2)), ("flat", Flatten()), ("out", Dense(2))))
curriculum = (Phase(("S1",), Local(Hebbian(0.1))), Phase(("out",), Local(Ridge()), batch=100))
few = nc.data.dataset(np.random.default_rng(0).random((20, 96, 96)), np.arange(20) % 2)
list(nc.train(net, curriculum, few, seed=0))  # what libraries take for themselves is taken before the limit
words = open("/proc/self/status").read().split()
used = 1024 * int(words[words.index("VmData:") + 1])
resource.setrlimit(resource.RLIMIT_DATA, (used + {room}, used + {room}))
data = nc.data.load("npy:{folder}")
for progress in nc.train(net, curriculum, data.train, seed=0):
    pass
assert health(net, progress.params, data.train.images, "S1").planes == 4
assert 0 <= accuracy_under(net, progress.params, data.test, "shift", 1) <= 1
print("learned")
try:
    np.asarray(data.train.images)
except MemoryError:
    print("more than memory")
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads its own use of memory as Linux tells it")
def test_a_program_learns_from_more_images_than_it_may_hold(tmp_path):
    count, side = 4000, 96  # 141 MiB, where 64 may be had
    images = np.lib.format.open_memmap(tmp_path / "images.npy", "w+", np.float32, (count, side, side))
    labels = np.arange(count) % 2
    images[::2, 8, ::2] = 1  # the rest stays a hole in the file
    images.flush()
    np.save(tmp_path / "labels.npy", labels)
    source = BEYOND.format(room=64 << 20, folder=tmp_path)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.splitlines() == ["learned", "more than memory"], done.stderr
