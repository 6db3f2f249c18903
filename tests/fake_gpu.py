"""A stand-in for CuPy and cuDNN that computes with NumPy: what our code hands over is checked, NVIDIA's is not."""

import ctypes
from types import SimpleNamespace

import numpy as np

from neuro_cnn.ops import tiled
from neuro_cnn.ops.geometry import Window


class Held(np.ndarray):
    """A NumPy array that says where its memory is as CuPy's do."""

    @property
    def data(self):
        return SimpleNamespace(ptr=self.ctypes.data)


def held(x):
    """The same memory as an array of the stand-in."""
    return np.asarray(x).view(Held)


class Cupy:
    """NumPy under CuPy's name, with what our code asks of CuPy beside."""

    __name__ = "cupy"
    cuda = SimpleNamespace(
        Device=lambda: SimpleNamespace(id=0),
        get_current_stream=lambda: SimpleNamespace(ptr=77),
    )

    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def empty(shape, dtype):
        """Memory that holds no number until it is written, aligned as CuPy's is."""
        count = int(np.prod(shape)) * np.dtype(dtype).itemsize
        room = np.full(count + 512, 255, np.uint8)
        first = -room.ctypes.data % 512
        return held(room[first : first + count].view(dtype).reshape(shape))

    @staticmethod
    def ascontiguousarray(x):
        return held(np.ascontiguousarray(x))


class NotSupportedError(Exception):
    """What cuDNN raises where it has no plan."""


def _seen(pointer, tensor):
    """The memory at an address, as the graph was told that it lies."""
    assert pointer % 16 == 0
    assert tensor.stride == [int(np.prod(tensor.dim[axis + 1 :])) for axis in range(4)]
    numbers = int(np.prod(tensor.dim))
    memory = np.ctypeslib.as_array(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), (numbers,))
    return memory.reshape(tensor.dim)


class Tensor:
    """A tensor of a graph."""

    def __init__(self, dim=None, stride=None, data_type=None, name=""):
        self.dim, self.stride, self.data_type, self.output = dim, stride, data_type, False

    def set_output(self, value):
        self.output = value
        return self

    def set_data_type(self, value):
        self.data_type = value
        return self

    def set_dim(self, value):
        self.dim = value
        return self

    def set_stride(self, value):
        self.stride = value
        return self


class Graph:
    """One convolution, run by the plain code; the steps of its life must come in cuDNN's order."""

    STEPS = (
        "validate",
        "build_operation_graph",
        "create_execution_plans",
        "deselect_numeric_notes",
        "check_support",
        "build_plans",
        "get_workspace_size",
    )

    def __init__(self, library, handle, **kinds):
        assert handle.stream == 77
        assert {kinds.pop(f"{each}_data_type") for each in ("io", "intermediate", "compute")} == {"float"}
        assert set(kinds) == {"name"}
        self.library, self.done, self.refused = library, [], None
        for step in self.STEPS:
            setattr(self, step, lambda *given, step=step: self._next(step, *given))

    def tensor(self, name, dim, stride, data_type):
        return Tensor(dim, stride, data_type, name)

    def _next(self, step, *given):
        assert step == self.STEPS[len(self.done)]
        self.done.append(step)
        if step == "deselect_numeric_notes":
            self.refused = set(given[0])
        if step == "check_support" and self.library.has_no_plan:
            raise NotSupportedError("no plan\nfor this")
        return 1000 if step == "get_workspace_size" else None

    def _operation(self, kind, first, second, padding, stride, dilation, compute_data_type, name):
        assert (compute_data_type, first.data_type, second.data_type) == ("float", "float", "float")
        assert min(padding) >= 0
        assert kind.__name__ == name
        self.how = (tuple(stride), tuple((edge, edge) for edge in padding), tuple(dilation))
        self.kind, self.tensors = kind, (first, second, Tensor())
        return self.tensors[2]

    def conv_fprop(self, image, weight, **how):
        return self._operation(self.conv_fprop, image, weight, **how)

    def conv_dgrad(self, loss, filter, **how):  # noqa: A002
        return self._operation(self.conv_dgrad, loss, filter, **how)

    def conv_wgrad(self, image, loss, **how):
        return self._operation(self.conv_wgrad, image, loss, **how)

    def execute(self, memory, workspace, handle):
        assert self.done == list(self.STEPS)
        assert handle.stream == 77
        assert all(type(pointer) is int for pointer in (*memory.values(), workspace))
        assert self.tensors[2].output
        a, b, y = (_seen(memory[tensor], tensor) for tensor in self.tensors)
        self.library.ran[self.kind.__name__] += 1
        if self.kind == self.conv_fprop:
            y[...] = tiled.respond(a, b, Window(b.shape[2:], *self.how), None, False)
        elif self.kind == self.conv_dgrad:
            y[...] = tiled.spread(a, b, y.shape, Window(b.shape[2:], *self.how))
        else:
            y[...] = tiled.multiply(a, b, y.shape, Window(y.shape[2:], *self.how))


class Cudnn:
    """The frontend: graphs that count how often they ran, and have no plan on request."""

    data_type = SimpleNamespace(FLOAT="float")
    heur_mode = SimpleNamespace(A="A", FALLBACK="fallback")
    numerical_note = SimpleNamespace(
        NONDETERMINISTIC="in no order", TENSOR_CORE="tensor cores", DOWN_CONVERT_INPUTS="rounded inputs"
    )
    cudnnGraphNotSupportedError = NotSupportedError  # noqa: N815

    def __init__(self):
        self.has_no_plan = False
        self.graphs = []
        self.ran = {"conv_fprop": 0, "conv_dgrad": 0, "conv_wgrad": 0}

    def create_handle(self):
        return SimpleNamespace(stream=None)

    def set_stream(self, handle, stream):
        handle.stream = stream

    def pygraph(self, **how):
        self.graphs.append(Graph(self, **how))
        return self.graphs[-1]
