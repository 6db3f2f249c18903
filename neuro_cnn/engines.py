"""Where the runs of a sweep are carried out: on this machine by loky, or on a cluster by Dask."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from neuro_cnn.errors import UsageError
from neuro_cnn.files import write_text
from neuro_cnn.worker import GLANCE, Ended, Work, belong_to, carry_out

LIVES = 3
"""Workers that a run may take with it before it has failed (our choice)."""
ANSWER = 5.0
"""Seconds that a scheduler has to answer in (our choice)."""
GONE = "the Dask scheduler is gone; start it and its workers again, and go on"


class HaltedError(RuntimeError):
    """A sweep that cannot go on, through no fault of its runs."""

    def __init__(self, told: str, exit_code: int) -> None:
        super().__init__(told)
        self.exit_code = exit_code


class Engine(Protocol):
    """Workers, some of them free."""

    def free(self) -> int:
        """How many runs could be started now."""
        ...

    def start(self, work: Work) -> None:
        """Give a run to a free worker."""
        ...

    def ended(self) -> list[tuple[str, Ended]]:
        """The runs that have come back since the last call; takes a glance where there are none."""
        ...

    def close(self) -> None:
        """Let the workers go; what they still do is given up."""
        ...


def conduct(
    works: Sequence[Work], engine: Engine, asked: Callable[[], int | None]
) -> Generator[tuple[str, Ended], None, None]:
    """Carry the runs out, yielding each as it ends: done, failed, interrupted, or lost with one worker too many.

    A run whose worker died is gone on with by another. Once `asked` gives an exit code nothing more is started, and
    what runs is told to stop after its batch. Raises HaltedError where the disk or the cluster is at fault.
    """
    waiting, running, deaths = deque(works), dict[str, Work](), Counter[str]()
    try:
        while waiting or running:
            code = asked()
            if code is not None:
                waiting.clear()
                _tell_to_stop(works[0].stop, code)
            while waiting and engine.free() > 0:
                work = waiting.popleft()
                running[work.name] = work
                engine.start(work)
            for name, ended in engine.ended():
                work = running.pop(name)
                deaths[name] += ended.status in ("died", "interrupted")  # interrupted: ended by whoever could
                if ended.status == "refused":
                    raise HaltedError(str(ended.error), ended.exit_code)
                if ended.status in ("done", "failed", "lost"):
                    yield name, ended
                elif code is not None:
                    yield name, Ended("interrupted")
                elif deaths[name] == LIVES:
                    yield name, Ended("lost", error=died(LIVES))
                else:
                    waiting.appendleft(work)
    finally:
        engine.close()


def died(times: int) -> str:
    """What is said of a run whose workers died."""
    return f"its worker died {times} times (killed, or out of memory); use fewer --jobs or a smaller batch"


def _tell_to_stop(stop: Path, code: int) -> None:
    if not stop.exists():
        write_text(stop, str(code))


class Loky:
    """Processes on this machine, each an executor of its own, so that one that dies takes no other with it."""

    def __init__(self, jobs: int, threads: int) -> None:
        self.threads = threads
        self.idle: list[Any] = [None] * jobs  # executors are made when they are needed
        self.busy: dict[str, tuple[Any, Any]] = {}

    def free(self) -> int:
        return len(self.idle)

    def start(self, work: Work) -> None:
        from concurrent.futures.process import BrokenProcessPool

        executor = self.idle.pop() or self._executor()
        try:
            self.busy[work.name] = executor, executor.submit(carry_out, work)
        except BrokenProcessPool:  # its worker died while it had nothing to do
            executor.shutdown(kill_workers=True)
            self.idle.append(None)
            self.start(work)

    def _executor(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor

        names = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMEXPR")
        few = {f"{name}_NUM_THREADS": str(self.threads) for name in names}
        return ProcessPoolExecutor(1, initializer=belong_to, initargs=(os.getpid(),), env=few)

    def ended(self) -> list[tuple[str, Ended]]:
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        wait([future for _, future in self.busy.values()], GLANCE, FIRST_COMPLETED)
        found = []
        for name, (executor, future) in list(self.busy.items()):
            if not future.done():
                continue
            del self.busy[name]
            try:
                found.append((name, future.result()))
                self.idle.append(executor)
            except BrokenProcessPool:
                executor.shutdown(kill_workers=True)
                found.append((name, Ended("died")))
                self.idle.append(None)
        return found

    def close(self) -> None:
        for executor in [*self.idle, *(executor for executor, _ in self.busy.values())]:
            if executor is not None:
                executor.shutdown(kill_workers=True)


class Dask:
    """Workers of a Dask scheduler, one run at a time on each."""

    def __init__(self, address: str, jobs: int | None) -> None:
        self.client, self.jobs = _client(address), jobs
        self.busy: dict[str, Any] = {}
        self.workers, self.counted = 0, float("-inf")
        self.tries = Counter[str]()

    def free(self) -> int:
        """As many as there are workers, which come and go: none waits behind a run that kills its worker."""
        if time.monotonic() - self.counted > 1:
            try:
                threads = self.client.nthreads()
            except Exception as error:
                raise HaltedError(GONE, 1) from error
            many = next((each for each, number in threads.items() if number > 1), None)
            if many is not None:
                remedy = "start it with --nthreads 1 (and several workers by --nworkers)"
                raise UsageError(f"the worker at {many} has {threads[many]} threads, but runs take turns; {remedy}")
            self.workers, self.counted = len(threads), time.monotonic()
        return min(self.workers, self.jobs or self.workers) - len(self.busy)

    def start(self, work: Work) -> None:
        self.tries[work.name] += 1
        key = f"{work.name}-{self.tries[work.name]}-{work.stop.name}"
        self.busy[work.name] = self.client.submit(carry_out, work, key=key, pure=False)

    def ended(self) -> list[tuple[str, Ended]]:
        time.sleep(GLANCE / 2)
        found = []
        for name, future in list(self.busy.items()):
            if future.done():
                del self.busy[name]
                found.append((name, _came_to(future)))
        return found

    def close(self) -> None:
        with suppress(Exception):  # the scheduler may be gone
            self.client.cancel(list(self.busy.values()))
        with suppress(Exception):
            self.client.close(timeout=2)


def _came_to(future: Any) -> Ended:
    from concurrent.futures import CancelledError

    from distributed.scheduler import KilledWorker

    try:
        ended: Ended = future.result()
    except KilledWorker as error:
        return Ended("lost", error=died(error.allowed_failures + 1))
    except CancelledError:
        return Ended("refused", error=GONE, exit_code=1)
    except Exception as error:  # a run that has begun raises none
        words = " ".join(str(error).split())
        told = (
            f"a worker could not begin a run ({type(error).__name__}: {words}); is the same neuro_cnn installed there?"
        )
        return Ended("refused", error=told, exit_code=1)
    return ended


def _client(address: str) -> Any:
    """A client of the scheduler. Raises UsageError where dask is not installed or nobody answers in time."""
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError('--engine dask needs dask; install it with: pip install "neuro_cnn[cluster]"') from error
    if not re.fullmatch(r"\w+://[^/\s]+:\d+", address):
        raise UsageError(f"--scheduler {address} is no address such as tcp://host:8786, as `dask scheduler` prints it")
    for name in ("distributed", "distributed.client"):  # what goes wrong is told here, in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    client: Any = Client  # its library tells no types
    try:
        asyncio.run(_answers(address))  # a client that nobody answers could not be closed
        return client(address, timeout=ANSWER, set_as_default=False)
    except Exception as error:  # whatever a stranger at that address may say
        remedy = "start one with `dask scheduler`, or name another with --scheduler"
        raise UsageError(f"no Dask scheduler answers at {address}; {remedy}") from error


async def _answers(address: str) -> None:
    """Greet who is at an address, in Dask's way."""
    from distributed.comm import core

    connect: Any = core.connect
    comm = await asyncio.wait_for(connect(address, timeout=ANSWER), ANSWER + 1)
    await comm.close()
