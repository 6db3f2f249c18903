"""Wiring: how cells are connected, one file a layer. `AnyLayer` is the union that plain data is read into."""

from typing import TypeAlias

from neuro_cnn.layers.activation import ReLU, Triangle
from neuro_cnn.layers.base import Key, Layer, Params, Plastic, Shape
from neuro_cnn.layers.ccells import CCells
from neuro_cnn.layers.conv import Conv
from neuro_cnn.layers.dense import Dense
from neuro_cnn.layers.interpolating import InterpolatingVector
from neuro_cnn.layers.labelled import Labelled
from neuro_cnn.layers.labelled_cells import LabelledCells
from neuro_cnn.layers.nearest import Nearest
from neuro_cnn.layers.normalize import Normalize
from neuro_cnn.layers.pools import Hyperbolic, Max, Mean, Saturating, SquareRoot
from neuro_cnn.layers.resize import Resize
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
    | Resize
    | Normalize
    | Flatten
    | Nearest
    | Labelled
    | LabelledCells
    | InterpolatingVector
)

__all__ = [
    "AnyLayer",
    "CCells",
    "Contrast",
    "Conv",
    "Dense",
    "Flatten",
    "Hyperbolic",
    "InterpolatingVector",
    "Key",
    "Labelled",
    "LabelledCells",
    "Layer",
    "Max",
    "Mean",
    "Nearest",
    "Normalize",
    "Params",
    "Plastic",
    "ReLU",
    "Rectified",
    "Resize",
    "SCells",
    "Saturating",
    "Shape",
    "Shunting",
    "SquareRoot",
    "Subtractive",
    "Triangle",
]
