"""Several workers learn as one: each has its part of every batch, and all take the same step, by the mean gradient."""

from __future__ import annotations

from itertools import accumulate
from typing import Protocol, TypeVar

from neuro_cnn.backend import Array, namespace, use_gpu
from neuro_cnn.curriculum import Backprop, Curriculum
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import BatchNorm
from neuro_cnn.network import Chain
from neuro_cnn.tree import leaves, tree_map

Tree = TypeVar("Tree")


class Workers(Protocol):
    """All workers as one of them sees them: its number from 0, how many there are, and what they can do together."""

    @property
    def rank(self) -> int: ...

    @property
    def size(self) -> int: ...

    def all_reduce(self, array: Array) -> Array:
        """The sum of all workers' arrays, the same bits for each; all of them call it, in the same order."""
        ...


class Alone:
    """One worker, who does it all."""

    rank, size = 0, 1

    def all_reduce(self, array: Array) -> Array:
        """The array as it is."""
        return array


class NCCL:
    """One process for each of the first `size` GPUs of this machine, which sum their arrays through NCCL.

    Every process makes its own with its own rank, before anything else is computed, and learns with device "gpu". They
    meet at CUPYX_DISTRIBUTED_HOST and CUPYX_DISTRIBUTED_PORT, 127.0.0.1:13333 unless set. Raises UsageError where CuPy,
    NCCL or the GPU is missing. Not run on GPUs yet: how they are asked is as in CuPy 14.2, what they sum is tested.
    """

    def __init__(self, rank: int, size: int) -> None:
        if not 0 <= rank < size:
            raise UsageError(f"worker {rank} of {size}; number them from 0 to {size - 1}")
        use_gpu(rank)
        from cupyx.distributed import init_process_group

        self.rank, self.size = rank, size
        try:
            self._link = init_process_group(size, rank)
        except RuntimeError as error:
            remedy = "pip install nvidia-nccl-cu13, or learn on one device"
            raise UsageError(f"{size} GPUs cannot meet ({error}); {remedy}") from error

    def all_reduce(self, array: Array) -> Array:
        """The sum of all workers' arrays, on each worker's GPU."""
        total = namespace(array).empty_like(array)
        self._link.all_reduce(array, total)
        return total


def part(workers: Workers, images: int) -> slice:
    """Which of a batch of so many images are this worker's: parts in their order that differ by one image at most."""
    return slice(workers.rank * images // workers.size, (workers.rank + 1) * images // workers.size)


def mean(workers: Workers, tree: Tree, share: float) -> Tree:
    """The mean over a batch of a tree of arrays, of which each worker has that over its own share of the images.

    All arrays travel as one, so that a step costs one message.
    """
    if workers.size == 1:
        return tree
    arrays = [leaf for _, leaf in leaves(tree)]
    xp = namespace(*arrays)
    flat = workers.all_reduce(share * xp.concat([xp.reshape(array, (-1,)) for array in arrays]))
    starts = accumulate((array.size for array in arrays), initial=0)
    pieces = iter([xp.reshape(flat[at : at + a.size], a.shape) for at, a in zip(starts, arrays, strict=False)])
    return tree_map(lambda _: next(pieces), tree)


def check_shared(net: Chain, curriculum: Curriculum, data: Dataset, workers: Workers) -> None:
    """Raises UsageError for what several workers would not learn as one does: they share backprop's batches alone."""
    if workers.size == 1:
        return
    shapes = net.init(data.shape, None)
    for phase in curriculum:
        if not isinstance(phase.method, Backprop):
            raise UsageError(
                f"{phase.label(net)} is learned on one device, not {workers.size}; only backprop is shared"
            )
        count = phase.images_an_epoch(data)
        fewest = min(phase.batch, count, count % phase.batch or phase.batch)
        if fewest < workers.size:
            raise UsageError(f"a batch of {fewest} images is shared by {workers.size} devices; choose another batch")
        for name, layer, _ in net.each(shapes, data.shape):
            if isinstance(layer, BatchNorm) and name.split(".")[0] in phase.learners(net):
                raise UsageError(
                    f"layer {name}: batch normalisation needs the moments of the whole batch, which {workers.size} "
                    "devices share; learn on one"
                )
