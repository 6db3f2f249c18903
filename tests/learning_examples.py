"""A tiny problem, and curricula of every kind to learn it by."""

import numpy as np

from neuro_cnn.curriculum import Backprop, Local, Phase, Together
from neuro_cnn.data import Dataset
from neuro_cnn.data.augment import Augment, Elastic
from neuro_cnn.data.lessons import Pattern
from neuro_cnn.layers import (
    BatchNorm,
    CCells,
    Contrast,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Gabors,
    Hyperbolic,
    InterpolatingVector,
    Join,
    Labelled,
    LabelledCells,
    Maxout,
    Nearest,
    Normalize,
    PReLU,
    Prototypes,
    ReLU,
    Resize,
    SCells,
    Shunting,
    SquareRoot,
    Subtractive,
    Triangle,
)
from neuro_cnn.losses import SquaredError
from neuro_cnn.network import Chain
from neuro_cnn.optim import SGD, Adadelta, Adam, ClipNorm
from neuro_cnn.rules import (
    AddIfSilent,
    Conscience,
    ContrastiveDivergence,
    Edges,
    Everywhere,
    FromData,
    Fukushima1980,
    Gaussian,
    HardWTA,
    Hebbian,
    Imprint,
    Instar,
    LabelledWTA,
    LearnReferences,
    Memorize,
    NameCells,
    Oja,
    Reconstruct,
    Ridge,
    SoftHebb,
    SoftWTA,
    Sparse,
    Standardize,
    SupervisedWTA,
    Taught,
    UnitNorm,
    WinnerKillLoser,
    WinnerTakeAll,
)
from neuro_cnn.schedule import Cosine, Linear, Warmup


def bars(count: int = 26, seed: int = 0) -> Dataset:
    """Noisy 6 x 6 images of an upright, a level or a slanting bar."""
    rng = np.random.default_rng(seed)
    images = rng.uniform(0, 0.2, (count, 1, 6, 6)).astype(np.float32)
    labels = np.arange(count) % 3
    for image, label, place in zip(images[:, 0], labels, rng.integers(1, 5, count), strict=True):
        if label == 2:
            image[np.arange(6), (np.arange(6) + place) % 6] += 0.8
        else:
            (image[place] if label else image[:, place])[...] += 0.8
    return Dataset(images, labels, ("upright", "level", "slanting"))


ALL = "all"
S1 = ("S1", Conv(4, 3, bias=False))
END = (("C1", CCells(2)), ("flat", Flatten()), ("out", Dense(3)))
KEEP = (UnitNorm(), Conscience(2.0))
WTA = Local(Hebbian(Linear(0.3), HardWTA(), Instar(), KEEP, "data"))
SOFT = Local(Hebbian(0.2, SoftWTA(0.2), SoftHebb(), KEEP))
RIDGE = Phase(("out",), Local(Ridge()), batch=10)
TWO = Chain(
    (
        ("R", Contrast(3, 0.5, 1.0)),
        *(S1, ("T1", Triangle())),
        *(("N2", Normalize()), ("S2", Conv(5, 2, bias=False)), ("T2", Triangle())),
        *END,
    )
)
LESSON = (
    *(Pattern("68 98", 0, (1, 2)), Pattern("76 79", 1, (1, 1)), Pattern("66 99", 2, (2, 2))),
    Pattern("67 98", 0, (1, 2)),
)
PROBLEMS = {
    "hebbian, ridge": (Chain((S1, ("A1", ReLU()), *END)), (Phase(("S1",), WTA, 2, 7), RIDGE)),
    "backprop": (Chain((("S1", SCells(4, 3)), *END)), (Phase(None, Backprop(optimizer=Adam(0.01)), 2, 8),)),
    "backprop from moved images": (
        Chain((("S1", SCells(4, 3)), *END)),
        (Phase(None, Backprop(optimizer=Adam(0.01)), 2, 8, augment=Augment(shift=1)),),
    ),
    "backprop with norms, lots and learned curves": (
        Chain(
            (
                *(("S1", Conv(6, 3)), ("N1", BatchNorm()), ("A1", PReLU()), ("C1", CCells(2))),
                *(("flat", Flatten()), ("D1", Dropout(0.2)), ("out", Dense(3))),
            )
        ),
        (Phase(None, Backprop(optimizer=Adam(0.01)), 2, 8),),
    ),
    "adadelta, clipped, elastic": (
        Chain((("S1", SCells(4, 3)), *END)),
        (
            Phase(
                None,
                Backprop(optimizer=Adadelta(Warmup(1.0)), clip=ClipNorm(0.5)),
                2,
                8,
                augment=Augment(elastic=Elastic()),
            ),
        ),
    ),
    "shunting, momentum": (
        Chain((("S1", SCells(4, 3, response=Shunting())), *END)),
        (
            Phase(("S1",), Local(Hebbian(0.1, plasticity=Oja())), batch=9),
            Phase(None, Backprop(SquaredError(), SGD(Cosine(0.05))), 2, 9),
        ),
    ),
    "softmax on frozen features": (
        Chain((S1, ("A1", ReLU()), *END)),
        (Phase(("S1",), Local(Imprint()), epochs=0), Phase(("out",), Backprop(optimizer=Adam(Linear(0.05))), 3, 10)),
    ),
    "two layers of softhebb": (
        TWO,
        (Phase(("S1",), SOFT, 1, 7), Phase(("N2",), Local(Standardize()), 1, 11), Phase(("S2",), SOFT, 2, 9), RIDGE),
    ),
    "two layers at once": (
        Chain((S1, ("A1", ReLU()), ("S2", Conv(5, 2, bias=False)), ("A2", ReLU()), *END)),
        (Phase(("S1", "S2"), WTA, 2, 7), Phase(("S2", "out"), Backprop(), 1, 9)),
    ),
    "neocognitron": (
        Chain(
            (
                ("S1", SCells(4, 3, response=Shunting())),
                ("C1", CCells(2)),
                ("S2", SCells(6, 2, response=Shunting(1.5))),
                *(("flat", Flatten()), ("out", Labelled(3))),
            )
        ),
        (
            Phase(("S1", "S2"), Together((("S1", Fukushima1980(1.0, 3)), ("S2", Fukushima1980(8.0, 1)))), 2, 9),
            Phase(("out",), Local(NameCells()), 1, 12),
        ),
    ),
    "neocognitron 2013": (
        Chain(
            (
                ("R", Contrast(3, 0.5, 1.0, margin=1)),
                ("S1", SCells(8, 3, response=Subtractive(0.5))),
                ("C1", CCells(3, 1, 1, SquareRoot())),
                ("S2", SCells(20, 3, response=Subtractive(0.6))),
                ("out", InterpolatingVector(3)),
            )
        ),
        (
            Phase(("S1",), Local(Edges(Contrast(3, 0.5, 1.0))), 0),
            Phase(("S2",), Local(AddIfSilent(0.9)), 2, 7, images=17),
            Phase(("out",), Local(LearnReferences(0.3)), 1, 8),
        ),
    ),
    "planes that compete": (
        Chain(
            (
                ("S1", SCells(30, 3, response=Subtractive(0.6))),
                ("S2", SCells(20, 2, response=Shunting())),
                ("out", InterpolatingVector(3, nearest=1)),
            )
        ),
        (
            Phase(("S1",), Local(WinnerTakeAll(0.8)), 2, 7),
            Phase(("S2",), Local(WinnerKillLoser(0.9, strength=100.0)), 1, 5),
            Phase(("out",), Local(LabelledWTA()), 1, 13),
        ),
    ),
    "with a teacher": (
        Chain((("S1", SCells(3, 3, response=Shunting())), ("J1", Join(((0, 2), (1,)))), *END)),
        (Phase(("S1",), Local(Taught(9.0, LESSON)), 2, 3), Phase(("out",), Backprop(optimizer=Adam(0.01)), 1, 8)),
    ),
    "hmax": (
        Chain(
            (
                *(("S1", Gabors(4, (5, 7))), ("M1", Maxout(2)), ("C1", CCells(2))),
                *(("S2", Prototypes(9, (1, 3), pad=1, sigma=0.2)), ("C2", CCells(3))),
                *(("flat", Flatten()), ("out", Dense(3))),
            )
        ),
        (Phase(("S2",), Local(Imprint()), 0), RIDGE),
    ),
    "neocognitron 2003": (
        Chain(
            (
                ("U0", Resize(11, 11, margin=1)),
                ("R", Contrast(3, 0.5, 1.0)),
                ("S1", SCells(8, 4, response=Shunting(1.0))),
                ("C1", CCells(4, 2, 2, Hyperbolic())),
                ("S2", SCells(20, 2, pad=1, response=Shunting(1.0))),
                ("out", LabelledCells(3, SCells(15, 5, response=Shunting(0.5)))),
            )
        ),
        (
            Phase(("S1",), Local(Edges(Contrast(3, 0.5, 1.0), 100.0)), 0),
            Phase(("S2",), Local(WinnerTakeAll(0.8, strength=100.0)), 1, 7, images=17),
            Phase(("out",), Local(SupervisedWTA(100.0)), 2, 8),
        ),
    ),
    "reconstruction": (
        Chain((S1, ("A1", ReLU()), ("S2", Conv(5, 2, bias=False)), ("A2", ReLU()), *END)),
        (
            Phase(("S1",), Local(Reconstruct(corruption=0.3, initial=FromData())), 2, 7),
            Phase(("S2",), Local(ContrastiveDivergence(0.1, Gaussian(), 2, sparse=Sparse(), views=Everywhere())), 2, 9),
            RIDGE,
        ),
    ),
    "nearest neighbour": (
        Chain((("flat", Flatten()), ("out", Nearest(3)))),
        (Phase(("out",), Local(Memorize()), batch=8),),
    ),
}
