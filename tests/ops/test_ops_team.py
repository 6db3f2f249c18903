"""Threads that share a kernel's work: every task is done once, whoever is awake, and however many lead."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import carray
from numba.core import caching

from neuro_cnn.ops import compiled, compiled_team, team, threads
from neuro_cnn.ops.compiled_direct import pointer


@compiled.addressed
def counted(begin, end, plan):
    """Adds 1 at each task; the plan is the counts' address."""
    counts = carray(pointer(plan), (end,), np.int64)
    for task in range(begin, end):
        counts[task] += 1


@pytest.fixture
def three(monkeypatch):
    """Work is shared by three threads, however little it is."""
    monkeypatch.setattr(team, "LEAST", 0)
    with threads.on_threads(3):
        yield


def done(count):
    counts = np.zeros(count, np.int64)
    team.share(counted.address, counts, count, 1)
    return counts


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60))
def test_every_task_is_done_once(sizes):
    with pytest.MonkeyPatch.context() as patch, threads.on_threads(3):
        patch.setattr(team, "LEAST", 0)
        for size in sizes:
            np.testing.assert_array_equal(done(size), 1)


def test_threads_that_went_to_sleep_are_woken(three, monkeypatch):
    monkeypatch.setattr(team, "PATIENCE", 1)
    team._teams.clear()
    done(5)
    beds = team._teams[3].beds
    for _ in range(20):
        for _ in range(1000):
            if all(bed.asleep for bed in beds):
                break
            time.sleep(0.001)
        assert all(bed.asleep for bed in beds)
        np.testing.assert_array_equal(done(40), 1)
    team._teams.clear()


def test_two_threads_may_ask_at_once(three):
    wrong = []

    def ask():
        for size in range(1, 400):
            if not np.array_equal(done(size), np.ones(size)):
                wrong.append(size)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert wrong == []


def test_little_work_wakes_nobody(monkeypatch):
    monkeypatch.setattr(team, "_teams", {})
    with threads.on_threads(3):
        np.testing.assert_array_equal(done(7), 1)
    assert team._teams == {}


def test_a_job_has_fewer_parts_than_its_ticket_can_count():
    most = team.SHARES * ((os.cpu_count() or 1) + 1)
    assert most < compiled_team.CLOSED


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_a_team_of_its_own(three):
    done(50)
    child = os.fork()
    if not child:
        os._exit(0 if np.array_equal(done(50), np.ones(50)) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_kernels_with_an_address_are_compiled_where_no_folder_can_keep_them(monkeypatch):
    def count(begin, end, plan):
        carray(pointer(plan), (1,), np.int64)[0] += end - begin

    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    counts = np.zeros(1, np.int64)
    team.share(compiled.addressed(count).address, counts, 7, 1)
    assert counts[0] == 7


INTERRUPTED = """
import signal
from neuro_cnn.ops import threads

signal.signal(signal.SIGALRM, signal.default_int_handler)
with threads.on_threads(3):
    for i in range(300):
        try:
            signal.setitimer(signal.ITIMER_REAL, 1e-4 + 3e-6 * i)
            while True:
                threads.split(lambda begin, end: None, 3, 3 * threads.LEAST)
        except KeyboardInterrupt:
            pass
        assert threads.share(str, range(9)) == list("012345678")
print("all shared")
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers that interrupt")
def test_work_is_shared_on_whenever_it_was_interrupted():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("all shared\n", "")


def test_the_error_of_a_part_is_raised_where_work_was_shared(three):
    def work(begin, end):
        if begin:
            raise ZeroDivisionError(f"from {begin} to {end}")

    with pytest.raises(ZeroDivisionError, match="from 1 to 2"):
        threads.split(work, 3, 3 * threads.LEAST)
    assert threads.share(abs, [-1, -2, -3]) == [1, 2, 3]
