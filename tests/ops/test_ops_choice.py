"""Compiled kernels take what they can; the rest, and everything on request, is plain code."""

import numpy as np
import pytest

from neuro_cnn.errors import UsageError
from neuro_cnn.ops import choice
from neuro_cnn.ops.choice import compiled_takes, kernels


@pytest.fixture(autouse=True)
def asked_anew():
    kernels.cache_clear()
    yield
    kernels.cache_clear()


def test_compiled_kernels_take_single_precision_of_numpy(xp):
    one = np.ones(3, np.float32)
    assert compiled_takes(one)
    assert compiled_takes(xp.asarray(one)) == (xp is np)
    assert not compiled_takes(one, one.astype(np.float64))
    assert not compiled_takes(one, one[:0])


def test_plain_code_runs_on_request_and_where_numba_is_missing(monkeypatch):
    monkeypatch.setenv("NEURO_CNN_KERNELS", "plain")
    assert kernels() == "plain"
    assert not compiled_takes(np.ones(3, np.float32))
    monkeypatch.delenv("NEURO_CNN_KERNELS")
    kernels.cache_clear()
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    assert kernels() == "plain"


def test_another_kind_of_kernels_is_refused(monkeypatch):
    monkeypatch.setenv("NEURO_CNN_KERNELS", "fast")
    with pytest.raises(UsageError, match=r"^NEURO_CNN_KERNELS=fast is none of compiled, plain"):
        kernels()
