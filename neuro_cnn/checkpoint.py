"""Weights and the place in the curriculum, in one safetensors file: wiring as JSON beside the arrays, no pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.backend import to_numpy
from neuro_cnn.curriculum import Curriculum, Phase
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.files import replacing
from neuro_cnn.layers import Shape
from neuro_cnn.network import Chain
from neuro_cnn.spec import plain, read
from neuro_cnn.training import Saved, State
from neuro_cnn.tree import fill, leaves

SCHEMA = 1


class Checkpoint(NamedTuple):
    """A network as it was saved: wiring, curriculum, state, and what images it was made for."""

    net: Chain
    curriculum: Curriculum
    state: State
    in_shape: Shape
    classes: tuple[str, ...]


def save(path: Path | str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint whole; the same state gives the same bytes."""
    from safetensors.numpy import save as to_bytes

    net, curriculum, state, in_shape, classes = checkpoint
    parts = {"params": state.params, "learner": state.learner, "totals": state.totals}
    arrays = {name: np.asarray(to_numpy(value), order="C") for name, value in leaves(parts)}
    facts = {
        "schema_version": SCHEMA,
        "network": plain(net),
        "curriculum": [plain(phase) for phase in curriculum],
        "place": [state.phase, state.epoch, state.batch],
        "started": state.learner is not None,
        "in_shape": list(in_shape),
        "classes": list(classes),
    }
    with replacing(path) as temporary:
        # one metadata key: safetensors writes several in random order
        temporary.write_bytes(to_bytes(arrays, {"neuro_cnn": json.dumps(facts, sort_keys=True)}))


def load(path: Path | str) -> Checkpoint:
    """Read a checkpoint. Raises DataError when the file is missing, damaged or not one of ours."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            facts = json.loads((file.metadata() or {})["neuro_cnn"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        version = facts["schema_version"]
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such checkpoint; name a run folder that `neuro-cnn train` has made") from error
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: not a checkpoint of neuro_cnn, or damaged ({error})") from error
    if version != SCHEMA:
        raise DataError(f"{path}: written in format {version}, but this version reads {SCHEMA}")
    try:
        return _understood(facts, arrays)
    except (KeyError, TypeError, UsageError) as error:
        raise DataError(f"{path}: damaged, or written by another version ({error})") from error


def _understood(facts: dict[str, Any], arrays: dict[str, Any]) -> Checkpoint:
    net = read(Chain, facts["network"], "network")
    curriculum = read(tuple[Phase, ...], facts["curriculum"], "curriculum")
    in_shape = tuple(facts["in_shape"])
    template = net.init(in_shape, None)
    params = fill(template, _below("params", arrays))
    for name, layer in net.layers:
        if not layer.fits(params[name], in_shape):
            raise UsageError(f"the weights of layer {name} do not fit its input of {in_shape}")
        in_shape = layer.out_shape(params[name], in_shape)
    learner: Any = Saved(_below("learner", arrays)) if facts["started"] else None
    totals = tuple(value[()] for _, value in sorted(_below("totals", arrays).items(), key=lambda t: int(t[0])))
    phase, epoch, batch = facts["place"]
    state = State(params, learner, phase, epoch, batch, totals)
    return Checkpoint(net, curriculum, state, tuple(facts["in_shape"]), tuple(facts["classes"]))


def _below(part: str, arrays: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(f"{part}."): array for name, array in arrays.items() if name.startswith(f"{part}.")}
