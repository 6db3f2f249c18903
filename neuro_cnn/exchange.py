"""Weights to and from PyTorch: a state dictionary in a safetensors file, under the names that PyTorch users know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neuro_cnn.backend import to_numpy
from neuro_cnn.errors import DataError, UsageError, unknown
from neuro_cnn.files import replacing
from neuro_cnn.layers import BatchNorm, Conv, Dense, Params, PReLU, Rectified, SCells
from neuro_cnn.network import AnyPart, Branches, Chain, Residual
from neuro_cnn.tree import fill, leaves

NAMES: dict[str, dict[str, str]] = {
    "lenet5": {"S1": "conv1", "S2": "conv2", "F5": "fc1", "F6": "fc2", "out": "fc3"},
    "resnet18": {"out": "fc"},
    "resnet50": {"out": "fc"},
}
"""What PyTorch users call the layers of a system where we call them otherwise; torchvision's names where it has it."""


FIELDS = {"weight": "weight", "bias": "bias", "inhibition": "bias", "mean": "running_mean", "variance": "running_var"}
"""What PyTorch calls the arrays of a layer."""
ALIKE = (Conv, Dense, BatchNorm, PReLU, SCells)
"""The layers with arrays of which PyTorch has the like; S-cells where they are rectified."""


def to_torch(net: Chain, params: dict[str, Params], system: str | None = None) -> dict[str, Any]:
    """A PyTorch state dictionary with these weights, as NumPy arrays; see `NAMES` for the layers' names.

    The threshold of rectified S-cells becomes a bias of the opposite sign. Raises UsageError for a layer that PyTorch
    has no like of.
    """
    names = _names(net, params, system)
    return {names[name]: np.ascontiguousarray(_sign(name) * to_numpy(array)) for name, array in leaves(params)}


def from_torch(
    net: Chain, params: dict[str, Params], arrays: Mapping[str, Any], system: str | None = None
) -> dict[str, Params]:
    """The params with the weights of a PyTorch state dictionary; `params` may be placeholders.

    Raises DataError for an array that is missing, has another shape, no finite numbers or belongs nowhere, naming it.
    """
    names = _names(net, params, system)
    for name in arrays:
        if name not in names.values() and not name.endswith("num_batches_tracked"):
            raise DataError(f"weights: {unknown('array', name, names.values())}")
    made = {}
    for name, mine in leaves(params):
        if names[name] not in arrays:
            raise DataError(f"weights lack {names[name]}; save the whole state dictionary")
        given = np.asarray(arrays[names[name]])
        if given.shape != mine.shape:
            raise DataError(
                f"weights: {names[name]} has shape {given.shape}, but {mine.shape} is wanted; "
                "both must see images of one shape and have as many classes"
            )
        if given.dtype.kind != "f":
            raise DataError(f"weights: {names[name]} is of type {given.dtype}; save numbers of floating point")
        with np.errstate(over="ignore"):
            made[name] = (_sign(name) * given).astype(mine.dtype)
        if not np.all(np.isfinite(made[name])):
            raise DataError(f"weights: {names[name]} holds numbers that are not finite in single precision")
    return fill(params, made)


def save(path: Path | str, arrays: Mapping[str, Any]) -> None:
    """Write a state dictionary whole; `torch.nn.Module.load_state_dict(safetensors.torch.load_file(path))` reads it."""
    from safetensors.numpy import save as to_bytes

    with replacing(path) as temporary:
        temporary.write_bytes(to_bytes(dict(arrays)))


def load(path: Path | str) -> dict[str, Any]:
    """Read what `safetensors.torch.save_file(model.state_dict(), path)` wrote.

    Raises DataError when the file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; write one with safetensors.torch.save_file") from error
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        # the last two: a type that NumPy lacks, such as bfloat16
        raise DataError(f"{path}: not a safetensors file of NumPy's types, or damaged ({error})") from error


def _names(net: Chain, params: dict[str, Params], system: str | None) -> dict[str, str]:
    """PyTorch's name of every array, by ours. Raises UsageError for a layer that PyTorch has no like of."""
    renamed = NAMES.get(system or "", {})
    found = {}
    for path, layer, own in _layers(net, params):
        known = isinstance(layer, ALIKE) and isinstance(getattr(layer, "response", Rectified()), Rectified)
        there = ".".join(re.sub(r"_(\d+)$", r".\1", renamed.get(step, step)) for step in path)
        for field, _ in leaves(own):
            if not known or getattr(layer, "table", None) is not None:
                raise UsageError(
                    f"layer {'.'.join(path)}: PyTorch has no layer like {layer.kind}; take over other systems"
                )
            found[".".join((*path, field))] = f"{there}.{FIELDS[field]}"
    return found


def _layers(
    net: Chain, params: dict[str, Params], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], AnyPart, Params]]:
    """Every layer, those within blocks too, with the names that lead to it and its params."""
    for name, layer in net.layers:
        if isinstance(layer, Residual | Branches):
            for chain, inner in layer.inner(params[name]):
                yield from _layers(chain, inner, (*path, name))
        else:
            yield (*path, name), layer, params[name]


def _sign(name: str) -> int:
    """What S-cells subtract as their threshold, PyTorch adds as a bias."""
    return -1 if name.endswith(".inhibition") else 1
