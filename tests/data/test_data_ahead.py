"""Reading ahead: the same images in the same order, one further at most, and nothing is left of it afterwards."""

import signal
import threading
import tracemalloc
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from command import finished, program
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close
from learning_examples import PROBLEMS, bars
from test_training import assert_same_bits

import neuro_cnn as nc
from neuro_cnn import presentation
from neuro_cnn.data import Dataset
from neuro_cnn.data.ahead import ahead, in_batches, on_demand, reader
from neuro_cnn.data.stored import Stored
from neuro_cnn.errors import DataError
from neuro_cnn.layers import CCells, Conv, Dense, Flatten
from neuro_cnn.network import Chain
from neuro_cnn.parallel import Alone
from neuro_cnn.presentation import Presentation

DATA = bars()


def readers():
    """The threads that read ahead now."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("neuro_cnn reader")]


@pytest.fixture(autouse=True)
def nobody_reads_afterwards():
    yield
    assert not readers()


@pytest.fixture
def stored(tmp_path):
    """The bars in a file."""
    np.save(tmp_path / "images.npy", DATA.images)
    return Dataset(Stored.open(tmp_path / "images.npy"), DATA.labels, DATA.classes)


@given(st.lists(st.integers()))
def test_reading_ahead_gives_what_reading_on_demand_gives(items):
    assert list(ahead(str, items)) == list(on_demand(str, items)) == [str(item) for item in items]


def test_one_thread_reads_one_item_ahead_and_no_further():
    done, where = [threading.Event() for _ in range(5)], set()

    def read(item):
        where.add(threading.current_thread())
        done[item].set()
        return item

    for item in ahead(read, range(5)):
        assert all(event.wait(10) for event in done[: item + 2])  # read while this one is used
        assert not any(event.is_set() for event in done[item + 2 :])
    assert len(where) == 1
    assert threading.current_thread() not in where


def test_items_are_asked_for_in_the_callers_thread():
    def items():
        for _ in range(3):
            yield threading.current_thread()

    assert set(ahead(lambda item: item, items())) == {threading.current_thread()}


def test_an_error_is_raised_where_its_item_is_asked_for():
    def read(item):
        if item == 2:
            raise DataError("no such image")
        return item

    reading = ahead(read, range(9))
    assert [next(reading), next(reading)] == [0, 1]
    with pytest.raises(DataError, match="no such image"):
        next(reading)


def test_only_images_in_files_are_read_ahead(stored):
    assert reader(stored.images) is ahead
    assert reader(DATA.images) is on_demand
    for images in (stored.images, DATA.images):
        parts = list(in_batches(images, 4))
        assert [len(part) for part in parts] == [4] * 6 + [2]
        np.testing.assert_array_equal(np.concatenate(parts), DATA.images)


@pytest.mark.parametrize("name", PROBLEMS)
def test_whatever_learns_from_files_learns_the_same_to_the_last_bit(name, stored):
    net, curriculum = PROBLEMS[name]
    ours, theirs = (list(nc.train(net, curriculum, data, seed=0)) for data in (stored, DATA))
    assert_same_bits([each.params for each in ours], [each.params for each in theirs])
    assert [each.measures() for each in ours] == [each.measures() for each in theirs]


def test_learning_that_is_given_up_leaves_no_thread(stored):
    learning = nc.train(*PROBLEMS["backprop"], stored, seed=0)
    next(learning)
    assert len(readers()) == 1
    learning.close()
    assert not readers()


def test_a_file_that_goes_while_it_is_learned_from_is_told_of_in_a_line(stored, tmp_path):
    learning = nc.train(*PROBLEMS["backprop"], stored, seed=0)
    next(learning)
    (tmp_path / "images.npy").unlink()
    with pytest.raises(DataError, match=r"images\.npy: cannot be read as npy") as caught:
        list(learning)
    assert "\n" not in str(caught.value)


def test_ctrl_c_ends_a_program_that_reads_ahead(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "images.npy", rng.random((200, 28, 28), np.float32))
    np.save(tmp_path / "labels.npy", np.arange(200) % 10)
    words = ("--set", "epochs=1000", "--data", f"npy:{tmp_path}", "--out", tmp_path / "run", "--json")
    process = program("train", "lenet5", *words)
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    answer = finished(process, 30)
    assert answer.code == 130, answer.err
    assert "Traceback" not in answer.err


def test_responses_that_are_not_kept_are_computed_anew_to_the_same_bits(stored, monkeypatch):
    net, curriculum = PROBLEMS["softmax on frozen features"]
    kept = list(nc.train(net, curriculum, stored, seed=0))
    monkeypatch.setattr(presentation, "FROZEN", 0)
    for data in (stored, DATA):
        anew = list(nc.train(net, curriculum, data, seed=0))
        assert_same_bits([each.params for each in anew], [each.params for each in kept])


def peak(work):
    """The most bytes held at once while it works."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_responses_are_kept_once_and_a_batch_of_them_is_not_a_copy_of_all():
    net = Chain((("S1", Conv(8, 3)), ("C1", CCells(2)), ("flat", Flatten()), ("out", Dense(3))))
    phase, data = replace(PROBLEMS["backprop"][1][0], layers=("C1", "flat", "out")), bars(20_000)
    shown, params = Presentation(net, phase, 0, data, 0, "cpu", Alone()), net.init(data.shape, 0)
    most = peak(lambda: shown.keep(params))
    assert_close(shown.kept, net.respond(params, data.images, stop="C1"))
    assert most < 1.1 * shown.kept.nbytes
    with closing(shown.batches(0, 0)) as batches:
        batch = next(batches)
        assert peak(lambda: shown.seen(params, batch)) < 0.01 * shown.kept.nbytes
