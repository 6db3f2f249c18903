"""An example of every layer, for the laws that all obey."""

import numpy as np
import pytest
from kit import is_float

from neuro_cnn.layers import (
    APL,
    ELU,
    GELU,
    ISRLU,
    L2,
    RBF,
    SELU,
    Associations,
    BatchNorm,
    BentIdentity,
    BestPosition,
    CCells,
    Contrast,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Frame,
    Gabors,
    GlobalPool,
    Hyperbolic,
    InterpolatingVector,
    Join,
    Labelled,
    LabelledCells,
    LeakyReLU,
    LocallyConnected,
    LocalResponse,
    Logistic,
    Majority,
    Max,
    Maxout,
    Mean,
    Nearest,
    Normalize,
    OlshausenField,
    PowerMean,
    PReLU,
    Prototypes,
    ReLU,
    Resize,
    RReLU,
    Saturating,
    ScaledTanh,
    SCells,
    Shunting,
    Softplus,
    SoftPlusPlus,
    SquareRoot,
    SReLU,
    StandardizedConv,
    Subsampling,
    Subtractive,
    Tanh,
    Threshold,
    Triangle,
    TrueConv,
)
from neuro_cnn.layers.batch_norm import RunningMoments
from neuro_cnn.layers.interpolating import compact, scaled
from neuro_cnn.layers.labelled import Labels
from neuro_cnn.layers.nearest import Memory
from neuro_cnn.layers.normalize import Moments
from neuro_cnn.layers.standardized import Whitening
from neuro_cnn.layers.threshold import Level
from neuro_cnn.network import Branches, Chain, Residual
from neuro_cnn.tree import tree_map

TABLE = ((True, False, True), (True, True, False))
ODD = {"stride": (2, 1), "pad": ((1, 0), (-1, 2))}
MAP = (2, 7, 6)
EXAMPLES = {
    "conv": (Conv(3, 3), MAP),
    "conv-odd": (Conv(4, (2, 3), **ODD, dilation=(1, 2), groups=2), MAP),
    "conv-table": (Conv(2, 2, pad=1, table=TABLE), (3, 5, 4)),
    "conv-no-bias": (Conv(2, 3, bias=False), MAP),
    "conv-same": (Conv(3, 4, (2, 3), "same"), MAP),
    "conv-full": (Conv(2, (3, 1), 2, "full", dilation=(2, 1)), MAP),
    "true-conv": (TrueConv(4, (2, 3), **ODD, dilation=(1, 2), groups=2), MAP),
    "true-conv-same": (TrueConv(2, 4, pad="same-before", table=TABLE), (3, 5, 4)),
    "locally-connected": (LocallyConnected(3, (2, 3), **ODD, dilation=(1, 2)), MAP),
    "locally-connected-same": (LocallyConnected(2, 3, 2, "same", bias=False), MAP),
    "scells-same": (SCells(2, 4, 2, "same", response=Shunting(r=0.5)), MAP),
    "conv-squashed": (Conv(2, 2, table=TABLE, initial="lecun-1998"), (3, 5, 4)),
    "scells-rectified": (SCells(3, (3, 2), **ODD), MAP),
    "scells-shunting": (SCells(3, (3, 2), **ODD, response=Shunting(r=0.5, gamma=0.7)), MAP),
    "scells-subtractive": (SCells(3, (3, 2), **ODD, response=Subtractive(0.3, sigma=0.9)), MAP),
    "ccells-l2": (CCells((3, 2), stride=2, pad=((1, 2), (0, 1)), pool=L2()), MAP),
    "ccells-power-mean": (CCells((3, 2), stride=2, pad=((1, 2), (0, 1)), pool=PowerMean(3.5)), MAP),
    "ccells-max": (CCells(2), MAP),
    "ccells-max-overhang": (CCells((3, 2), stride=2, pad=((1, 2), (0, 1))), MAP),
    "ccells-max-same": (CCells(3, 2, "same"), MAP),
    "ccells-hyperbolic-same": (CCells(2, 1, "same-before", Hyperbolic(0.8)), MAP),
    "ccells-mean": (CCells(3, stride=1, pool=Mean()), MAP),
    "ccells-mean-overhang": (CCells((3, 2), stride=2, pad=((1, 2), (0, -1)), pool=Mean()), MAP),
    "ccells-saturating": (CCells(3, stride=2, pad=((1, 2), (0, 1)), pool=Saturating(4.0)), MAP),
    "ccells-square-root": (CCells((3, 2), stride=2, pad=((1, 2), (0, 1)), pool=SquareRoot(0.8)), MAP),
    "ccells-square-root-alone": (CCells(3, stride=1, pool=SquareRoot(inhibition=0)), MAP),
    "ccells-hyperbolic": (CCells((3, 2), stride=2, pad=((1, 2), (0, 1)), pool=Hyperbolic(0.8, total=3.0)), MAP),
    "dense": (Dense(4), (5,)),
    "dense-no-bias": (Dense(4, bias=False), (5,)),
    "relu": (ReLU(), MAP),
    "leaky-relu": (LeakyReLU(0.1), MAP),
    "rrelu": (RReLU(), MAP),
    "elu": (ELU(1.3), MAP),
    "selu": (SELU(), MAP),
    "isrlu": (ISRLU(0.7), MAP),
    "softplus": (Softplus(), MAP),
    "soft-plus-plus": (SoftPlusPlus(1.5, 3.0), MAP),
    "bent-identity": (BentIdentity(), MAP),
    "tanh": (Tanh(), MAP),
    "logistic": (Logistic(), (6,)),
    "gelu": (GELU(), MAP),
    "prelu": (PReLU(), MAP),
    "prelu-flat": (PReLU(), (6,)),
    "srelu": (SReLU(right=0.5), MAP),
    "apl": (APL(3), MAP),
    "dropout": (Dropout(), MAP),
    "local-response": (LocalResponse(3, alpha=0.3), (5, 3, 2)),
    "local-response-flat": (LocalResponse(5, k=0.5, alpha=0.7, beta=1.2), (4,)),
    "batch-norm": (BatchNorm(), MAP),
    "batch-norm-flat": (BatchNorm(), (5,)),
    "global-mean": (GlobalPool(), MAP),
    "global-max": (GlobalPool(Max()), MAP),
    "global-l2": (GlobalPool(L2()), MAP),
    "scaled-tanh": (ScaledTanh(), MAP),
    "threshold": (Threshold(), (4, 3, 3)),
    "threshold-both": (Threshold(2), (4, 3, 3)),
    "threshold-flat": (Threshold(2), (6,)),
    "triangle": (Triangle(), (4, 3, 3)),
    "triangle-flat": (Triangle(0.7), (6,)),
    "triangle-steep": (Triangle(1.4), (4, 3, 3)),
    "contrast": (Contrast(5), MAP),
    "contrast-even": (Contrast(4, 0.5, 2.0), MAP),
    "contrast-margin": (Contrast(5, margin=2), MAP),
    "contrast-within": (Contrast(4, 0.5, 2.0, margin=-1), MAP),
    "olshausen-field": (OlshausenField(5), MAP),
    "standardized": (StandardizedConv(3, (3, 2), **ODD, contrast=0.01), MAP),
    "standardized-same": (StandardizedConv(3, 4, 2, "same", contrast=0.01), MAP),
    "standardized-centred": (StandardizedConv(3, 3), MAP),
    "resize": (Resize(9, 5, margin=1), MAP),
    "normalize": (Normalize(), MAP),
    "flatten": (Flatten(), MAP),
    "join": (Join(((0, 2), (1,), (3, 0))), (4, 3, 3)),
    "gabors": (Gabors(3, (5, 7)), MAP),
    "maxout": (Maxout(2), (4, 3, 3)),
    "maxout-flat": (Maxout(3), (6,)),
    "prototypes": (Prototypes(3, (2,), sigma=1.0), MAP),
    "prototypes-bands": (Prototypes(2, (1, 3), bands=2, pad=((1, 0), (2, 1)), sigma=0.9), (4, 5, 4)),
    "subsampling": (Subsampling(), MAP),
    "subsampling-odd": (Subsampling((3, 2)), MAP),
    "frame": (Frame(10, 9), MAP),
    "frame-tight": (Frame(7, 6, 0.0, 2.0), MAP),
    "rbf": (RBF(12), (84,)),
    "best-position": (BestPosition(), MAP),
    "nearest": (Nearest(3), (6,)),
    "labelled": (Labelled(3), (6,)),
    "labelled-cells": (LabelledCells(3, SCells(7, 3, response=Shunting(0.2))), MAP),
    "labelled-cells-rectified": (LabelledCells(3, SCells(2, (2, 3), 2)), MAP),
    "interpolating": (InterpolatingVector(3), (6,)),
    "associations": (Associations(4, 3, 2, 0.5), (6,)),
    "majority": (Majority(3), (6,)),
    "residual": (Residual(Chain((("a", Conv(3, 3, pad=1)), ("r", ReLU()), ("b", Conv(2, 3, pad=1))))), MAP),
    "residual-norm": (Residual(Chain((("c", Conv(2, 3, pad=1, bias=False)), ("n", BatchNorm()), ("a", RReLU())))), MAP),
    "residual-shortcut": (
        Residual(Chain((("a", Conv(3, 3, 2, 1)), ("r", ReLU()))), Chain((("s", Conv(3, 1, 2)), ("n", Normalize())))),
        MAP,
    ),
    "branches": (
        Branches((Chain((("a", Conv(3, 3, pad=1)),)), Chain((("p", CCells(3, 1, 1)), ("b", Conv(2, 1)))))),
        MAP,
    ),
    "interpolating-reach": (InterpolatingVector(3, nearest=3, reach=1), (2, 4, 3)),
}
LEARNING = [name for name, (layer, shape) in EXAMPLES.items() if layer.init(shape, None).learned]
every = pytest.mark.parametrize("name", EXAMPLES)


def example(name, precision=np.float32, images=3):
    """A layer, params as after learning, a batch, and an error for its response."""
    layer, shape = EXAMPLES[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    params = layer.init(shape, rng)
    if isinstance(layer, Normalize):
        params = params._replace(fixed=Moments(rng.standard_normal(shape[0]), rng.uniform(0.5, 2, shape[0])))
    if isinstance(layer, Threshold):
        params = params._replace(fixed=Level(rng.uniform(0, 0.5, shape[0])))
    if isinstance(layer, StandardizedConv):
        size = params.fixed.mean.size
        mixed = rng.standard_normal((size, size)) / size
        params = params._replace(fixed=Whitening(rng.standard_normal(size) / 9, np.eye(size) + mixed + mixed.T))
    if isinstance(layer, Nearest):
        params = params._replace(fixed=Memory(rng.standard_normal((7, *shape)), np.array([0, 1, 2, 0, 1, 2, 2])))
    if isinstance(layer, Labelled):
        params = params._replace(fixed=Labels(np.eye(3, 6, dtype=np.float32) + np.eye(3, 6, 3, dtype=np.float32)))
    if isinstance(layer, InterpolatingVector):
        vectors, _ = scaled(rng.random((9, int(np.prod(shape)))) * (np.arange(np.prod(shape)) != 1))  # a silent unit
        params = params._replace(fixed=compact(vectors, np.arange(9) % 3, vectors @ vectors.T))
    if isinstance(layer, BatchNorm):
        params = params._replace(fixed=RunningMoments(rng.standard_normal(shape[0]), rng.uniform(0.5, 2, shape[0])))
    moved = tree_map(lambda w: w + 0.2 * rng.standard_normal(w.shape, np.float32), params.learned)
    params = params._replace(learned=layer.project(moved))
    x = rng.standard_normal((images, *shape))
    dy = rng.standard_normal((images, *layer.out_shape(params, shape)))
    cast = tree_map(lambda leaf: leaf.astype(precision) if is_float(leaf) else leaf, (params, x, dy))
    return layer, *cast
