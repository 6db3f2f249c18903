"""Wiring: how cells are connected, one file a layer. `AnyLayer` is the union that plain data is read into."""

from typing import TypeAlias

from neuro_cnn.layers.activation import ReLU, Triangle
from neuro_cnn.layers.base import Key, Layer, Params, Plastic, Shape
from neuro_cnn.layers.best_position import BestPosition
from neuro_cnn.layers.ccells import CCells
from neuro_cnn.layers.conv import Conv
from neuro_cnn.layers.dense import Dense
from neuro_cnn.layers.gabors import Gabors
from neuro_cnn.layers.interpolating import InterpolatingVector
from neuro_cnn.layers.labelled import Labelled
from neuro_cnn.layers.maxout import Maxout
from neuro_cnn.layers.nearest import Nearest
from neuro_cnn.layers.normalize import Normalize
from neuro_cnn.layers.pools import Max, Mean, Saturating, SquareRoot
from neuro_cnn.layers.prototypes import Prototypes
from neuro_cnn.layers.responses import Rectified, Shunting, Subtractive
from neuro_cnn.layers.retina import Contrast
from neuro_cnn.layers.scells import SCells
from neuro_cnn.layers.shape import Flatten

AnyLayer: TypeAlias = (
    Conv
    | SCells
    | CCells
    | Dense
    | ReLU
    | Triangle
    | Contrast
    | Normalize
    | Flatten
    | Nearest
    | Labelled
    | InterpolatingVector
    | BestPosition
    | Gabors
    | Maxout
    | Prototypes
)

__all__ = [
    "AnyLayer",
    "BestPosition",
    "CCells",
    "Contrast",
    "Conv",
    "Dense",
    "Flatten",
    "Gabors",
    "InterpolatingVector",
    "Key",
    "Labelled",
    "Layer",
    "Max",
    "Maxout",
    "Mean",
    "Nearest",
    "Normalize",
    "Params",
    "Plastic",
    "Prototypes",
    "ReLU",
    "Rectified",
    "SCells",
    "Saturating",
    "Shape",
    "Shunting",
    "SquareRoot",
    "Subtractive",
    "Triangle",
]
