"""What one image does to a network, and what its error would: responses, weights, and the loss's gradients by both."""

from __future__ import annotations

from typing import Any, NamedTuple

from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers import Params
from neuro_cnn.losses import Loss
from neuro_cnn.network import Chain


class LayerView(NamedTuple):
    """A layer's response to one image and its weights, each with the loss's gradient by it.

    `error` is like `response`, (K, ...) of one image; `gradient` is like `weight`, both () where the layer has none.
    """

    response: Array
    error: Array
    weight: Array = ()
    gradient: Array = ()


class NetworkView(NamedTuple):
    """The loss for one image, its gradient by the pixels, (C, H, W), and every layer from the input up."""

    loss: Array
    error: Array
    layers: dict[str, LayerView]


def network_view(net: Chain, params: dict[str, Params], image: Array, label: int, loss: Loss) -> NetworkView:
    """One forward and one backward pass at rest for an image (C, H, W) of class `label`; nothing is learned."""
    xp = namespace(image)
    y = image[None, ...]
    activity: dict[str, Any] = {}
    responses: dict[str, Array] = {}
    for name, layer in net.layers:
        y, activity[name] = layer.forward(params[name], y)
        responses[name] = y[0, ...]
    value, error = loss(y, xp.asarray([label]))
    views = {}
    for name, layer in reversed(net.layers):
        gradient: Any
        below, gradient = layer.backward(params[name], activity[name], error)
        weights = (params[name].learned.weight, gradient.weight) if hasattr(gradient, "weight") else ()
        views[name] = LayerView(responses[name], error[0, ...], *weights)
        error = below
    return NetworkView(value, error[0, ...], {name: views[name] for name in net.names})
