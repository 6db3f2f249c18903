"""The catalogue of systems: a name, its options, its network and its curriculum."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Protocol

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.errors import UsageError, unknown
from neuro_cnn.layers import Flatten, Shape
from neuro_cnn.models.adaline import Adaline
from neuro_cnn.models.alexnet import AlexNet, AlexNetSmall
from neuro_cnn.models.autoencoder import Autoencoder
from neuro_cnn.models.bridge import Bridge
from neuro_cnn.models.convnetjs import ConvNetJSCIFAR, ConvNetJSMNIST
from neuro_cnn.models.cortical_sheet import CorticalSheet
from neuro_cnn.models.features import RandomFeatures
from neuro_cnn.models.googlenet import GoogLeNet
from neuro_cnn.models.hebbian_wta import HebbianWTA
from neuro_cnn.models.hmax import HMAX
from neuro_cnn.models.hpca import HPCA
from neuro_cnn.models.imprinted_patches import ImprintedPatches
from neuro_cnn.models.kmeans_features import KMeansFeatures
from neuro_cnn.models.lenet5 import LeNet5
from neuro_cnn.models.lenet5_1998 import LeNet5Of1998
from neuro_cnn.models.lgn_v1 import LGNV1
from neuro_cnn.models.madaline import Madaline
from neuro_cnn.models.mlp import MLP
from neuro_cnn.models.nearest_neighbour import NearestNeighbour
from neuro_cnn.models.neocognitron_1980 import Neocognitron1980
from neuro_cnn.models.neocognitron_1988 import Neocognitron1988
from neuro_cnn.models.neocognitron_2003 import Neocognitron2003
from neuro_cnn.models.neocognitron_2013 import Neocognitron2013
from neuro_cnn.models.neocognitron_simple import NeocognitronSimple
from neuro_cnn.models.neocognitron_supervised import NeocognitronSupervised
from neuro_cnn.models.notation import ARROW
from neuro_cnn.models.pattern import Pattern
from neuro_cnn.models.perceptron import Perceptron
from neuro_cnn.models.pretrained import PretrainedFinetuned
from neuro_cnn.models.rbm import RBM
from neuro_cnn.models.resnet import ResNet18, ResNet50
from neuro_cnn.models.simple_complex import SimpleComplex
from neuro_cnn.models.softhebb import SoftHebb
from neuro_cnn.models.softhebb_2023 import SoftHebb2023
from neuro_cnn.models.vgg16 import VGG16
from neuro_cnn.models.zfnet import ZFNet
from neuro_cnn.network import Chain
from neuro_cnn.rules import (
    AddIfSilent,
    Centre,
    Edges,
    Imprint,
    SetThreshold,
    Standardize,
    Whiten,
    WinnerKillLoser,
    WinnerTakeAll,
)
from neuro_cnn.spec import read


class System(Protocol):
    """A frozen dataclass whose fields are the system's options."""

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """The wiring for images of this shape."""
        ...

    def curriculum(self) -> Curriculum:
        """Who learns, how, in what order."""
        ...


LARGER = 512
"""By how many rows and columns images that are too small are enlarged, at most, to say what would do (our choice)."""

CATALOGUE: dict[str, Any] = {
    "nearest-neighbour": NearestNeighbour,
    "random-features": RandomFeatures,
    "imprinted-patches": ImprintedPatches,
    "hebbian-wta": HebbianWTA,
    "softhebb": SoftHebb,
    "cortical-sheet": CorticalSheet,
    "simple-complex": SimpleComplex,
    "softhebb-2023": SoftHebb2023,
    "kmeans-features": KMeansFeatures,
    "hpca": HPCA,
    "pretrained-finetuned": PretrainedFinetuned,
    "autoencoder": Autoencoder,
    "rbm": RBM,
    "neocognitron-1980": Neocognitron1980,
    "neocognitron-1988": Neocognitron1988,
    "neocognitron-2003": Neocognitron2003,
    "neocognitron-2013": Neocognitron2013,
    "neocognitron-simple": NeocognitronSimple,
    "neocognitron-supervised": NeocognitronSupervised,
    "bridge": Bridge,
    "hmax": HMAX,
    "lgn-v1": LGNV1,
    "mlp": MLP,
    "lenet5": LeNet5,
    "alexnet": AlexNet,
    "alexnet-small": AlexNetSmall,
    "zfnet": ZFNet,
    "vgg16": VGG16,
    "googlenet": GoogLeNet,
    "resnet18": ResNet18,
    "resnet50": ResNet50,
    "perceptron": Perceptron,
    "adaline": Adaline,
    "madaline": Madaline,
    "lenet5-1998": LeNet5Of1998,
    "convnetjs-mnist": ConvNetJSMNIST,
    "convnetjs-cifar": ConvNetJSCIFAR,
}

NO_FEATURES = (
    *("edges", "standardize", "whiten", "centre", "set_threshold"),
    *("ridge", "name_cells", "learn_references", "labelled_wta", "supervised_wta"),
)
"""Rules that wire, fit moments or teach the read-out; `learning` does not name them."""

FITTED = (Centre, Edges, SetThreshold, Standardize, Whiten)
"""Rules that wire or fit moments and thresholds: no learning of weights, so that a control keeps them."""

MAIN = ("nearest-neighbour", "random-features", "hebbian-wta", "softhebb", "neocognitron-2013", "lenet5")
"""What `compare` sets side by side when no system is named."""


def defaults(name: str) -> dict[str, Any]:
    """The options of a system and their defaults; a pattern of layers has the letters that stand in it.

    Raises UsageError for a name that does not exist, with the nearest one, or for a text that is no pattern.
    """
    if ARROW in name:
        made = read(Pattern, {"text": name}, name)
        left_out = {"text", *"NMK"} - made.letters
        return {key: value for key, value in vars(made).items() if key not in left_out}
    if name not in CATALOGUE:
        if "." in name or "/" in name:
            raise UsageError(f"{name} is neither a system nor a TOML file or a run folder that is there")
        raise unknown("system", name, CATALOGUE)
    return {field.name: field.default for field in fields(CATALOGUE[name])}


def system(name: str, options: Mapping[str, Any] | None = None) -> System:
    """The system of a name, or of a pattern of layers (a text with arrows, ->), with its options set.

    Raises UsageError for a name or option that does not exist, with the nearest one, or a value that cannot be.
    """
    known = defaults(name)
    for key in options or {}:
        if key not in known:
            if not known:
                raise UsageError(f"{name} has no options, so {key!r} cannot be set")
            raise unknown(f"option of {name}", key, known)
    kind, written = (Pattern, {"text": name}) if ARROW in name else (CATALOGUE[name], {})
    made: System = read(kind, {**written, **(options or {})}, name)
    return made


def build(name: str, in_shape: Shape, classes: int, **options: Any) -> tuple[Chain, Curriculum]:
    """The network and curriculum of a system for images of this shape. Raises UsageError as `system` does.

    With 0 classes, for data without labels, what learns from labels is left out, and all from the read-out on.
    """
    made = system(name, options)
    try:
        net = _checked(made, in_shape, max(classes, 1))
    except UsageError as error:
        seen = f"{name} cannot see images of {' x '.join(map(str, in_shape))}"
        raise UsageError(f"{seen}: {error}{_enough(made, in_shape, max(classes, 1))}") from error
    return (net, made.curriculum()) if classes else _without_labels(name, net, made.curriculum())


def _checked(made: System, in_shape: Shape, classes: int) -> Chain:
    """The network of a system. Raises UsageError where views do not fit."""
    net = made.network(in_shape, classes)
    net.init(in_shape, None)
    return net


def _enough(made: System, in_shape: Shape, classes: int) -> str:
    """What to say of larger images: the least that the system sees, where there are any."""
    channels, *sides = in_shape

    def seen(more: int) -> bool:
        try:
            _checked(made, (channels, *(side + more for side in sides)), classes)
        except UsageError:
            return False
        return True

    more = bisect_left(range(LARGER), True, key=seen)
    least = " x ".join(str(side) for side in (channels, *(side + more for side in sides)))
    return f", or give images of at least {least}" if more < LARGER else ""


def _without_labels(name: str, net: Chain, curriculum: Curriculum) -> tuple[Chain, Curriculum]:
    """The phases that read no labels, and the layers below the read-out: the next that learns from labels, or flattens.

    So C-cells above the last layer that learns are kept, for physiology.
    """
    kept = tuple(phase for phase in curriculum if not phase.method.supervised)
    if not kept:
        raise UsageError(f"{name} learns from labels alone, but the data has none; choose other data or another system")
    last = max(net.names.index(layer) for phase in kept for layer in phase.learners(net))
    taught = {layer for phase in curriculum if phase.method.supervised for layer in phase.learners(net)}
    above = net.layers[last + 1 :]
    ends = (at for at, (layer, wiring) in enumerate(above) if layer in taught or isinstance(wiring, Flatten))
    return Chain(net.layers[: last + 1 + next(ends, len(above))]), kept


def control(curriculum: Curriculum) -> Curriculum | None:
    """The curriculum with unsupervised learning left out: what the same cells reach with random weights.

    Layers that grow have no weights to leave as they are, and cells with random weights would not reach their
    thresholds: there views of training images, drawn at random, stand in,
    as many as the layer may have planes. None when nothing is learned without a
    teacher, or nothing else. Edges and fitted moments stay: they are no learning of weights.
    """
    kept = tuple(phase for phase in map(_unlearned, curriculum) if phase is not None)
    return None if kept in ((), curriculum) else kept


def unlearned(curriculum: Curriculum) -> Curriculum:
    """What is left of a curriculum where nothing is learned, with a teacher or without.

    () or edges, fitted moments, and views where layers grow, as in `control`.
    """
    kept = (_unlearned(phase) for phase in curriculum if not phase.method.supervised)
    return tuple(phase for phase in kept if phase is not None)


def _unlearned(phase: Phase) -> Phase | None:
    """What is left of a phase where nothing is learned without a teacher."""
    rules = phase.method.taught
    if phase.method.supervised or any(isinstance(rule, FITTED) for rule in rules):
        return phase
    if isinstance(grown := rules[0], AddIfSilent | WinnerKillLoser | WinnerTakeAll):
        return replace(phase, method=Local(Imprint(grown.strength)), epochs=0)
    return None


def control_name(learned: str) -> str:
    """What a control's cells are, by how they learned (as `learning` says it)."""
    return "random views" if "imprint" in learned else "random weights"


def learning(curriculum: Curriculum) -> str:
    """How the features learn, in a word or two, for tables."""
    words = []
    for phase in curriculum:
        for word in [str(rule.kind) for rule in phase.method.taught] or ["backprop"]:
            readout = word in NO_FEATURES or (word == "backprop" and phase.layers == ("out",))
            if not readout and word not in words:
                words.append(word)
    return " + ".join(words) or "none"
