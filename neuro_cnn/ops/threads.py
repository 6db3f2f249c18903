"""Work shared out among as many threads as BLAS may use: one number settles both.

BLAS itself works on one thread meanwhile: its own threads would have to meet at the end of every small product, and
would stand in the way of the loops that are not products.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

from neuro_cnn.environment import threads_wanted

PART = 4096
"""Positions of one part. Fixed, so that sums over parts do not depend on the number of threads. Our choice."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def share(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What work comes to on each item, in order; work that releases the GIL runs on several threads."""
    items = list(items)
    workers = min(threads(), len(items))
    if workers < 2:
        return [work(item) for item in items]
    with _blas_on_one():
        return _answers([_pool(workers).start(work, item) for item in items])


def in_parts(work: Callable[[int, int], Result], positions: int) -> list[Result]:
    """What work(begin, end) comes to on every part of so many positions, in order, shared out."""
    starts = range(0, positions, PART)
    return share(lambda begin: work(begin, min(begin + PART, positions)), starts)


def split(work: Callable[[int, int], None], count: int, cost: int) -> None:
    """Do work(begin, end) on all of so many tasks, in equal parts, one a thread; work must release the GIL.

    `cost`, in multiplications, says whether another thread pays.
    """
    workers = min(threads(), count, cost // LEAST) if cost >= 2 * LEAST else 1
    if workers < 2:
        work(0, count)
        return
    ends = [count * part // workers for part in range(workers + 1)]
    others = [_pool(workers - 1).start(work, *ends[part : part + 2]) for part in range(1, workers)]
    try:
        work(0, ends[1])
    finally:
        _answers(others)


LEAST = 5_000_000
"""Multiplications of one thread below which another does not pay: to wake it takes some 50 microseconds, in which so
many are done by one. Our choice, measured."""
PASSED = 16
"""What it costs to pass over a number in memory, in multiplications. Our choice, measured."""


def matmul(a: Any, b: Any) -> Any:
    """The product of two matrices, columns shared out among threads: BLAS's own would wait for each other awake."""
    if not isinstance(a, np.ndarray) or a.size * b.shape[1] < 2 * LEAST or threads() < 2:
        return a @ b
    out = np.empty((a.shape[0], b.shape[1]), np.result_type(a, b))
    tall = a.shape[0] > b.shape[1]

    def work(begin: int, end: int) -> None:
        if tall:
            np.matmul(a[begin:end], b, out=out[begin:end])
        else:
            np.matmul(a, b[:, begin:end], out=out[:, begin:end])

    with _blas_on_one():
        split(work, max(out.shape), a.size * b.shape[1])
    return out


def threads() -> int:
    """How many threads work is shared among: NEURO_CNN_THREADS, or else as many as BLAS may use now."""
    if _chosen[-1]:
        return _chosen[-1]
    return max((library.num_threads for library in _blas()), default=1)


@contextmanager
def on_threads(number: int) -> Iterator[None]:
    """Work is shared among so many threads, and BLAS works on one, for as long as the block runs."""
    _chosen.append(number)
    try:
        with _blas_on_one():
            yield
    finally:
        _chosen.pop()


_chosen = [threads_wanted()]


@contextmanager
def _blas_on_one() -> Iterator[None]:
    before = [(library, number) for library in _blas() if (number := library.num_threads) != 1]
    for library, _ in before:
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library, number in before:
            library.set_num_threads(number)


@cache
def _blas() -> list[Any]:
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


class _Pool:
    """Threads that take up what is put into a queue.

    An interrupt leaves nothing locked, as it may in an executor of the standard library: queues are one step each.
    """

    def __init__(self, workers: int) -> None:
        self.given: SimpleQueue[Any] = SimpleQueue()
        for _ in range(workers):
            threading.Thread(target=self._serve, name="neuro_cnn", daemon=True).start()

    def start(self, work: Callable[..., Any], *args: Any) -> SimpleQueue[Any]:
        """Have work(*args) done; what it comes to, and the error if there was one, will be in the queue."""
        answer: SimpleQueue[Any] = SimpleQueue()
        self.given.put((work, args, answer))
        return answer

    def _serve(self) -> None:
        while True:
            _do(*self.given.get())


def _do(work: Callable[..., Any], args: tuple[Any, ...], answer: SimpleQueue[Any]) -> None:
    try:
        answer.put((work(*args), None))
    except BaseException as error:  # raised again by who asked
        answer.put((None, error))


def _answers(started: list[SimpleQueue[Any]]) -> list[Any]:
    """What the works come to, when all are done; raises the first error."""
    answers = [each.get() for each in started]
    for _, error in answers:
        if error is not None:
            raise error
    return [answer for answer, _ in answers]


@cache
def _pool(workers: int) -> _Pool:
    return _Pool(workers)


if hasattr(os, "register_at_fork"):  # threads do not live on in a forked process
    os.register_at_fork(after_in_child=_pool.cache_clear)
