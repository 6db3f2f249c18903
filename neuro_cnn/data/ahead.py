"""Reading ahead: while a batch is worked on, a thread reads the next, so that nobody waits for the disk."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

from neuro_cnn.data.images import Images
from neuro_cnn.data.stored import Stored

Item = TypeVar("Item")
Result = TypeVar("Result")

Reader: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Generator[Any, None, None]]


def reader(images: Images) -> Reader:
    """How batches of these images are read: those in files ahead of the caller, those in memory when he asks."""
    return ahead if isinstance(images, Stored) else on_demand


def in_batches(images: Images, size: int) -> Generator[Any, None, None]:
    """All images in their order, so many at a time: (N, C, H, W) -> (size, C, H, W), ...; the last may be fewer."""
    yield from reader(images)(images.__getitem__, (slice(at, at + size) for at in range(0, len(images), size)))


def on_demand(read: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Result, None, None]:
    """What `read` gives for each item, in order, read when it is asked for."""
    yield from map(read, items)


def ahead(read: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Result, None, None]:
    """What `read` gives for each item, in order; one thread reads the next item, and no further, while one is used.

    An error of `read` is raised here, where its item is asked for. The thread ends with the generator, also when that
    is closed early. `items` are asked for in the caller's thread.
    """
    thread = ThreadPoolExecutor(1, "neuro_cnn reader")
    coming: Future[Result] | None = None
    try:
        for item in items:
            now, coming = coming, thread.submit(read, item)
            if now is not None:
                yield now.result()
                del now  # what was read is the caller's alone
        if coming is not None:
            yield coming.result()
    finally:
        thread.shutdown(cancel_futures=True)
