"""Wiring: how cells are connected, one file a layer. `AnyLayer` is the union that plain data is read into."""

from typing import TypeAlias

from neuro_cnn.layers.activation import ReLU, Triangle
from neuro_cnn.layers.base import Key, Layer, Params, Plastic, Shape
from neuro_cnn.layers.best_position import BestPosition
from neuro_cnn.layers.ccells import CCells
from neuro_cnn.layers.conv import Conv
from neuro_cnn.layers.dense import Dense
from neuro_cnn.layers.frame import Frame
from neuro_cnn.layers.gabors import Gabors
from neuro_cnn.layers.interpolating import InterpolatingVector
from neuro_cnn.layers.join import Join
from neuro_cnn.layers.labelled import Labelled
from neuro_cnn.layers.labelled_cells import LabelledCells
from neuro_cnn.layers.maxout import Maxout
from neuro_cnn.layers.nearest import Nearest
from neuro_cnn.layers.normalize import Normalize
from neuro_cnn.layers.olshausen_field import OlshausenField
from neuro_cnn.layers.pools import Hyperbolic, Max, Mean, Saturating, SquareRoot
from neuro_cnn.layers.prototypes import Prototypes
from neuro_cnn.layers.rbf import RBF
from neuro_cnn.layers.resize import Resize
from neuro_cnn.layers.responses import Rectified, Shunting, Subtractive
from neuro_cnn.layers.retina import Contrast
from neuro_cnn.layers.scaled_tanh import ScaledTanh
from neuro_cnn.layers.scells import SCells
from neuro_cnn.layers.shape import Flatten
from neuro_cnn.layers.standardized import StandardizedConv
from neuro_cnn.layers.subsampling import Subsampling

PLASTIC: tuple[type, ...] = (Conv, StandardizedConv, SCells, Dense)
"""The layers whose weights any local rule can change."""

AnyLayer: TypeAlias = (
    Conv
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
    | Frame
    | ScaledTanh
    | Subsampling
    | RBF
)

__all__ = [
    "PLASTIC",
    "RBF",
    "AnyLayer",
    "BestPosition",
    "CCells",
    "Contrast",
    "Conv",
    "Dense",
    "Flatten",
    "Frame",
    "Gabors",
    "Hyperbolic",
    "InterpolatingVector",
    "Join",
    "Key",
    "Labelled",
    "LabelledCells",
    "Layer",
    "Max",
    "Maxout",
    "Mean",
    "Nearest",
    "Normalize",
    "OlshausenField",
    "Params",
    "Plastic",
    "Prototypes",
    "ReLU",
    "Rectified",
    "Resize",
    "SCells",
    "Saturating",
    "ScaledTanh",
    "Shape",
    "Shunting",
    "SquareRoot",
    "StandardizedConv",
    "Subsampling",
    "Subtractive",
    "Triangle",
]
