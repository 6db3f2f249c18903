"""Data sets by name: the catalogue, and loading a split of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from neuro_cnn.data import cifar, folder, idx, natural, npy, npz
from neuro_cnn.data.download import REMOTES, data_folder, download, fetched
from neuro_cnn.data.generated import GENERATED, Generated, Recipe
from neuro_cnn.data.images import Data, Dataset, chosen, to_unit
from neuro_cnn.data.natural import EMBEDDED
from neuro_cnn.data.splits import Pool, halves, hide, ranks, subset
from neuro_cnn.errors import DataError, UsageError, unknown
from neuro_cnn.streams import generator

CLOTHES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One data set of the catalogue: what it holds, where it comes from, and how its folder is read."""

    shape: tuple[int, int, int]
    train: int
    test: int
    classes: tuple[str, ...]
    origin: str
    read: Callable[[Path], Pool]


def _read_digits(embedded: Path) -> Pool:
    return npz.read_npz(embedded / "mnist5k.npz")


CATALOGUE = {
    "digits": Entry(
        (1, 28, 28), 4000, 1000, idx.DIGITS,
        "5,000 digits of MNIST's training set (LeCun, Cortes and Burges), commonly stated as CC BY-SA 3.0",
        _read_digits,
    ),
    "natural": Entry(
        (1, natural.TILE, natural.TILE), 384, 128, (),
        "unlabelled 32 x 32 tiles of 8 photographs of scikit-image, CC0 or public domain",
        natural.read_tiles,
    ),
    "mnist": Entry(
        (1, 28, 28), 60000, 10000, idx.DIGITS,
        "MNIST, handwritten digits (LeCun, Cortes and Burges), commonly stated as CC BY-SA 3.0",
        partial(idx.read_folder, classes=idx.DIGITS),
    ),
    "fashion-mnist": Entry(
        (1, 28, 28), 60000, 10000, CLOTHES,
        "Fashion-MNIST, articles of clothing (Xiao, Rasul and Vollgraf 2017), MIT licence",
        partial(idx.read_folder, classes=CLOTHES),
    ),
    "emnist-digits": Entry(
        (1, 28, 28), 240000, 40000, idx.DIGITS,
        "EMNIST, the digits (Cohen, Afshar, Tapson and van Schaik 2017), from NIST Special Database 19",
        idx.read_emnist,
    ),
    "cifar10": Entry(
        (3, 32, 32), 50000, 10000, cifar.CLASSES,
        "CIFAR-10, photographs in ten classes (Krizhevsky 2009), no licence stated",
        cifar.read_cifar10,
    ),
}  # fmt: skip

READERS: dict[str, Callable[[Path], Pool]] = {
    "idx": idx.read_folder,
    "npz": npz.read_npz,
    "npy": npy.read_folder,
    "folder": folder.read_folder,
}
FORMS = {"idx": "idx:FOLDER", "npz": "npz:FILE", "npy": "npy:FOLDER", "folder": "folder:PATH"}


def load(name: str, *, split: int = 0, train_size: int | None = None, labels_per_class: int | None = None) -> Data:
    """Load a data set by its name in the catalogue, with settings as sounds:count=100, or as npz:FILE, npy:FOLDER, ....

    Split 0 is the shipped one; split k > 0 draws as many training and test images anew, stratified.
    `train_size` keeps that many training images, stratified, and `labels_per_class` the labels of that many
    a class; within one split a smaller choice lies within a larger. Raises UsageError for an unknown name or
    a number out of reach, DataError for data that is missing or not what it claims to be.
    """
    if split < 0:
        raise UsageError(f"split {split} is negative; split 0 is the shipped one, 1, 2, ... are drawn anew")
    recipe = _recipe(name)
    data, source = _read(name) if recipe is None else (recipe.pool(split), f"made by neuro_cnn: {recipe}")
    train, test = halves(data, split if recipe is None else 0, name)  # what is made is made for a split, in its halves
    places = ranks(data.labels[train], generator(split, "subset"))
    if train_size is not None:
        _check_whole(recipe, data, train_size, name)
        kept = subset(data.labels[train], places, train_size, name)
        train, places = train[kept], places[kept]
    labels = data.labels[train]
    if labels_per_class is not None:
        labels = hide(labels, places, labels_per_class, data.classes, name)
    return Data(
        name,
        Dataset(to_unit(chosen(data.images, train)), labels, data.classes),
        Dataset(to_unit(chosen(data.images, test)), data.labels[test], data.classes),
        source,
        split,
        train_size,
        labels_per_class,
    )


def _check_whole(recipe: Recipe | None, data: Pool, train_size: int, name: str) -> None:
    """Raises UsageError where fewer images would tear sequences apart."""
    if recipe is not None and data.together > 1:
        remedy = "set its count instead"
        raise UsageError(f"train_size {train_size}: {name} is made of sequences of {data.together} images; {remedy}")


def _recipe(name: str) -> Recipe | None:
    """How a data set is made, None where it is read; a name of the catalogue as it stands is read."""
    form, _, text = name.partition(":")
    return GENERATED[form].parse(text) if form in GENERATED and name not in CATALOGUE else None


def _read(name: str) -> tuple[Pool, str]:
    """The pool of a data set, and a sentence on its origin."""
    form, colon, place = name.partition(":")
    if colon and form in READERS:
        if not place:
            raise UsageError(f"data set {name!r} names no place; write {FORMS[form]}")
        path = Path(place).expanduser()
        return READERS[form](path), f"{form} data of {path}"
    if name not in CATALOGUE and Path(name).exists():
        arrays = any(Path(name).glob("*images.npy"))
        of_folder = "npy:" if arrays else "folder:" if Path(name).is_dir() else "npz:, idx: or folder:"
        wanted = "npz:" if name.endswith(".npz") else of_folder
        raise UsageError(f"data set {name!r} is a place on disk; say what it holds: {wanted}{name}")
    if name not in CATALOGUE:
        raise unknown("data set", name, {*CATALOGUE, *GENERATED, *FORMS.values()})
    entry = CATALOGUE[name]
    if name not in REMOTES:
        return entry.read(EMBEDDED), entry.origin
    if not fetched(name):
        raise DataError(f"data set {name!r} is not in {data_folder()}; run: neuro-cnn data fetch {name}")
    return entry.read(data_folder() / name), entry.origin


def fetch(name: str, progress: bool = True) -> Path:
    """Download a data set into `data_folder()` unless it is there already; returns the folder of its files.

    Raises UsageError for an unknown name, DataError where no mirror serves a file with the right SHA256.
    """
    if name not in CATALOGUE:
        raise unknown("data set", name, CATALOGUE)
    if name not in REMOTES:
        return EMBEDDED
    return download(REMOTES[name], data_folder() / name, progress)


def catalogue() -> list[dict[str, object]]:
    """What `load` knows by name, unread: name, shape, numbers of images and classes, where, origin."""
    made = {f"{name}:" if name in CATALOGUE else name: entry for name, entry in GENERATED.items()}
    return [_row(name, entry, _where(name), entry.origin) for name, entry in CATALOGUE.items()] + [
        _row(name, entry, "made", f"{entry.origin}; {entry.example}") for name, entry in made.items()
    ]


def _row(name: str, entry: Entry | Generated, where: str, origin: str) -> dict[str, object]:
    return {
        "name": name,
        "shape": entry.shape,
        "train": entry.train,
        "test": entry.test,
        "classes": len(entry.classes),
        "where": where,
        "origin": origin,
    }


def _where(name: str) -> str:
    if name not in REMOTES:
        return "embedded"
    return "downloaded" if fetched(name) else "not downloaded"
