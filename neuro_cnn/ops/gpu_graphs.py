"""Correlation on a GPU by cuDNN: a graph of one operation, planned once for each shape (nvidia-cudnn-frontend).

Operands are handed over batch first and contiguous, (N, C, H, W). cuDNN pads both sides of an axis alike;
other paddings are laid on by hand. Plans whose sums come in no fixed order are refused, so that
a run can be repeated bit for bit, and so are those that round their inputs (TF32), unless `tf32` allows it. Written
after the sources of nvidia-cudnn-frontend 1.32.
"""

from __future__ import annotations

import threading
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any, NamedTuple
from warnings import warn

from neuro_cnn.backend import Array, namespace, tf32
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.geometry import Pair, Window
from neuro_cnn.ops.gpu_windows import pad, unpad

ALIGNED = 16
"""Bytes at whose multiples a tensor's memory must begin: what the frontend promises cuDNN."""
PLANS = 512
"""Most plans that are kept (our choice)."""

Shape4 = tuple[int, ...]


class Call(NamedTuple):
    """One operation on shapes (N, C, H, W): what a plan is made for."""

    operation: str  # conv_fprop(image, weight), conv_dgrad(loss, filter) or conv_wgrad(image, loss)
    first: Shape4
    second: Shape4
    result: Shape4
    padding: Pair
    stride: Pair
    dilation: Pair
    tf32: bool


class Place(NamedTuple):
    """Where a plan runs. A handle of cuDNN belongs to one thread."""

    device: int
    stream: int
    thread: int


class Plan(NamedTuple):
    """A graph that is ready to run, its tensors, and the bytes that it needs beside them."""

    graph: Any
    tensors: tuple[Any, Any, Any]
    workspace: int


@cache
def installed() -> bool:
    """Whether the frontend is there. It must then also load: see `library`."""
    return find_spec("cudnn") is not None


@cache
def library() -> Any:
    """The frontend, loaded. Raises UsageError, with the remedy, where it cannot find cuDNN."""
    try:
        import cudnn

        cudnn.backend_version()  # the frontend loads without cuDNN itself, and fails here
    except (ImportError, OSError, RuntimeError) as error:
        raise UsageError(
            f"nvidia-cudnn-frontend does not load ({error}); install nvidia-cudnn-cu13, or uninstall the frontend"
        ) from error
    return cudnn


def respond(x: Array, weight: Array, w: Window) -> Array | None:
    """(N, C, H, W), (K, C, h, w) -> (N, K, H', W'); None where cuDNN has no plan for these shapes."""
    image, w = _even(x, w)
    shape = (x.shape[0], weight.shape[0], *w.places(*image.shape[2:]))
    return _run("conv_fprop", image, weight, shape, w)


def spread(dy: Array, weight: Array, in_shape: tuple[int, ...], w: Window) -> Array | None:
    """(N, K, H', W'), (K, C, h, w) -> in_shape (N, C, H, W); None where cuDNN has no plan."""
    edges, even = _split(w)
    sides = (length + sum(p) for length, p in zip(in_shape[2:], edges, strict=True))
    padded = _run("conv_dgrad", dy, weight, (*in_shape[:2], *sides), even)
    return None if padded is None else unpad(padded, edges, tuple(in_shape))


def multiply(x: Array, dy: Array, weight_shape: tuple[int, ...], w: Window) -> Array | None:
    """(N, C, H, W), (N, K, H', W') -> (K, C, h, w); None where cuDNN has no plan."""
    image, w = _even(x, w)
    return _run("conv_wgrad", image, dy, tuple(weight_shape), w)


def _split(w: Window) -> tuple[tuple[Pair, Pair], Window]:
    """What of the padding is laid on by hand, and the window that is left to cuDNN."""
    alike = [before == after >= 0 for before, after in w.pad]
    rows, columns = ((0, 0) if same else p for same, p in zip(alike, w.pad, strict=True))
    inner = tuple(p if same else (0, 0) for same, p in zip(alike, w.pad, strict=True))
    return (rows, columns), w._replace(pad=(inner[0], inner[1]))


def _even(x: Array, w: Window) -> tuple[Array, Window]:
    """The map, padded by hand where cuDNN cannot, and the window on it."""
    edges, even = _split(w)
    return pad(x, edges), even


def _run(operation: str, first: Array, second: Array, shape: Shape4, w: Window) -> Array | None:
    xp = namespace(first, second)
    place = Place(xp.cuda.Device().id, xp.cuda.get_current_stream().ptr, threading.get_ident())
    padding = (w.pad[0][0], w.pad[1][0])
    call = Call(operation, first.shape, second.shape, shape, padding, w.stride, w.dilation, tf32())
    plan = _plan(call, place)
    if plan is None:
        return None
    arrays = (_ready(first), _ready(second), xp.empty(shape, dtype=first.dtype))
    workspace = xp.empty(max(plan.workspace, 1), dtype=xp.uint8)
    memory = {tensor: array.data.ptr for tensor, array in zip(plan.tensors, arrays, strict=True)}
    plan.graph.execute(memory, workspace.data.ptr, handle=_handle(place))
    return arrays[2]


def _ready(x: Array) -> Array:
    """The same numbers, contiguous and aligned; a copy only where they do not lie so."""
    xp = namespace(x)
    contiguous = xp.ascontiguousarray(x)
    return contiguous if contiguous.data.ptr % ALIGNED == 0 else contiguous.copy()


@lru_cache(PLANS)
def _plan(call: Call, place: Place) -> Plan | None:
    """The plan that cuDNN's heuristics rank first among those we allow. None, with a warning, where there is none."""
    cudnn = library()
    try:
        return planned(call, cudnn.pygraph(**_single(cudnn), name=call.operation, handle=_handle(place)))
    except cudnn.cudnnGraphNotSupportedError as error:
        reason = " ".join(str(error).split())
        warn(f"cuDNN has no plan for {call}: windows and matmul instead ({reason})", RuntimeWarning, stacklevel=2)
        return None


def planned(call: Call, graph: Any) -> Plan:
    """The operation, put into an empty graph and planned. Raises cudnnGraphNotSupportedError where nothing may run."""
    cudnn = library()
    single = cudnn.data_type.FLOAT
    first, second = (
        graph.tensor(name=name, dim=list(shape), stride=_strides(shape), data_type=single)
        for name, shape in (("first", call.first), ("second", call.second))
    )
    how = {name: list(getattr(call, name)) for name in ("padding", "stride", "dilation")}
    result = getattr(graph, call.operation)(first, second, **how, compute_data_type=single, name=call.operation)
    result.set_output(True).set_data_type(single).set_dim(list(call.result)).set_stride(_strides(call.result))
    graph.validate()
    graph.build_operation_graph()
    graph.create_execution_plans([cudnn.heur_mode.A, cudnn.heur_mode.FALLBACK])
    graph.deselect_numeric_notes(_refused(cudnn, call.tf32))
    graph.check_support()
    graph.build_plans()
    return Plan(graph, (first, second, result), graph.get_workspace_size())


def _single(cudnn: Any) -> dict[str, Any]:
    """Single precision throughout."""
    single = cudnn.data_type.FLOAT
    return {"io_data_type": single, "intermediate_data_type": single, "compute_data_type": single}


def _refused(cudnn: Any, rounded: bool) -> list[Any]:
    """The numerical notes of plans that may not run; on float32 tensor cores round their inputs to 10 bits (TF32)."""
    notes = cudnn.numerical_note
    return [notes.NONDETERMINISTIC] + ([] if rounded else [notes.TENSOR_CORE, notes.DOWN_CONVERT_INPUTS])


@cache
def _handle(place: Place) -> Any:
    cudnn = library()
    handle = cudnn.create_handle()
    cudnn.set_stream(handle=handle, stream=place.stream)
    return handle


def _strides(shape: Shape4) -> list[int]:
    _, planes, height, width = shape
    return [planes * height * width, height * width, width, 1]
