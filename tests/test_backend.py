"""The array shim: which library made an array, and what moves between devices."""

import subprocess
import sys
from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import neuro_cnn
from neuro_cnn import backend
from neuro_cnn.backend import choose_device, gpu_name, namespace, to_device, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Weights

without_gpu = pytest.mark.skipif(gpu_name() is not None, reason="a GPU answers")
with_gpu = pytest.mark.skipif(gpu_name() is None, reason="no GPU answers")


def test_the_namespace_of_an_array_is_the_library_that_made_it(xp):
    assert namespace(xp.ones(2), xp.zeros(3)).__name__ == xp.__name__


def test_a_numpy_scalar_is_numpys():
    assert namespace(np.float32(1)) is np


def test_arrays_of_different_libraries_do_not_meet():
    with pytest.raises(TypeError, match=r"\['array_api_strict', 'numpy'\]; move them with to_device first"):
        namespace(np.ones(2), array_api_strict.ones(2))


@pytest.mark.parametrize("thing", [1.0, [1, 2], None, "x"])
def test_what_is_no_array_has_no_namespace(thing):
    with pytest.raises(TypeError, match=r"not an array: .*; convert it with numpy.asarray first"):
        namespace(thing)


def test_to_numpy_brings_any_array_to_host_memory(xp):
    made = to_numpy(xp.asarray([1, 2, 3]))
    assert isinstance(made, np.ndarray)
    np.testing.assert_array_equal(made, [1, 2, 3])


def test_what_is_on_the_device_already_is_not_copied():
    tree = {"A": Weights(np.ones(2), ())}
    moved = to_device(tree, "cpu")
    assert isinstance(moved["A"], Weights)
    assert moved["A"].weight is tree["A"].weight


@pytest.mark.parametrize("use", [choose_device, lambda device: to_device({}, device)])
def test_an_unknown_device_is_refused(use):
    with pytest.raises(UsageError, match=r"^device 'tpu' is none of auto, cpu, gpu$"):
        use("tpu")


@without_gpu
@pytest.mark.parametrize("use", [choose_device, lambda device: to_device({}, device)])
def test_where_no_gpu_answers_asking_for_one_names_the_remedy(use):
    with pytest.raises(UsageError, match=r"^device gpu.*use --device cpu$"):
        use("gpu")


@without_gpu
def test_where_no_gpu_answers_auto_is_the_cpu():
    assert choose_device("auto") == "cpu"
    assert isinstance(to_device(np.ones(2), "auto"), np.ndarray)


@with_gpu
def test_where_a_gpu_answers_auto_is_the_gpu():
    assert choose_device("auto") == "gpu"
    assert namespace(to_device(np.ones(2), "gpu")).__name__ == "cupy"


class AnswerlessCuda:
    """CuPy as it is imported on a machine whose driver does not answer, or that has no GPU."""

    class cuda:  # noqa: N801
        class runtime:  # noqa: N801
            class CUDARuntimeError(RuntimeError):
                pass

            count = None

            @classmethod
            def getDeviceCount(cls):  # noqa: N802
                if cls.count is None:
                    raise cls.CUDARuntimeError("driver missing")
                return cls.count


@pytest.mark.parametrize(("count", "message"), [(None, "CUDA does not answer .driver missing."), (0, "finds no GPU")])
def test_cupy_without_a_gpu_is_no_gpu(monkeypatch, count, message):
    monkeypatch.setitem(sys.modules, "cupy", AnswerlessCuda)
    monkeypatch.setattr(AnswerlessCuda.cuda.runtime, "count", count)
    assert backend.gpu_name() is None
    with pytest.raises(UsageError, match=f"{message}.*; use --device cpu$"):
        choose_device("gpu")


def test_products_are_exact_unless_cupys_variable_says_otherwise(monkeypatch):
    monkeypatch.delenv("CUPY_TF32", raising=False)
    assert not backend.tf32()
    monkeypatch.setenv("CUPY_TF32", "1")
    assert backend.tf32()
    monkeypatch.setenv("CUPY_TF32", "yes")
    with pytest.raises(UsageError, match=r"^CUPY_TF32=yes is none of 0, 1"):
        backend.tf32()


def test_importing_the_package_loads_no_array_library_and_no_command_line():
    heavy = {"numpy", "scipy", "cupy", "numba", "matplotlib", "typer", "pydantic", "torch"}
    program = f"import sys, neuro_cnn; print(*sorted({heavy!r} & set(sys.modules)))"
    root = Path(neuro_cnn.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
