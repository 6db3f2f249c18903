"""How an error gradient moves the weights: (weights, gradient, state) -> (weights, state), trees of arrays.

Each formula is for one weight w with gradient g. `decay` adds decay w to the gradient, the slope of an L2 penalty of
decay w^2 / 2; in AdamW it is apart from the gradient.
"""

from typing import TypeAlias

from neuro_cnn.optim.adaptive import Adadelta, AdaGrad, Adam, AdamW, RMSProp
from neuro_cnn.optim.clip import Clip, ClipNorm, ClipValue
from neuro_cnn.optim.descent import SGD, Nesterov

Optimizer: TypeAlias = SGD | Nesterov | AdaGrad | Adadelta | RMSProp | Adam | AdamW

__all__ = [
    "SGD",
    "AdaGrad",
    "Adadelta",
    "Adam",
    "AdamW",
    "Clip",
    "ClipNorm",
    "ClipValue",
    "Nesterov",
    "Optimizer",
    "RMSProp",
]
