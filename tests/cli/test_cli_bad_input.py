"""Bad input gets one line that names the value and the remedy, the right exit code, and leaves nothing half-written."""

import os
import shutil
import sys

import numpy as np
import pytest
from command import call, finished, program, refused

from neuro_cnn import checkpoint
from neuro_cnn.data import load
from neuro_cnn.errors import UsageError
from neuro_cnn.models import CATALOGUE
from neuro_cnn.tree import leaves

TINY = ("--train-size", 40, "--set", "epochs=1")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Every command runs in an empty folder, in which a refused one must leave nothing."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("NEURO_CNN_DATA", str(tmp_path / "downloads"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a short run."""
    folder = tmp_path_factory.mktemp("runs") / "mlp"
    assert call("train", "mlp:hidden=4", *TINY, "--out", folder).code == 0
    return folder


def left():
    """What the working folder holds."""
    return sorted(os.listdir())


NAMES = ", ".join(sorted(CATALOGUE))
SEE = "(see neuro-cnn {} --help)"
USAGE = {
    "no such command": ("trane", "No such command 'trane'. Did you mean 'train'? (see neuro-cnn --help)"),
    "no such option": ("train mlp --sed 3", f"No such option: --sed (Possible options: --seed, --set) {SEE}"),
    "an option of the system as one of the command": (
        "train lenet5 --epochs 3",
        "No such option: --epochs (options of a system are set with --set epochs=VALUE; see neuro-cnn train --help)",
    ),
    "no system but a file": (
        "compare README.md",
        "README.md is neither a system nor a TOML file or a run folder that is there",
    ),
    "no system": (
        "train",
        "name a system or a TOML file to train, or a run with --resume; see `neuro-cnn models`",
    ),
    "misspelt system": ("train lenet", f"unknown system 'lenet'; did you mean 'lenet5'? there is: {NAMES}"),
    "misspelt word of a pattern": (
        "compare mlp INPUT->[CONV->RELU]*2->POLL->FC",
        "INPUT->[CONV->RELU]*2->POLL->FC: pattern, character 24: unknown word 'POLL'; did you mean 'POOL'? ",
    ),
    "misspelt system of many": (
        "compare mlp softheb",
        f"unknown system 'softheb'; did you mean 'softhebb'? there is: {NAMES}",
    ),
    "misspelt option": (
        "train lenet5 --set epoch=3",
        "unknown option of lenet5 'epoch'; did you mean 'epochs'? there is: activation, augment, batch, epochs",
    ),
    "misspelt option in a name": (
        "compare mlp:hiden=3",
        "unknown option of mlp 'hiden'; did you mean 'hidden'? there is: augment, batch, epochs, hidden, layers, rate",
    ),
    "an option that none has": (
        "compare mlp lenet5 --set planes=3",
        "unknown option of mlp 'planes'; ",
    ),
    "an option of a system without options": (
        "train nearest-neighbour --set k=3",
        "nearest-neighbour has no options, so 'k' cannot be set",
    ),
    "no value": ("train mlp --set hidden", "'hidden' is not KEY=VALUE"),
    "negative size": (
        "train hebbian-wta --set planes=-3",
        "hebbian-wta: planes = -3: input should be greater than or equal to 1",
    ),
    "no number": (
        "train mlp --set hidden=many",
        "mlp: hidden = 'many': input should be a valid integer, unable to parse string as an integer",
    ),
    "half a unit": (
        "train mlp --set hidden=4.5",
        "mlp: hidden = 4.5: input should be a valid integer, got a number with a fractional part",
    ),
    "rate 0": ("train mlp --set rate=0", "mlp: rate = 0: input should be greater than 0"),
    "rate nan": ("train mlp --set rate=nan", "mlp: rate = nan: input should be a finite number"),
    "no such read-out": (
        "compare softhebb --readout svm",
        "softhebb: readout = 'svm': input should be 'ridge' or 'softmax'",
    ),
    "view larger than the map": (
        "train hebbian-wta --set size=40",
        "hebbian-wta cannot see images of 1 x 28 x 28: a view of 40 does not fit a map of 28 x 28; set size=28 or "
        "less, or give images of at least 1 x 40 x 40",
    ),
    "view larger than the map within": (
        "models lenet5 --input 1x8x8",
        "lenet5 cannot see images of 1 x 8 x 8: "
        "layer S2: view of 5 does not fit a map of 4 x 4; pad by 1 or shrink the view, "
        "or give images of at least 1 x 12 x 12",
    ),
    "bad shape": ("models lenet5 --input 28x28", "--input '28x28' is not of the form CxHxW, such as 1x28x28"),
    "a folder where a system is wanted": ("models .", ".: give a system or a pattern of layers; "),
    "empty shape": ("models lenet5 --input 1x0x28", "--input 1x0x28: every side must be at least 1"),
    "no seeds": ("compare --seeds 0", "the command line: seeds = 0: input should be greater than or equal to 1"),
    "negative seed": ("train mlp --seed -1", "mlp: seed = -1: input should be greater than or equal to 0"),
    "no jobs": ("compare --jobs 0", f"Invalid value for '--jobs': Input should be greater than or equal to 1 {SEE}"),
    "no list of shifts": (
        "compare --shift abc",
        "--shift 'abc' is not a list of whole numbers such as 1,2,3,4",
    ),
    "no list of scales": ("compare --scale 1.1,x", "--scale '1.1,x' is not a list of numbers such as 0.5,2"),
    "scale 0": ("compare --scale 0,1", "the command line: scale.0 = 0.0: input should be greater than 0"),
    "bent by less than nothing": (
        "compare --bend=-1",
        "the command line: bend.0 = -1.0: input should be greater than 0",
    ),
    "turned by nan": ("compare --rotate nan", "the command line: rotate.0 = nan: input should be a finite number"),
    "shift 0": ("compare --shift 0,1", "the command line: shift.0 = 0: input should be greater than or equal to 1"),
    "more images than there are": (
        "compare --train-size 4001",
        "train_size 4001: digits has 4000 training images; ask for 1 to 4000",
    ),
    "no images": ("train mlp --train-size 0", "mlp: train_size = 0: input should be greater than or equal to 1"),
    "more labels than there are": (
        "train mlp --labels-per-class 401",
        "labels_per_class 401: digits has 400 training images of class '0'; ask for 1 to 400",
    ),
    "nothing to hold out": (
        "train mlp --train-size 2",
        "hold_out = 0.167 of 2 images leaves one part empty; set it to 0, or use more images",
    ),
    "all held out": ("train mlp --hold-out 1", "mlp: hold_out = 1.0: input should be less than 1"),
    "no labels to learn from": (
        "train lenet5 --data natural",
        "lenet5 learns from labels alone, but the data has none; choose other data or another system",
    ),
    "no labels to compare by": (
        "compare --data natural",
        "natural has no labelled test images, so nothing can be compared on it; choose other data",
    ),
    "misspelt data": ("train mlp --data digit", "unknown data set 'digit'; did you mean 'digits'? there is: cifar10,"),
    "no place": ("train mlp --data npz:", "data set 'npz:' names no place; write npz:FILE"),
    "no such device": ("train mlp --device tpu", "device 'tpu' is none of auto, cpu, gpu"),
    "twice the same": (
        "compare mlp mlp",
        "mlp stands twice in the comparison; leave one out, or give a TOML file a title",
    ),
    "no such figure": ("data show digits --out a.doc", "cannot draw into 'a.doc': let the name end in .png, "),
    "no such TOML": ("train none.toml", "none.toml: cannot be read (No such file or directory)"),
    "no such TOML to compare": ("compare mlp none.toml", "none.toml: cannot be read (No such file or directory)"),
    "no such TOML to show": ("config show none.toml", "none.toml: cannot be read (No such file or directory)"),
    "too many winners": (
        "train hebbian-wta:competition=k,k=20,planes=4",
        "layer S1: 20 winners among 4 planes; choose k up to the number of planes",
    ),
    "too many components": (
        "train hpca:planes=30",
        "layer S1: 30 planes look for as many components of 25 inputs; use no more planes than inputs",
    ),
    "no temperature": ("train softhebb:temperature=0", "softhebb: temperature = 0: input should be greater than 0"),
    "no rate": ("compare softhebb:rate=-1", "softhebb: rate = -1: input should be greater than 0"),
    "no views to code": ("train autoencoder:eye=zca", "reconstruct cannot teach layer S1, a standardized_conv layer"),
    "no other images": (
        "train softhebb:source=natural",
        "natural has images of 1 x 32 x 32, but 1 x 28 x 28 are wanted; choose others to learn from",
    ),
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage_exits_with_2_and_writes_nothing(name):
    words, message = USAGE[name]
    assert refused(2, *words.split()).startswith(message.format(words.split()[0]))
    assert left() == []


DATA = {
    "no run": ("evaluate nowhere", "nowhere is not a run folder: it has no run.json; `neuro-cnn train` and `compare`"),
    "no run to resume": ("train --resume nowhere", "nowhere is not a run folder: it has no run.json;"),
    "no file": ("train mlp --data npz:a.npz", "a.npz: no such file; name an npz file with the arrays images, labels"),
    "no folder": ("train mlp --data folder:a", "a: no such folder; name one that holds a sub-folder for each class"),
    "no IDX": ("compare --data idx:a", "a: no such folder; name one that holds train-images-idx3-ubyte[.gz]"),
    "not downloaded": ("train mlp --data mnist", "data set 'mnist' is not in "),
}


def test_a_study_cannot_be_trained_and_says_what_to_do(tmp_path):
    study = tmp_path / "study.toml"
    study.write_text('systems = ["mlp"]', encoding="utf-8")
    refused(2, f"{study} is a study of several systems; run it with: neuro-cnn compare {study}", "train", study)


@pytest.mark.parametrize("name", DATA)
def test_missing_data_exits_with_3_and_writes_nothing(name):
    words, message = DATA[name]
    assert refused(3, *words.split()).startswith(message)
    assert left() == []


def test_a_misspelt_key_of_a_toml_is_named_with_its_path_and_the_nearest(tmp_path):
    cases = {
        'model = "mlp"\nsed = 3\n': "sed is not a key here; did you mean 'seed'?",
        'model = "mlp"\n[options]\nhiden = 3\n': "unknown option of mlp 'hiden'; did you mean 'hidden'?",
        "model = \n": "not TOML: Invalid value (at line 1, column 9)",
        "seed = 3\n": "an experiment needs either `model` or both `network` and `curriculum`",
    }
    path = tmp_path / "a.toml"
    for text, message in cases.items():
        path.write_text(text, encoding="utf-8")
        for words in (("train",), ("compare",), ("config", "show"), ("config", "validate")):
            assert message in refused(2, *words, path)
    for text, message in {
        "systems = []\n": "systems",
        'systems = ["mlp"]\nseds = 2\n': "seds is not a key here; did you mean 'seeds'?",
        'systems = ["mpl"]\n': "unknown system 'mpl'; did you mean 'mlp'?",
    }.items():
        path.write_text(text, encoding="utf-8")
        for words in (("compare",), ("config", "validate")):
            assert message in refused(2, *words, path)
    assert left() == []


# Images and labels


def digits(**changed):
    """Arrays of a small labelled set of 12 x 12 images."""
    rng = np.random.default_rng(0)
    arrays = {"images": rng.random((40, 12, 12), dtype=np.float32), "labels": np.arange(40) % 4}
    return {**arrays, **changed}


IMAGES = {
    "NaN": (
        lambda d: d["images"].__setitem__((3, 2, 1), np.nan),
        "1 values are NaN or infinite, the first at index (3, 2, 1); remove them",
    ),
    "lengths": (lambda d: d.update(labels=d["labels"][:-1]), "40 images but 39 labels; give each image one label"),
    "range": (lambda d: d["images"].__imul__(255), "scale them to [0, 1], or pass uint8"),
    "names": (lambda d: d.pop("labels"), "needs the arrays images, labels, or train_images, "),
    "empty": (lambda d: d.update(images=d["images"][:0]), "is empty; give at least one image"),
    "labels": (lambda d: d.update(labels=d["labels"] / 2), "labels are float64, not integers; number the classes"),
}


@pytest.mark.parametrize("command", ["train mlp", "compare", "data show"])
@pytest.mark.parametrize("name", IMAGES)
def test_images_and_labels_that_cannot_be_exit_with_3(name, command, tmp_path):
    change, message = IMAGES[name]
    arrays = digits()
    change(arrays)
    np.savez(tmp_path / "a.npz", **arrays)
    place = f"npz:{tmp_path / 'a.npz'}"
    words = (*command.split(), place, "--out", "a.png") if "show" in command else (*command.split(), "--data", place)
    line = refused(3, *words)
    assert str(tmp_path / "a.npz") in line
    assert message in line
    assert left() == []


@pytest.mark.parametrize("system", ["softhebb", "kmeans-features", "rbm", "neocognitron-2013"])
def test_images_of_one_grey_teach_nobody_without_a_teacher(system, tmp_path):
    grey = np.arange(30, dtype=np.float32)[:, None, None] / 30 + np.zeros((28, 28), np.float32)
    np.savez(tmp_path / "grey.npz", images=grey, labels=np.arange(30) % 3)
    line = refused(3, "compare", system, "--data", f"npz:{tmp_path / 'grey.npz'}", "--out", tmp_path / "run")
    assert line.startswith("each of 24 images looked at is of one grey")


def test_whitening_by_too_few_views_says_how_many_it_needs(tmp_path):
    rng = np.random.default_rng(0)
    images = np.zeros((10, 28, 28), np.float32)
    images[:, 14, 14] = rng.random(10)
    np.savez(tmp_path / "dots.npz", images=images, labels=np.arange(10) % 2)
    line = refused(
        2, "compare", "random-features:eye=zca", "--data", f"npz:{tmp_path / 'dots.npz'}", "--out", tmp_path / "r"
    )
    assert "views that are not blank, but 25 dimensions to whiten; use more images" in line


def test_features_are_not_learned_from_the_test_images_under_another_name(tmp_path):
    arrays = digits()
    np.savez(tmp_path / "a.npz", **arrays)
    np.savez(
        tmp_path / "b.npz",
        train_images=arrays["images"],
        train_labels=arrays["labels"],
        test_images=arrays["images"][:2],
        test_labels=arrays["labels"][:2],
    )
    line = refused(
        2,
        "compare",
        f"softhebb:source=npz:{tmp_path / 'b.npz'}",
        "--data",
        f"npz:{tmp_path / 'a.npz'}",
        "--out",
        tmp_path / "r",
    )
    assert "test images of" in line
    assert "are among those of" in line


def test_a_truncated_npz_or_idx_file_exits_with_3(tmp_path):
    np.savez(tmp_path / "a.npz", **digits())
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[: len(content) // 2])
    assert "a.npz: cannot be read as npz" in refused(3, "train", "mlp", "--data", f"npz:{tmp_path / 'a.npz'}")
    folder = tmp_path / "idx"
    folder.mkdir()
    for side, count in (("train", 30), ("t10k", 10)):
        header = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (count, 12, 12))
        (folder / f"{side}-images-idx3-ubyte").write_bytes(header + bytes(count * 144))
        (folder / f"{side}-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + count.to_bytes(4, "big") + bytes(count))
    path = folder / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    expected = (
        "t10k-images-idx3-ubyte: 1456 bytes expected for 10 x 12 x 12 values of 1, 1455 found; get the file again"
    )
    assert expected in refused(3, "compare", "--data", f"idx:{folder}")
    assert left() == []


def test_an_empty_folder_exits_with_3(tmp_path):
    (tmp_path / "images").mkdir()
    line = refused(3, "train", "mlp", "--data", f"folder:{tmp_path / 'images'}")
    assert line.endswith("images: no sub-folders; put each class's images into a sub-folder of its own")
    assert "no train-images-idx3-ubyte[.gz]; there is: nothing" in refused(
        3, "compare", "--data", f"idx:{tmp_path / 'images'}"
    )
    assert left() == []


def test_images_of_another_size_are_refused_by_a_run_that_has_learned(run, tmp_path):
    np.savez(tmp_path / "a.npz", **digits())
    place = f"npz:{tmp_path / 'a.npz'}"
    line = refused(2, "evaluate", run, "--data", place)
    assert "made for images of (1, 28, 28) and 10 classes" in line
    assert "has (1, 12, 12) and 4; choose data like those" in line
    assert "made for images of (1, 28, 28) and 10 classes" in refused(2, "compare", "mlp", run, "--data", place)
    from PIL import Image

    Image.fromarray(np.zeros((12, 12), np.uint8)).save(tmp_path / "a.png")
    assert "but the run sees (1, 28, 28); scale it first" in refused(
        2, "respond", run, tmp_path / "a.png", "--out", "b.png"
    )
    assert "test image 1000; there are 1000, numbered from 0" in refused(2, "respond", run, 1000, "--out", "b.png")
    (tmp_path / "a.png").write_bytes(b"no image")
    assert "cannot be read as an image" in refused(3, "respond", run, tmp_path / "a.png", "--out", "b.png")
    assert "or the number of a test image" in refused(3, "respond", run, "seven", "--out", "b.png")
    assert left() == []


def test_a_view_needs_a_class_that_there_is(run, tmp_path):
    from PIL import Image

    Image.fromarray(np.zeros((28, 28), np.uint8)).save(tmp_path / "a.png")
    line = refused(2, "view", run, tmp_path / "a.png", "--out", "b.png")
    assert line == "a.png has no label, and without one there is no loss; set --label"
    assert refused(2, "view", run, 0, "--label", "x", "--out", "b.png").startswith("unknown class 'x'; there is: 0, 1")
    assert left() == []


def test_looking_at_what_is_not_there_is_refused(run):
    assert "unknown layer 'S1'; there is: flat, hidden, out, rectified" in refused(2, "fields", run, "--out", "a.png")
    line = refused(2, "fields", run, "--layer", "hidden", "--out", "a.png")
    assert line == "layer hidden has no shared weights over a view to draw; no layer of this run has"
    assert "a.doc" in refused(2, "evaluate", run, "--out", "a.doc")
    assert "images enlarged by 0; give a positive factor" in refused(2, "evaluate", run, "--scale", 0)
    assert "rotate inf; give a finite number" in refused(2, "evaluate", run, "--rotate", "inf")
    assert left() == []


# Run folders


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("words", [("train", "mlp:hidden=4", *TINY), ("compare", "mlp:hidden=4", *TINY, "--shift", 1)])
def test_an_existing_folder_is_left_alone_without_overwrite_and_replaced_with_it(words, run, tmp_path):
    folder = tmp_path / "old"
    shutil.copytree(run, folder)
    (folder / "old.txt").write_text("", encoding="utf-8")
    before = contents(folder)
    line = refused(2, *words, "--out", folder)
    assert line == f"{folder} already exists; choose another --out, or replace it with --overwrite"
    assert contents(folder) == before
    assert call(*words, "--out", folder, "--overwrite").code == 0
    assert not (folder / "old.txt").exists()


def test_a_wrong_command_does_not_overwrite(run, tmp_path):
    folder = tmp_path / "old"
    shutil.copytree(run, folder)
    before = contents(folder)
    for words in (("train", "mlp:hidden=0"), ("train", "mlp", "--data", "natural"), ("compare", "mlp", "--seeds", 0)):
        refused(2, *words, "--out", folder, "--overwrite")
    refused(3, "compare", "mlp", "--data", "npz:none", "--out", folder, "--overwrite")
    assert contents(folder) == before


def test_a_folder_that_is_no_run_is_never_overwritten(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("words", encoding="utf-8")
    for words in (("train", "mlp", *TINY), ("compare", "mlp", *TINY)):
        line = refused(2, *words, "--out", tmp_path / "thesis", "--overwrite")
        assert line.endswith("is not a run folder (it has no run.json), so it is not replaced; move it away")
        line = refused(2, *words, "--out", tmp_path / "thesis" / "chapter.txt", "--overwrite")
        assert line.endswith("chapter.txt is a file; choose another --out")
    assert (tmp_path / "thesis" / "chapter.txt").read_text(encoding="utf-8") == "words"


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "new").mkdir()
    assert call("train", "mlp:hidden=4", *TINY, "--out", tmp_path / "new").code == 0


def test_a_comparison_or_an_unfinished_run_cannot_be_evaluated_and_says_what_to_do(run, tmp_path):
    folder = tmp_path / "a b"
    shutil.copytree(run, folder)
    shutil.rmtree(folder / "checkpoints")
    line = refused(2, "evaluate", folder)
    assert line == f"{folder} has not learned far enough; go on with: neuro-cnn train --resume '{folder}'"
    (folder / "config.toml").write_text('systems = ["mlp"]\n', encoding="utf-8")
    for words in (("evaluate", folder), ("train", "--resume", folder)):
        assert refused(2, *words).startswith(f"{folder} is a comparison; name the folder of one run")


def test_a_run_goes_on_as_it_was_begun_and_a_setting_that_differs_is_named(run):
    for more in (("mlp",), ("--out", "a"), ("--overwrite",)):
        line = refused(2, "train", *more, "--resume", run)
        assert line == "--resume goes on with a run as it was configured; leave out the name and other settings"
    for more, told in {
        ("--seed", 1): "seed is 0 there, but 1",
        ("--set", "hidden=3"): "options.hidden is 4 there, but 3",
        ("--set", "hidden=4", "--set", "rate=0.5"): "options.rate is 0.001 there, but 0.5",
        ("--hold-out", 0, "--seed", 0): "hold_out is 0.16666666666666666 there, but 0.0",
        ("--labels-per-class", 2): "labels_per_class is not set there, but 2",
        ("--data", "glyphs"): "data is 'digits' there, but 'glyphs'",
    }.items():
        line = refused(2, "train", *more, "--resume", run)
        assert line.startswith(f"{run}: {told} was asked for; a run goes on as it was begun, so choose another folder")
    assert "did you mean 'hidden'?" in refused(2, "train", "--set", "hiden=4", "--resume", run)
    same = ("--seed", 0, "--set", "hidden=4", "--set", "rate=0.001", "--train-size", 40, "--split", 0)
    assert call("train", *same, "--resume", run).code == 0
    assert left() == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.toml", b"model = ", "config.toml: not TOML"),
        ("config.toml", None, "config.toml: cannot be read"),
        ("checkpoints/best.safetensors", b"abc", "best.safetensors: not a checkpoint of neuro_cnn, or damaged"),
    ],
)
def test_a_damaged_run_exits_with_3(run, tmp_path, name, content, message):
    folder = tmp_path / "it"
    shutil.copytree(run, folder)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    assert message in refused(3, "evaluate", folder)


def test_a_rate_that_makes_weights_explode_fails_with_1_and_names_the_phase(tmp_path):
    line = refused(1, "train", "mlp", "--train-size", 200, "--set", "rate=1e30", "--out", tmp_path / "run")
    assert line.startswith("all layers: backprop: loss is ")
    assert "lower the rate" in line
    assert '"exit_code": 1' in (tmp_path / "run" / "run.json").read_text(encoding="utf-8")


LATER = """
hold_out = 0.2
train_size = 200
[network]
layers = [["flat", {kind = "flatten"}], ["out", {kind = "dense", units = 10}]]
[[curriculum]]
epochs = 4
batch = 40
[curriculum.method]
kind = "backprop"
[curriculum.method.optimizer]
kind = "sgd"
rate = {kind = "steps", start = 0.05, factor = 1e40, after = [0.6]}
"""


@pytest.mark.parametrize("held_out", [0.2, 0])
def test_a_run_that_diverges_later_names_the_batch_and_keeps_the_last_good_weights(held_out, tmp_path):
    (tmp_path / "later.toml").write_text(LATER.replace("0.2", str(held_out)), encoding="utf-8")
    folder = tmp_path / "run"
    answer = finished(program("train", tmp_path / "later.toml", "--out", folder, "--json"))
    assert answer.code == 1
    last = folder / "checkpoints" / "last.safetensors"
    assert answer.err.splitlines() == [
        "neuro-cnn: all layers: backprop: loss is nan in epoch 3, "
        f"batch 4 of {4 if held_out else 5}, at a rate of 5e+38; lower the rate; "
        f"the last good weights are in {last}"
    ]
    assert [line["epoch"] for line in answer.lines] == [0, 1]
    state = checkpoint.load(last).state
    assert (state.phase, state.epoch, state.batch) == (0, 2, 0)
    assert all(np.all(np.isfinite(leaf)) for _, leaf in leaves(state.params))
    told = finished(program("evaluate", folder, "--json"))  # and it is there to be used
    assert (told.code, told.json["accuracy"] > 0.5) == (0, True)


def test_a_run_loses_patience_and_keeps_its_best_weights_and_a_comparison_refuses_to_wait(tmp_path):
    path, folder = tmp_path / "patient.toml", tmp_path / "run"
    text = LATER.replace("epochs = 4", "epochs = 40\npatience = 2").replace("0.05", "2.0").replace("1e40", "1.0")
    path.write_text(text, encoding="utf-8")
    answer = call("train", path, "--out", folder, "--json")
    *epochs, result = answer.lines
    losses = [line["held_out_loss"] for line in epochs]
    assert len(losses) == int(np.argmin(losses)) + 3 < 40
    assert f"all layers: backprop: out of patience after epoch {len(losses)} of 40" in answer.err
    assert checkpoint.load(folder / "checkpoints" / "best.safetensors").state.epoch == int(np.argmin(losses)) + 1
    assert result["test_accuracy"] == call("evaluate", folder, "--json").json["accuracy"]
    told = refused(2, "compare", path, "--train-size", 200)
    assert "waits for the loss of images held out, but none are; train" in told
    path.write_text(text.replace("hold_out = 0.2", ""), encoding="utf-8")
    assert "but none are; train with hold_out, or leave patience out" in refused(2, "train", path)


def test_a_class_without_a_training_image_is_told_of(tmp_path):
    known, test = digits()["labels"] != 3, digits()
    train = {f"train_{name}": array[known] for name, array in digits().items()}
    np.savez(tmp_path / "d.npz", **train, test_images=test["images"], test_labels=test["labels"])
    for command in ("train", "compare"):
        answer = call(
            command, "mlp:hidden=4,epochs=1", "--data", f"npz:{tmp_path / 'd.npz'}", "--out", tmp_path / command
        )
        assert answer.code == 0, answer.err
        assert "no training image is labelled 3, so these cannot be learned\n" in answer.err
        assert "no training image is labelled 3" in (tmp_path / command / "log.txt").read_text(encoding="utf-8")


def test_many_classes_without_a_training_image_are_told_of_once_and_the_first_by_name(tmp_path):
    arrays = digits(labels=np.where(np.arange(40) % 2, 30, 0))
    np.savez(tmp_path / "d.npz", **arrays)
    answer = call(
        "compare", "mlp:hidden=4,epochs=1", "--data", f"npz:{tmp_path / 'd.npz'}", "--splits", 2, "--out", "c"
    )
    assert answer.code == 0, answer.err
    told = "no training image is labelled 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 19 others, so these cannot be learned\n"
    assert answer.err.count(told) == answer.err.count("no training image") == 1


def test_debug_shows_the_traceback():
    with pytest.raises(UsageError, match="unknown system 'nonsense'"):
        call("--debug", "train", "nonsense")


# A disk that refuses


posix = pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")


@posix
@pytest.mark.parametrize(("size", "words"), [(20_000, "train lenet5"), (100_000, "compare lenet5 --shift 1")])
def test_a_full_disk_exits_with_3_and_leaves_no_half_file(size, words, tmp_path):
    command = (*words.split(), *TINY, "--out", tmp_path / "run")
    answer = finished(program(*command, largest_file=size))
    assert answer.code == 3, answer.err
    (line,) = [line for line in answer.err.splitlines() if line.startswith("neuro-cnn: ")]
    assert answer.err.endswith(line + "\n")
    assert "File too large; free some space or choose another --out, and run again" in line
    assert str(tmp_path / "run") in line
    assert "Traceback" not in answer.err
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert not [path for path in files if path.name.startswith(".") or path.suffix in (".html", ".safetensors")]
    assert all(path.read_bytes().endswith(b"IEND\xaeB`\x82") for path in files if path.suffix == ".png")
    assert '"status": "failed"' in (tmp_path / "run" / "run.json").read_text(encoding="utf-8")


@posix
def test_a_disk_full_from_the_start_leaves_no_folder(tmp_path):
    answer = finished(program("train", "lenet5", *TINY, "--out", tmp_path / "run", largest_file=0))
    assert answer.code == 3
    assert answer.err.endswith("File too large; free some space or choose another --out, and run again\n")
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


@posix
def test_a_run_that_met_a_full_disk_goes_on_when_there_is_space(tmp_path):
    words = ("train", "lenet5", "--train-size", 40, "--set", "epochs=2", "--out", tmp_path / "run", "--json")
    failed = finished(program(*words, largest_file=20_000))
    assert failed.code == 3
    resumed = finished(program("train", "--resume", tmp_path / "run", "--json"))
    whole = finished(program(*words[:-2], tmp_path / "whole", "--json"))
    assert resumed.lines[-1]["test_accuracy"] == whole.lines[-1]["test_accuracy"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_stdout_exits_with_3_in_one_line():
    with open("/dev/full", "w", encoding="utf-8") as full:
        answer = finished(program("models", "--json", stdout=full))
    assert answer.code == 3
    assert answer.err == "neuro-cnn: No space left on device; free some space or choose another --out, and run again\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_exits_with_3(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    line = refused(3, "train", "mlp", *TINY, "--out", tmp_path / "locked" / "run")
    assert "Permission denied" in line


def test_a_file_in_the_place_of_a_folder_exits_with_3(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    line = refused(3, "train", "mlp", *TINY, "--out", tmp_path / "file" / "run")
    assert "file" in line
    assert "choose another --out" in line


def test_the_embedded_digits_are_what_these_tests_assume():
    assert load("digits").train.shape == (1, 28, 28)
