"""The units of work of a comparison: tasks that share what they learn without labels, in one process or several."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

from neuro_cnn.compare import Finding, Task, Untaught, run
from neuro_cnn.data import Data
from neuro_cnn.errors import WorkerError
from neuro_cnn.experiment import Epoch
from neuro_cnn.kept import Kept
from neuro_cnn.ops.threads import on_threads, threads

Made = TypeVar("Made")
DAY = 86_400
"""Seconds that a process waits for work: while others are at the last of it, none is sent away (and told of)."""
LOOK = 0.5
"""Seconds between two looks of a process at whether the one that started it is still there (our choice)."""
Step: TypeAlias = tuple[Task, Epoch | Finding]
"""A task, and a batch that it has learned or what it came to."""


def units(tasks: Iterable[Task]) -> list[list[Task]]:
    """Each experiment once; those whose untaught phases are the same together, so that these are learned once."""
    found: dict[str, dict[str, Task]] = {}
    for task in tasks:
        found.setdefault(task.features if task.untaught else task.key, {}).setdefault(task.key, task)
    return [list(unit.values()) for unit in found.values()]


def finished(
    tasks: Sequence[Task],
    splits: Sequence[Data],
    deformed: Mapping[str, Sequence[float]],
    device: str,
    jobs: int,
    kept: Kept | None = None,
) -> Generator[Step, None, None]:
    """Every batch (in one process) and every finding as it is made, under each of its names.

    What is `kept` comes first and is not learned anew; what is found is kept as soon as it is there. Raises
    WorkerError where a process dies.
    """
    names: dict[str, list[Task]] = {}
    for task in tasks:
        names.setdefault(task.key, []).append(task)
    there = dict(_found_before(kept, names, splits) if kept else ())
    for key, found in there.items():
        yield from _under(names[key], found)
    left = units(task for task in tasks if task.key not in there)
    here = (step for unit in left for step in _carried_out(unit, splits, deformed, device, kept))
    for task, step in here if jobs == 1 else _elsewhere(left, splits, deformed, device, jobs, kept):
        if isinstance(step, Epoch):
            yield task, step
        else:
            yield from _under(names[task.key], step)


def _found_before(
    kept: Kept, names: Mapping[str, Sequence[Task]], splits: Sequence[Data]
) -> Iterator[tuple[str, Finding]]:
    """The findings that are kept, by the key of their tasks."""
    for key, (task, *_) in names.items():
        found = kept.find(task, splits[task.place].train.shape)
        if found is not None:
            yield key, found


def _under(names: Sequence[Task], found: Finding) -> Iterator[tuple[Task, Finding]]:
    """The finding of a task under each of its names."""
    for task in names:
        named = {"model": task.model, "variant": task.variant, "control": task.is_control}
        yield task, found._replace(row={**found.row, **named})


def _carried_out(
    unit: Sequence[Task],
    splits: Sequence[Data] | Mapping[int, Data],
    deformed: Mapping[str, Sequence[float]],
    device: str,
    kept: Kept | None,
) -> Generator[Step, None, None]:
    """The tasks of a unit one after the other, what the first learns without labels known to the others."""
    known: dict[str, Untaught] = {}
    for task in unit:
        steps = run(task, splits[task.place], deformed, device, known)
        while True:
            try:
                yield task, next(steps)
            except StopIteration as end:
                found: Finding = end.value
                break
        if kept is not None:
            kept.keep(task, found)
        yield task, found


def _elsewhere(
    left: Sequence[Sequence[Task]],
    splits: Sequence[Data],
    deformed: Mapping[str, Sequence[float]],
    device: str,
    jobs: int,
    kept: Kept | None,
) -> Iterator[Step]:
    """The findings of units that other processes carry out, a unit's as soon as it is done."""
    work = [(unit, {task.place: splits[task.place] for task in unit}, deformed, device, kept) for unit in left]
    for steps in elsewhere(_drained, work, jobs):
        yield from steps


def elsewhere(function: Callable[..., Made], work: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[Made]:
    """What a function makes of each, in so many other processes, as soon as it is made.

    The processes end with this one. Raises WorkerError where one dies.
    """
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import BrokenProcessPool

    if not work:
        return
    number = threads_of(jobs)
    own = {"initializer": end_with, "initargs": (os.getpid(),), "idle_worker_timeout": DAY}
    with parallel_config(backend="loky", inner_max_num_threads=number, **own):
        calls = (delayed(_on_threads)(number, function, each) for each in work)
        with _unheard(signal.SIGINT):  # Ctrl-C reaches every process; the workers leave it to this one
            found = Parallel(n_jobs=min(jobs, len(work)), batch_size=1, return_as="generator_unordered")(calls)
        try:
            yield from found
        except BrokenProcessPool as error:
            lost = "a process that learned was killed, for want of memory perhaps; use fewer --jobs"
            raise WorkerError(lost) from error


def threads_of(jobs: int) -> int:
    """How many threads each of so many processes works on: as many as this one, for the last bits depend on them, but
    never more than there are cores for all."""
    return threads() if jobs == 1 else max(1, min(threads(), (os.cpu_count() or 1) // jobs))


def in_order(tasks: Sequence[Task], findings: Iterable[tuple[Task, Finding]]) -> list[tuple[Task, Finding]]:
    """Findings in the order of their tasks, whichever was made first."""
    places = {id(task): place for place, task in enumerate(tasks)}
    return sorted(findings, key=lambda pair: places[id(pair[0])])


@contextmanager
def _unheard(number: signal.Signals) -> Iterator[None]:
    """Ignore a signal for as long as the block runs, and in the processes that it starts for as long as they live."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals, and may say which
        return
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)


def _drained(
    unit: Sequence[Task],
    splits: Mapping[int, Data],
    deformed: Mapping[str, Sequence[float]],
    device: str,
    kept: Kept | None,
) -> list[tuple[Task, Finding]]:
    """What the tasks of a unit come to."""
    steps = _carried_out(unit, splits, deformed, device, kept)
    return [(task, step) for task, step in steps if not isinstance(step, Epoch)]


def _on_threads(number: int, function: Callable[..., Made], words: tuple[Any, ...]) -> Made:
    with on_threads(number):
        return function(*words)


def end_with(parent: int, end: Callable[[], object] | None = None) -> None:
    """End this process, by `end` if need be, with the one that started it, which may be killed and say nothing."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        if end is not None:
            end()
        os._exit(1)

    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()
