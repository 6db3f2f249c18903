"""However many workers share a batch, they learn what one does who has it to himself."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close
from learning_examples import PROBLEMS, bars
from test_training import assert_same_bits

import neuro_cnn as nc
from neuro_cnn import backend, parallel
from neuro_cnn.curriculum import Backprop, Phase
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Conv, Dense, Dropout, Flatten, ReLU, RReLU
from neuro_cnn.losses import MAP, SquaredError
from neuro_cnn.network import Chain
from neuro_cnn.ops.random import uniform
from neuro_cnn.optim import SGD
from neuro_cnn.parallel import NCCL, Alone, mean, part
from neuro_cnn.tree import leaves, tree_map

DATA = bars(27)
LOTS = Chain(
    (
        *(("S1", Conv(6, 3)), ("A1", RReLU()), ("C1", CCells(2)), ("D1", Dropout(0.3))),
        *(("flat", Flatten()), ("F1", Dense(8)), ("A2", ReLU()), ("D2", Dropout(0.2)), ("out", Dense(3))),
    )
)
SHARED = {
    "lots": (LOTS, (Phase(None, Backprop(), 2, 8),)),
    "squared error, momentum": (LOTS, (Phase(None, Backprop(SquaredError(), SGD(0.1)), 2, 9),)),
    "frozen layers below": (LOTS, (Phase(("F1", "out"), Backprop(MAP(), SGD(0.1)), 2, 8),)),
    **{name: PROBLEMS[name] for name in ("backprop", "backprop from moved images", "adadelta, clipped, elastic")},
}


class Table:
    """Where workers that are threads of one process lay their arrays, to be summed in the order of their numbers."""

    def __init__(self, size):
        self.arrays, self.barrier = [None] * size, threading.Barrier(size, timeout=30)

    def seat(self, rank):
        return Seat(self, rank)


class Seat:
    """One of them."""

    def __init__(self, table, rank):
        self.table, self.rank, self.size = table, rank, len(table.arrays)
        self.messages = 0

    def all_reduce(self, array):
        self.messages += 1
        self.table.arrays[self.rank] = array
        self.table.barrier.wait()
        total = sum(self.table.arrays[1:], self.table.arrays[0])
        self.table.barrier.wait()  # nobody lays down the next before all have read
        return total


def together(size, work):
    """What work(workers) comes to for each of so many workers."""
    table = Table(size)
    with ThreadPoolExecutor(size) as threads:
        return list(threads.map(work, [table.seat(rank) for rank in range(size)]))


def learned(problem, data=DATA, workers=None):
    net, curriculum = SHARED[problem]
    return list(nc.train(net, curriculum, data, seed=0, workers=workers))


def in_double(data):
    return replace(data, images=data.images.astype(np.float64))


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("problem", SHARED)
def test_workers_on_parts_of_the_batch_learn_what_one_learns_from_the_whole(problem, size):
    net, curriculum = SHARED[problem]
    params = tree_map(lambda a: a.astype(np.float64), net.init(DATA.shape, 0))

    def work(workers):
        return list(nc.train(net, curriculum, in_double(DATA), seed=0, params=params, workers=workers))

    alone, all_of_them = work(None), together(size, work)
    for mine in all_of_them:
        assert len(mine) == len(alone)
        for ours, his in zip(mine, alone, strict=True):
            for (name, a), (_, b) in zip(leaves(ours.params), leaves(his.params), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9, err_msg=name)
            assert ours.measures() == pytest.approx(his.measures(), rel=1e-9)


@pytest.mark.parametrize("problem", SHARED)
def test_all_workers_have_the_same_weights_to_the_last_bit(problem):
    first, *others = together(3, lambda workers: [each.params for each in learned(problem, workers=workers)])
    for other in others:
        assert_same_bits(other, first)


def test_a_step_costs_one_message():
    def work(workers):
        return len(learned("backprop", workers=workers)), workers.messages

    assert together(2, work) == [(8, 8), (8, 8)]


def test_one_worker_is_no_other_than_none():
    assert_same_bits(learned("lots", workers=Alone())[-1].state, learned("lots")[-1].state)


def test_workers_go_on_from_a_state_as_one_does():
    net, curriculum = SHARED["lots"]
    whole = together(2, lambda workers: learned("lots", workers=workers))
    middle = whole[0][3].state
    ends = together(
        2, lambda workers: list(nc.train(net, curriculum, DATA, seed=0, resume=middle, workers=workers))[-1]
    )
    for end, mine in zip(ends, whole, strict=True):
        assert_same_bits(end.state, mine[-1].state)


@given(st.integers(1, 40), st.integers(1, 9))
def test_parts_follow_each_other_and_differ_by_one_image_at_most(images, size):
    parts = [range(images)[part(Table(size).seat(rank), images)] for rank in range(size)]
    assert [image for each in parts for image in each] == list(range(images))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_the_mean_weighs_each_worker_by_his_images():
    values = {"a": np.arange(10.0)[:, None, None] * np.ones((2, 3)), "b": np.arange(10.0) ** 2}

    def work(workers):
        mine = part(workers, 10)
        return mean(workers, {k: v[mine].mean(axis=0) for k, v in values.items()}, (mine.stop - mine.start) / 10)

    for found in together(3, work):
        assert_close(found["a"], values["a"].mean(axis=0))
        assert_close(found["b"], values["b"].mean(axis=0))


@given(st.integers(0, 5), st.integers(1, 5))
def test_a_part_draws_what_the_whole_would(first, rows):
    like = np.zeros((), np.float32)
    whole = uniform((1, 2), (first + rows, 2, 3), like)
    np.testing.assert_array_equal(uniform((1, 2), (rows, 2, 3), like, first), whole[first:])


@pytest.mark.parametrize(
    ("problem", "size", "message"),
    [
        ("hebbian, ridge", 2, "S1: hebbian is learned on one device, not 2; only backprop is shared"),
        ("backprop with norms, lots and learned curves", 2, "layer N1: batch normalisation needs the moments of"),
        ("backprop", 4, "a batch of 3 images is shared by 4 devices; choose another batch"),
    ],
)
def test_what_workers_would_not_learn_as_one_does_is_refused(problem, size, message):
    with pytest.raises(UsageError, match=message) as caught:
        next(nc.train(*PROBLEMS[problem], DATA, seed=0, workers=Table(size).seat(0)))
    assert "\n" not in str(caught.value)


def stand_in(monkeypatch, init):
    """CuPy's communicators replaced: what is tested is how they are called, by the signatures of CuPy 14.2."""
    module = ModuleType("cupyx.distributed")
    module.init_process_group = init
    monkeypatch.setitem(sys.modules, "cupyx", ModuleType("cupyx"))
    monkeypatch.setitem(sys.modules, "cupyx.distributed", module)
    used = []
    monkeypatch.setattr(parallel, "use_gpu", used.append)
    return used


def test_nccl_workers_sum_through_cupys_communicator(monkeypatch):
    class Backend:
        def all_reduce(self, in_array, out_array, op="sum", stream=None):
            assert in_array.flags.c_contiguous
            assert out_array.flags.c_contiguous
            assert (op, stream) == ("sum", None)
            out_array[...] = 2 * in_array  # as if two had the same

    def init(n_devices, rank, *, backend="nccl", host=None, port=None, use_mpi=False):
        assert (n_devices, rank, backend, host, port, use_mpi) == (2, 1, "nccl", None, None, False)
        return Backend()

    used = stand_in(monkeypatch, init)
    workers = NCCL(1, 2)
    assert used == [1]  # each on a GPU of its own
    gradient = {"a": np.ones((2, 3)), "b": np.ones(4)}
    assert_same_bits(mean(workers, gradient, 0.5), gradient)


def test_a_worker_computes_on_the_gpu_of_its_number(monkeypatch):
    used = []

    def device(number):
        return SimpleNamespace(use=lambda: used.append(number))

    cuda = SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=lambda: 2), Device=device)
    monkeypatch.setattr(backend, "_cupy", lambda: SimpleNamespace(cuda=cuda))
    backend.use_gpu(1)
    assert used == [1]
    with pytest.raises(UsageError, match="GPU 2: this machine has 2, numbered from 0; learn on as many at most"):
        backend.use_gpu(2)


def test_missing_gpus_and_nccl_are_told_of(monkeypatch):
    with pytest.raises(UsageError, match="worker 2 of 2; number them from 0 to 1"):
        NCCL(2, 2)

    def init(n_devices, rank):
        raise RuntimeError("NCCL is not available")

    stand_in(monkeypatch, init)
    with pytest.raises(UsageError, match=r"2 GPUs cannot meet \(NCCL is not available\); pip install nvidia-nccl"):
        NCCL(0, 2)
