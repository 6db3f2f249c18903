"""What all tests share: the array libraries, and how hypothesis searches."""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # before NumPy loads; threads only wait on tiny arrays
    os.environ.setdefault(variable, "1")

import pytest
from hypothesis import settings

from neuro_cnn.backend import gpu_name

settings.register_profile("same-everywhere", deadline=None, derandomize=True, database=None, max_examples=50)
settings.load_profile("same-everywhere")


LIBRARIES = ("numpy", "array_api_strict", *(() if gpu_name() is None else ("cupy",)))


def pytest_report_header():
    """Say which array libraries this run covers."""
    return f"array libraries: {', '.join(LIBRARIES)}{'' if 'cupy' in LIBRARIES else ' (no GPU answers)'}"


@pytest.fixture(scope="session", params=LIBRARIES)
def xp(request):
    """Each array library in turn; CuPy only where a GPU answers."""
    return pytest.importorskip(request.param)
