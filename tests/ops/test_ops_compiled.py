"""Code is compiled wherever the package lies."""

import numpy as np
import pytest
from numba import carray
from numba.core import caching

from neuro_cnn.ops import compiled, compiled_team
from neuro_cnn.ops.compiled_direct import pointer


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    """Neither the package's folder nor the user's can be written."""
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])


def test_functions_are_compiled_where_no_folder_can_keep_them():
    def double(x):
        return x + x

    assert compiled.compiled()(double)(21) == 42


def test_code_with_an_address_is_compiled_where_no_folder_can_keep_it():
    def count(begin, end, plan):
        carray(pointer(plan), (1,), np.int64)[0] += end - begin

    counts = np.zeros(1, np.int64)
    compiled_team.run(compiled.addressed(count).address, 7, counts.ctypes.data)
    assert counts[0] == 7
