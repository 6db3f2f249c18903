"""Words and bars: results on stdout, progress and log on stderr."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuro_cnn.runs import RunFolder
    from neuro_cnn.training import Progress


class Level(IntEnum):
    """How much is said on stderr."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_said = Level.NORMAL


def level(new: Level) -> None:
    """Set how much is said; once, by the command line."""
    global _said
    _said = new


def say(text: str, at: Level = Level.NORMAL) -> None:
    """A line for the user, on stderr."""
    if _said >= at:
        print(text, file=sys.stderr, flush=True)


def tell_missing(folder: RunFolder, *missing: tuple[str, ...]) -> None:
    """Say which classes a teacher has no image of."""
    from neuro_cnn.running import told_missing

    for told in told_missing(*missing):
        folder.log(told)
        say(told)


def emit(value: Any) -> None:
    """A result as one line of JSON, on stdout."""
    print(json.dumps(value, allow_nan=False), flush=True)


def table(columns: list[str], rows: list[list[str]], title: str | None = None, words: int = 1) -> None:
    """A table on stdout; the first `words` columns are words, the others numbers.

    On a terminal that is too narrow the numbers stand in several tables, one below the other, and none is cut short.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=200)  # a file or pipe has no width to fit
    for part in parts([max(map(len, column)) for column in zip(columns, *rows, strict=True)], words, console.width):
        made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
        for place in part:
            if place < words:  # the first names the row and is never broken
                made.add_column(columns[place], overflow="fold", no_wrap=place == 0)
            else:
                made.add_column(columns[place], justify="right", no_wrap=True)
        for row in rows:
            made.add_row(*(row[place] for place in part))
        console.print(made)
        title = None


def parts(widths: list[int], words: int, room: int) -> list[list[int]]:
    """Which columns stand side by side in so much room: words, then numbers; those below after the first column again.

    Three spaces part two columns, and one stands at either end.
    """
    found = [list(range(words))]
    for place in range(words, len(widths)):
        part = [*found[-1], place]
        if sum(widths[each] + 3 for each in part) - 1 <= room or len(found[-1]) == 1:
            found[-1] = part
        else:
            found.append([0, place])
    return found


class Stop:
    """What a signal asked for: none yet, or the exit code to leave with after the batch."""

    code: int | None = None
    waiting = False

    @contextmanager
    def at_once(self, waiting: bool) -> Iterator[None]:
        """While the block waits for other processes alone, the first signal stops at once: there is no batch to end."""
        self.waiting = waiting
        try:
            yield
        finally:
            self.waiting = False


@contextmanager
def stoppable() -> Iterator[Stop]:
    """The first Ctrl-C or SIGTERM is noted, to stop after the batch; the second stops at once."""
    stop = Stop()

    def note(number: int, frame: Any) -> None:
        del frame
        if stop.code is not None or stop.waiting:
            sys.exit(128 + number)
        stop.code = 128 + number
        say("neuro-cnn: finishing the batch; once more to stop at once")

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Bars:
    """Progress bars on stderr, with rate and time left; nothing is drawn where nobody watches."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar
        self.task: Any = None
        self.shown: tuple[str, int] | None = None
        self.started = 0.0

    def show(self, name: str, progress: Progress) -> None:
        """Draw how far the phase of a system is."""
        if self.bar is None:
            return
        total = max(progress.batches * progress.epochs, 1)
        if self.shown != (name, progress.phase):
            self.hide()
            self.shown, self.started = (name, progress.phase), time.perf_counter()
            self.task = self.bar.add_task(f"{name} · {progress.label}", total=total, rate="")
        done = progress.epoch * progress.batches + progress.batch + 1
        rate = done / max(time.perf_counter() - self.started, 1e-9)
        self.bar.update(self.task, completed=done, rate=f"{rate:.1f} batches/s")

    def counter(self, what: str, total: int | None) -> Callable[[], None]:
        """A bar of so many steps, None where nobody knows how many, and what to call after each."""
        if self.bar is None:
            return lambda: None
        task = self.bar.add_task(what, total=total, rate="")
        return lambda: self.bar.advance(task)

    def hide(self) -> None:
        """Take the bar away, once the system is done."""
        if self.task is not None:
            self.bar.remove_task(self.task)
        self.task = self.shown = None


@contextmanager
def bars() -> Iterator[Bars]:
    """Bars for as long as the block runs."""
    if not sys.stderr.isatty() or _said == Level.QUIET:
        yield Bars(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Bars(bar)


@contextmanager
def progress(total: int | None, what: str) -> Iterator[Callable[[], None]]:
    """A bar for as long as the block runs; what it gives is to be called after each of so many steps."""
    with bars() as shown:
        yield shown.counter(what, total)
