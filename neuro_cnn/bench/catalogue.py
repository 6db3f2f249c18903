"""What is measured, and what it is to reach."""

from __future__ import annotations

from collections.abc import Iterator

from neuro_cnn.bench.base import Case, Goal, How, Row
from neuro_cnn.bench.convolution import DenseBackward, DenseForward, Forward, InputAdjoint, Sizes, WeightAdjoint
from neuro_cnn.bench.neocognitron import Fit, Recognition
from neuro_cnn.bench.networks import LeNet5Answers, LeNet5Step
from neuro_cnn.bench.pools import MaxPool, MaxPoolBackward
from neuro_cnn.bench.processes import FirstStep, Memory
from neuro_cnn.bench.rules import SoftHebbLayer
from neuro_cnn.bench.scells import SLayer
from neuro_cnn.bench.timing import keep_memory, on_threads
from neuro_cnn.errors import UsageError

SHAPES = {
    "LeNet C1": Sizes(1, 6, 5, 28, 64, pad=2, first=True),
    "LeNet C3": Sizes(6, 16, 5, 14, 64),
    "1->96 5x5": Sizes(1, 96, 5, 28, 100, pad=2, first=True),
    "96->384 3x3": Sizes(96, 384, 3, 14, 100, pad=1),
    "64->64 3x3": Sizes(64, 64, 3, 56, 16, pad=1),
    "AlexNet conv1": Sizes(3, 96, 11, 227, 16, stride=4, first=True),
    "256->64 1x1": Sizes(256, 64, 1, 56, 16),
}
"""Convolutions: those of LeNet-5 and AlexNet (Krizhevsky et al. 2012), those of `softhebb`, and two of ResNet-50."""


def _convolutions() -> Iterator[tuple[str, Case]]:
    for name, of in SHAPES.items():
        yield f"convolution {name}, forward", Forward(of, goal=Goal(1.0))
        yield f"convolution {name}, input adjoint", InputAdjoint(of, goal=Goal(0.9))
        yield f"convolution {name}, weight adjoint", WeightAdjoint(of, goal=Goal(0.9))


CASES: dict[str, Case] = {
    "LeNet-5 training step, batch 64": LeNet5Step(64, goal=Goal(2.5)),
    "LeNet-5 inference, batch 128": LeNet5Answers(128, goal=Goal(6.0)),
    "LeNet-5 inference, batch 1": LeNet5Answers(1, goal=Goal(1.0)),
    "LeNet-5 first step of a process, batch 64": FirstStep(64, Goal(ours=1.0)),
    **dict(_convolutions()),
    "dense 400->120, batch 64, forward": DenseForward(16, 5, 120, 64),
    "dense 400->120, batch 64, backward": DenseBackward(16, 5, 120, 64),
    "dense 4096->1000, batch 64, forward": DenseForward(64, 8, 1000, 64),
    "dense 4096->1000, batch 64, backward": DenseBackward(64, 8, 1000, 64),
    "max pooling, LeNet C2, forward": MaxPool(6, 28, 64, 2, 2, goal=Goal(5.0)),
    "max pooling, LeNet C2, backward": MaxPoolBackward(6, 28, 64, 2, 2),
    "max pooling, SoftHebb C1, forward": MaxPool(96, 28, 100, 4, 2, 1, goal=Goal(5.0)),
    "max pooling, SoftHebb C1, backward": MaxPoolBackward(96, 28, 100, 4, 2, 1),
    "S-layer 1->96 5x5, batch 100": SLayer(1, 96, 5, 28, 100, goal=Goal(1.4)),
    "S-layer 96->384 3x3, batch 10": SLayer(96, 384, 3, 14, 10, goal=Goal(1.4)),
    "SoftHebb 1->96, batch 10": SoftHebbLayer(1, 96, 5, 28, 10, goal=Goal(1.5)),
    "SoftHebb 1->96, batch 100": SoftHebbLayer(1, 96, 5, 28, 100, goal=Goal(1.5)),
    "SoftHebb 96->384, batch 10": SoftHebbLayer(96, 384, 3, 14, 10, goal=Goal(1.0)),
    "SoftHebb 96->384, batch 100": SoftHebbLayer(96, 384, 3, 14, 100, goal=Goal(1.0)),
    "memory, AlexNet conv1, batch 64": Memory(SHAPES["AlexNet conv1"]._replace(batch=64)),
    "neocognitron 2013, 4,000 digits learned": Fit(4000, Goal(ours=6.0)),
    "neocognitron 2013, an image answered": Recognition(4000, Goal(ours=1.0)),
}


def chosen(only: str, everything: bool) -> dict[str, Case]:
    """The cases whose name holds `only`, in any case of letters; without it all but the slow ones, or everything.

    Raises UsageError where no case fits.
    """
    named = {name: case for name, case in CASES.items() if only.lower() in name.lower()}
    if not named:
        raise UsageError(f"no case holds {only!r}; there is: {'; '.join(CASES)}")
    return {name: case for name, case in named.items() if only or everything or not case.slow}


def rows(
    only: str = "", against: str | None = None, rounds: int = 15, threads: int = 1, everything: bool = False
) -> Iterator[Row]:
    """What each chosen case comes to, one after the other, beside PyTorch where `against` is "torch".

    Raises UsageError where no case fits or PyTorch is missing, FloatingPointError where the two sides disagree.
    """
    cases, how = chosen(only, everything), How(against, rounds, threads)
    keep_memory()
    for name, case in cases.items():
        with on_threads(threads, against):
            yield case.row(name, how)
