"""A GPU without room for a batch: what was asked, what is free, and the batch that would fit, in one line."""

import sys
from types import SimpleNamespace

import pytest
from learning_examples import PROBLEMS, bars

from neuro_cnn import experiment, models
from neuro_cnn.cli import explain
from neuro_cnn.describe import describe
from neuro_cnn.errors import GpuMemoryError
from neuro_cnn.room import batch_that_fits, explained
from neuro_cnn.runs import exit_code


class OutOfMemoryError(MemoryError):
    """CuPy's, which remembers what was asked for."""

    def __init__(self, size):
        super().__init__(f"Out of memory allocating {size:,} bytes (allocated so far: 1 bytes).")
        self._size = size


@pytest.fixture
def gpu(monkeypatch):
    """A GPU of which 1 GB is free outside the pool, and 3 GB of the pool's 7 are used."""
    pool = SimpleNamespace(limit=0)
    pool.get_limit, pool.total_bytes, pool.used_bytes = lambda: pool.limit, lambda: 7 * 10**9, lambda: 3 * 10**9
    cuda = SimpleNamespace(
        memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
        runtime=SimpleNamespace(memGetInfo=lambda: (10**9, 80 * 10**9)),
    )
    made = SimpleNamespace(ndarray=type(None), cuda=cuda, get_default_memory_pool=lambda: pool)
    monkeypatch.setitem(sys.modules, "cupy", made)
    return pool


def lenet():
    return models.build("lenet5", (1, 28, 28), 10)[0]


def test_what_fits_follows_from_the_layer_table():
    net, shape = lenet(), (1, 28, 28)
    rows = describe(net, shape)
    image = 4 * 28 * 28 + 2 * sum(row.training_memory for row in rows)
    weights = 16 * sum(row.parameters for row in rows)
    assert batch_that_fits(net, shape, None, weights + 10 * image) == 10
    assert batch_that_fits(net, shape, None, weights + 10 * image - 1) == 9
    assert batch_that_fits(net, shape, None, weights - 1) == 0


def test_the_error_names_what_was_asked_what_is_free_and_what_would_fit(gpu):
    told = explained(OutOfMemoryError(6 * 10**9), lenet(), (1, 28, 28), None, 10**6)
    fits = batch_that_fits(lenet(), (1, 28, 28), None, 8 * 10**9)
    assert str(told) == (
        "a batch of 1000000 needs more memory than the GPU has: 6 GB were asked for and 5 GB of 8 GB are free; "
        f"a batch of {fits} would fit, or use --device cpu"
    )
    assert isinstance(told, GpuMemoryError)
    assert exit_code(told) == 1
    assert explain(told) == f"neuro-cnn: {told}"


def test_a_limit_is_all_there_is(gpu):
    gpu.limit = 4 * 10**9
    assert "1 GB of 4 GB are free" in str(explained(OutOfMemoryError(1), lenet(), (1, 28, 28), None, 10))
    gpu.limit = 10**5
    assert "not one image would fit" in str(explained(OutOfMemoryError(1), lenet(), (1, 28, 28), None, 10))


def test_what_fits_is_less_than_what_did_not(gpu):
    assert "; a batch of 32 would fit" in str(explained(OutOfMemoryError(1), lenet(), (1, 28, 28), None, 64))


def test_memory_of_the_host_is_another_matter(gpu):
    error = MemoryError("3 GB")
    assert explained(error, lenet(), (1, 28, 28), None, 64) is error


@pytest.mark.parametrize("phase", [0, 1])
def test_learning_says_so_of_the_phase_that_had_no_room(gpu, monkeypatch, phase):
    net, curriculum = PROBLEMS["hebbian, ridge"]
    batches = curriculum[0].epochs * curriculum[0].batches(bars()) if phase else 1

    def short_of_memory(*given, **how):
        for number, progress in enumerate(train(*given, **how)):
            if number == batches:
                raise OutOfMemoryError(10**9)
            yield progress

    train = experiment.train
    monkeypatch.setattr(experiment, "train", short_of_memory)
    with pytest.raises(GpuMemoryError, match=f"^a batch of {curriculum[phase].batch} needs more memory"):
        list(experiment.learn(net, curriculum, bars(), None, 0))
