"""Images and their labels: data sets by name, seeded splits, readers of common file formats, deformations."""

from __future__ import annotations

from neuro_cnn.data import deform
from neuro_cnn.data.download import data_folder
from neuro_cnn.data.folder import read_image
from neuro_cnn.data.images import Data, Dataset, dataset
from neuro_cnn.data.natural import photographs
from neuro_cnn.data.sets import catalogue, fetch, load

__all__ = [
    "Data",
    "Dataset",
    "catalogue",
    "data_folder",
    "dataset",
    "deform",
    "fetch",
    "load",
    "photographs",
    "read_image",
]
