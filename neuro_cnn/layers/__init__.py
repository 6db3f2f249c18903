"""Wiring: how cells are connected, one file a layer. `AnyLayer` is the union that plain data is read into."""

from typing import TypeAlias

from neuro_cnn.layers.activation import ReLU, Triangle
from neuro_cnn.layers.associations import Associations
from neuro_cnn.layers.base import Key, Layer, Params, Plastic, Shape
from neuro_cnn.layers.batch_norm import BatchNorm
from neuro_cnn.layers.best_position import BestPosition
from neuro_cnn.layers.ccells import CCells
from neuro_cnn.layers.conv import Conv, TrueConv
from neuro_cnn.layers.dense import Dense
from neuro_cnn.layers.divisive import Divisive
from neuro_cnn.layers.end_stopped import EndStopped
from neuro_cnn.layers.frame import Frame
from neuro_cnn.layers.gabors import Gabors
from neuro_cnn.layers.global_pool import GlobalPool
from neuro_cnn.layers.interpolating import InterpolatingVector
from neuro_cnn.layers.join import Join
from neuro_cnn.layers.labelled import Labelled
from neuro_cnn.layers.labelled_cells import LabelledCells
from neuro_cnn.layers.learned_functions import APL, PReLU, SReLU
from neuro_cnn.layers.local_response import LocalResponse
from neuro_cnn.layers.locally_connected import LocallyConnected
from neuro_cnn.layers.majority import Majority
from neuro_cnn.layers.maxout import Maxout
from neuro_cnn.layers.nearest import Nearest
from neuro_cnn.layers.normalize import Normalize
from neuro_cnn.layers.olshausen_field import OlshausenField
from neuro_cnn.layers.output_functions import (
    ELU,
    GELU,
    ISRLU,
    SELU,
    BentIdentity,
    LeakyReLU,
    Logistic,
    Softplus,
    SoftPlusPlus,
    Tanh,
)
from neuro_cnn.layers.pools import L2, Hyperbolic, Max, Mean, PowerMean, Saturating, SquareRoot
from neuro_cnn.layers.prototypes import Prototypes
from neuro_cnn.layers.randomised import Dropout, RReLU
from neuro_cnn.layers.rbf import RBF
from neuro_cnn.layers.resize import Resize
from neuro_cnn.layers.responses import Rectified, Shunting, Subtractive
from neuro_cnn.layers.retina import Contrast
from neuro_cnn.layers.scaled_tanh import ScaledTanh
from neuro_cnn.layers.scells import SCells
from neuro_cnn.layers.shape import Flatten
from neuro_cnn.layers.simple_cells import SimpleCells
from neuro_cnn.layers.standardized import StandardizedConv
from neuro_cnn.layers.subsampling import Subsampling
from neuro_cnn.layers.threshold import Threshold

PLASTIC: tuple[type, ...] = (Conv, StandardizedConv, SCells, Dense)
"""The layers whose weights any local rule can change."""

AnyLayer: TypeAlias = (
    Conv
    | TrueConv
    | LocallyConnected
    | StandardizedConv
    | SCells
    | CCells
    | Dense
    | ReLU
    | Triangle
    | Contrast
    | OlshausenField
    | Resize
    | Normalize
    | Flatten
    | Join
    | Nearest
    | Labelled
    | LabelledCells
    | InterpolatingVector
    | BestPosition
    | Gabors
    | Maxout
    | Prototypes
    | LeakyReLU
    | RReLU
    | ELU
    | SELU
    | ISRLU
    | Softplus
    | SoftPlusPlus
    | BentIdentity
    | Tanh
    | Logistic
    | GELU
    | PReLU
    | SReLU
    | APL
    | Dropout
    | LocalResponse
    | BatchNorm
    | GlobalPool
    | Associations
    | Majority
    | Frame
    | ScaledTanh
    | Subsampling
    | RBF
    | SimpleCells
    | Divisive
    | EndStopped
    | Threshold
)

__all__ = [
    "APL",
    "ELU",
    "GELU",
    "ISRLU",
    "L2",
    "PLASTIC",
    "RBF",
    "SELU",
    "AnyLayer",
    "Associations",
    "BatchNorm",
    "BentIdentity",
    "BestPosition",
    "CCells",
    "Contrast",
    "Conv",
    "Dense",
    "Divisive",
    "Dropout",
    "EndStopped",
    "Flatten",
    "Frame",
    "Gabors",
    "GlobalPool",
    "Hyperbolic",
    "InterpolatingVector",
    "Join",
    "Key",
    "Labelled",
    "LabelledCells",
    "Layer",
    "LeakyReLU",
    "LocalResponse",
    "LocallyConnected",
    "Logistic",
    "Majority",
    "Max",
    "Maxout",
    "Mean",
    "Nearest",
    "Normalize",
    "OlshausenField",
    "PReLU",
    "Params",
    "Plastic",
    "PowerMean",
    "Prototypes",
    "RReLU",
    "ReLU",
    "Rectified",
    "Resize",
    "SCells",
    "SReLU",
    "Saturating",
    "ScaledTanh",
    "Shape",
    "Shunting",
    "SimpleCells",
    "SoftPlusPlus",
    "Softplus",
    "SquareRoot",
    "StandardizedConv",
    "Subsampling",
    "Subtractive",
    "Tanh",
    "Threshold",
    "Triangle",
    "TrueConv",
]
