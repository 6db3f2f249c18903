"""Layers that rules are tried on, and every combination of the parts of the Hebbian rule."""

from itertools import product
from typing import Any

import numpy as np

from neuro_cnn.layers import Conv, Dense, Rectified, SCells, Shunting, Subtractive
from neuro_cnn.rules import KWTA, Conscience, HardWTA, Hebb, Hebbian, Instar, Oja, SoftHebb, SoftWTA, UnitNorm
from neuro_cnn.tree import tree_map

MAP = (2, 7, 6)
LAYERS = {
    "conv": (Conv(5, (3, 2), stride=(2, 1), pad=((1, 0), (0, 1)), bias=False), MAP),
    "scells-rectified": (SCells(5, 3, response=Rectified()), MAP),
    "scells-shunting": (SCells(5, 3, pad=1, response=Shunting(r=1.5, gamma=0.7)), MAP),
    "scells-subtractive": (SCells(5, 3, pad=1, response=Subtractive(0.3, sigma=0.9)), MAP),
    "dense": (Dense(5), (12,)),
}

HOMEOSTASIS: dict[str, tuple[Any, ...]] = {
    "free": (),
    "unit": (UnitNorm(),),
    "conscience": (Conscience(2.0),),
    "both": (UnitNorm(), Conscience(2.0)),
}
RULES = {
    f"{competition.kind}-{plasticity.kind}-{name}": Hebbian(0.3, competition, plasticity, homeostasis)
    for competition, plasticity, (name, homeostasis) in product(
        (HardWTA(), KWTA(2), SoftWTA(0.5)), (Hebb(), Instar(), Oja(), SoftHebb()), HOMEOSTASIS.items()
    )
}
LABELS = np.arange(8) % 3


def example(name: str, precision: Any = np.float32) -> tuple[Any, Any, Any]:
    """A layer, its first params, and a batch of 8 images: non-negative, as responses are, the last two blank."""
    layer, shape = LAYERS[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    x = rng.uniform(0, 1, (8, *shape)) * (rng.uniform(0, 1, (8, *shape)) > 0.3)
    x[6:] = 0
    params, x = tree_map(lambda leaf: leaf.astype(precision), (layer.init(shape, rng), x))
    return layer, layer.rewire(params, params.learned.weight), x


def step(rule: Any, layer: Any, params: Any, x: Any, state: Any = None, updates: int = 10, labels: Any = LABELS) -> Any:
    """One update, after a start from the same images unless there is a state: params and state."""
    rng = np.random.default_rng(1)
    if state is None:
        params, state = rule.start(layer, params, x, rng, updates)
    return rule.update(layer, params, state, layer.forward(params, x)[1], labels, rng)
