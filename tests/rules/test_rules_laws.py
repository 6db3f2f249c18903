"""The laws that every Hebbian rule obeys: each competition, plasticity and homeostasis on each plastic layer."""

from dataclasses import replace

import numpy as np
import pytest
from kit import assert_close, difference, on
from rule_examples import LABELS, LAYERS, RULES, example, step

from neuro_cnn import ops
from neuro_cnn.layers import Conv, Params
from neuro_cnn.rules import Conscience, HardWTA, Hebbian, Instar, Oja, UnitNorm
from neuro_cnn.rules.homeostasis import WinningShare
from neuro_cnn.tree import leaves, tree_map

every_layer = pytest.mark.parametrize("layer_name", LAYERS)
every_rule = pytest.mark.parametrize("rule_name", RULES)


def permuted(params, order):
    """The params with their planes in another order; what all planes share stays."""
    return params._replace(learned=tree_map(lambda leaf: leaf[order], params.learned))


@every_layer
@every_rule
def test_an_update_is_the_rules_formula_view_by_view(rule_name, layer_name):
    rule, (layer, params, x) = RULES[rule_name], example(layer_name, np.float64)
    rule = replace(rule, homeostasis=())
    after, _ = step(rule, layer, params, x)
    c = params.fixed.surround if params.fixed else 1
    if layer_name == "dense":
        views, drives = x, layer.forward(params, x)[1]
    else:
        w = layer.window(x.shape[1:])
        views = np.moveaxis(ops.patches(x, w.size, w.stride, w.pad), (4, 5), (1, 2))
        views = views.reshape(-1, *views.shape[3:])
        drives = tree_map(lambda a: a if isinstance(a, tuple) else np.moveaxis(a, 1, -1).reshape(-1, a.shape[1]),
                          layer.forward(params, x)[1]._asdict())
        drives = type(layer.forward(params, x)[1])(**drives)
    moved, chances = np.zeros_like(params.learned.weight), np.zeros(len(params.learned.weight))
    for view, u, drive in zip(views, drives.excitation, drives.drive, strict=True):
        g = rule.competition(drive[None])[0]
        chances += g
        for k, w in enumerate(params.learned.weight):
            y = g[k] * u[k]
            sign = 1 if k == int(np.argmax(g)) else -1
            moved[k] += {
                "hebb": y * c * view,
                "instar": g[k] * (c * view - w),
                "oja": y * (c * view - y * w),
                "soft_hebb": sign * g[k] * (c * view - u[k] * w),
            }[rule.plasticity.kind].reshape(w.shape)
    share = np.maximum(chances, chances.sum() / len(chances))
    expected = params.learned.weight + rule.rate * moved / share.reshape(-1, *[1] * (moved.ndim - 1))
    from kit import difference; print(difference(after.learned.weight, expected), difference(after.learned.inhibition, layer.rewire(params,expected).learned.inhibition)); assert 0
