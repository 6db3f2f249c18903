"""What a worker of a sweep does: one run at a time, until it is done or told to stop."""

from __future__ import annotations

import os
import platform
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from neuro_cnn.experiment import Epoch, Experiment
from neuro_cnn.gather import held_out
from neuro_cnn.locks import held
from neuro_cnn.ops.threads import on_threads
from neuro_cnn.units import end_with

GLANCE = 0.1
"""Seconds between two looks at whether something has ended, or is to end (our choice)."""


class Work(NamedTuple):
    """One run to be carried out, and what a worker must know for it."""

    name: str
    experiment: Experiment
    out: Path  # the sweep's folder
    device: str
    threads: int
    retry: bool
    stop: Path  # the file that says, by being there, that runs are to stop after their batch
    argv: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.out / "runs" / self.name


class Ended(NamedTuple):
    """How a run came back from a worker: done, failed or interrupted; died where the worker did; refused where not the
    run is at fault but the disk or the cluster, which ends the sweep with this exit code."""

    status: str
    result: Mapping[str, Any] = {}
    error: str | None = None
    exit_code: int = 0


_turn = threading.Lock()
"""Runs in one process take turns: the number of threads is the process's."""
_terminated = threading.Event()


def belong_to(sweep: int) -> None:
    """Make this process a worker of that one. Ctrl-C reaches every process of a terminal: a worker leaves it to its
    sweep. SIGTERM ends the run that it is at; so does the end of its sweep, and then itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: _terminated.set())
    end_with(sweep, _end)


def _end() -> None:
    _terminated.set()
    with _turn:  # the run has saved
        os._exit(128 + signal.SIGTERM)


def carry_out(work: Work) -> Ended:
    """One run in this process, a worker's: what is finished is not repeated, and what was begun goes on."""
    from neuro_cnn.backend import choose_device
    from neuro_cnn.running import run_one

    if not work.out.is_dir():
        told = f"{work.out} is not there on {platform.node()}; let --out be on a drive that all workers share"
        return Ended("refused", error=told, exit_code=2)
    watcher = Watcher(work)
    try:
        with _turn, _argv(work.argv), held(work.out / "locks" / work.name, watcher.wait), on_threads(work.threads):
            device = choose_device(work.device)
            result = run_one(work.experiment, work.path, device=device, watch=watcher, retry=work.retry)
    except SystemExit:
        return Ended("interrupted")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        told = f"{where}{error.strerror or error}; free some space or choose another --out, and run again"
        return Ended("refused", error=told, exit_code=3)
    except Exception as error:
        return Ended("failed", error=f"{type(error).__name__}: {' '.join(str(error).split())}")
    finally:
        _terminated.clear()
    return Ended("done", {**result, "held_out_accuracy": held_out(work.path)})


class Watcher:
    """Says whether a run is to stop: its sweep was asked to, or this worker was."""

    def __init__(self, work: Work) -> None:
        self.work, self.next = work, 0.0

    def __call__(self, epoch: Epoch | None = None) -> int | None:
        """The exit code to stop with, None to go on; looked up every so often."""
        del epoch
        if _terminated.is_set():
            return 128 + signal.SIGTERM
        if time.monotonic() < self.next:
            return None
        self.next = time.monotonic() + GLANCE
        with suppress(FileNotFoundError):
            return int(self.work.stop.read_text(encoding="utf-8"))
        return None

    def wait(self, owner: str) -> None:
        """Wait a little for who is at work in the run's folder."""
        del owner
        time.sleep(GLANCE)
        code = self()
        if code is not None:
            raise SystemExit(code)


@contextmanager
def _argv(argv: tuple[str, ...]) -> Iterator[None]:
    """The command that run.json tells of is the sweep's, not the worker's."""
    before, sys.argv = sys.argv, ["neuro-cnn", *argv]
    try:
        yield
    finally:
        sys.argv = before
