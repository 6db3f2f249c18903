"""Layers that rules are tried on, and every combination of the parts of the Hebbian rule."""

from itertools import product
from typing import Any

import numpy as np

from neuro_cnn.layers import Conv, Dense, Rectified, SCells, Shunting, StandardizedConv, Subtractive
from neuro_cnn.layers.standardized import Whitening
from neuro_cnn.rules import (
    BCM,
    KWTA,
    AdaptiveThreshold,
    AntiHebbian,
    Conscience,
    Everyone,
    HardWTA,
    Hebb,
    Hebbian,
    Instar,
    KrotovHopfield,
    Neighbourhood,
    NormDependentRate,
    Oja,
    PerImage,
    Sanger,
    SoftHebb,
    SoftWTA,
    Surround,
    Trace,
    TrackedMoments,
    UnitNorm,
)
from neuro_cnn.tree import tree_map

MAP = (2, 7, 6)
LAYERS = {
    "conv": (Conv(5, (3, 2), stride=(2, 1), pad=((1, 0), (0, 1)), bias=False), MAP),
    "scells-rectified": (SCells(5, 3, response=Rectified()), MAP),
    "scells-shunting": (SCells(5, 3, pad=1, response=Shunting(r=1.5, gamma=0.7)), MAP),
    "scells-subtractive": (SCells(5, 3, pad=1, response=Subtractive(0.3, sigma=0.9)), MAP),
    "standardized": (StandardizedConv(5, (2, 3), stride=(1, 2), pad=((1, 0), (0, 1)), contrast=0.01), MAP),
    "dense": (Dense(5), (12,)),
}
MAPS = [name for name in LAYERS if name != "dense"]

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
RULES |= {
    f"{rule.competition.kind}-{rule.plasticity.kind}-{'+'.join(h.kind for h in rule.homeostasis) or 'free'}": rule
    for rule in (
        Hebbian(0.3, Everyone(), Sanger(), ()),
        Hebbian(0.3, KWTA(2), Sanger(), ()),
        Hebbian(0.3, HardWTA(), BCM(), (UnitNorm(),)),
        Hebbian(0.3, Everyone(), BCM(0.5), ()),
        Hebbian(0.3, KWTA(3), KrotovHopfield(), ()),
        Hebbian(0.3, KWTA(2), KrotovHopfield(0.2), (UnitNorm(), Conscience(2.0))),
        Hebbian(0.3, HardWTA(), Trace(3), ()),
        Hebbian(0.3, SoftWTA(0.5), Trace(100, 0.5), (UnitNorm(), Conscience(2.0))),
        Hebbian(0.3, HardWTA(), Instar(), (AdaptiveThreshold(), TrackedMoments())),
        Hebbian(0.3, SoftWTA(0.5), SoftHebb(), (NormDependentRate(),), radius=5.0, scale="largest"),
        Hebbian(0.3, HardWTA(), Oja(), (TrackedMoments(0.5), UnitNorm()), initial="positive"),
        Hebbian(0.3, AntiHebbian(0.3), Instar(), ()),
        Hebbian(0.3, Neighbourhood(1, 5, 2.0, 0.5), Instar(), ()),
        Hebbian(0.3, Neighbourhood(5, 1, 1.0, 1.0), Oja(), (UnitNorm(), Conscience(2.0))),
        Hebbian(0.3, PerImage(KWTA(2)), Instar(), ()),
        Hebbian(0.3, PerImage(SoftWTA(0.5)), Hebb(), (UnitNorm(), AdaptiveThreshold(target=0.1))),
        Hebbian(0.3, Surround(), Instar(), (UnitNorm(), Conscience(2.0))),
    )
}
LABELS = np.arange(8) % 3


def meets(rule: Any, layer_name: str) -> bool:
    """Whether the rule is for such a layer: lateral inhibition from place to place needs places."""
    return layer_name in MAPS or not isinstance(rule.competition, Surround)


PAIRS = [(rule, layer) for layer in LAYERS for rule in RULES if meets(RULES[rule], layer)]


def example(name: str, precision: Any = np.float32) -> tuple[Any, Any, Any]:
    """A layer, its first params, and a batch of 8 images: non-negative, as responses are, the last two blank."""
    layer, shape = LAYERS[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    x = rng.uniform(0, 1, (8, *shape)) * (rng.uniform(0, 1, (8, *shape)) > 0.3)
    x[6:] = 0
    params = layer.init(shape, rng)
    if isinstance(layer, StandardizedConv):
        size = params.fixed.mean.size
        mixed = rng.standard_normal((size, size)) / size
        params = params._replace(fixed=Whitening(rng.standard_normal(size) / 9, np.eye(size) + mixed + mixed.T))
    params, x = tree_map(lambda leaf: leaf.astype(precision), (params, x))
    return layer, layer.rewire(params, params.learned.weight), x


def step(rule: Any, layer: Any, params: Any, x: Any, state: Any = None, updates: int = 10, labels: Any = LABELS) -> Any:
    """One update, after a start from the same images unless there is a state: params and state."""
    rng = np.random.default_rng(1)
    if state is None:
        params, state = rule.start(layer, params, x, rng, updates)
    return rule.update(layer, params, state, rule.sees(layer, params, x, rng), labels, rng)
