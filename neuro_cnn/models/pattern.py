"""Networks written as text: INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import Field

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.data.augment import Augment
from neuro_cnn.layers import AnyLayer, CCells, Conv, Dense, Flatten, ReLU, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.models.notation import Word, expanded, letters_of, misplaced, read_pattern
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.schedule import Linear

Repeats: TypeAlias = Annotated[int, Field(ge=0, le=100)]


@dataclass(frozen=True)
class Pattern:
    """A network written as text, trained by backpropagation; N, M and K are the repeats that the text names.

    CONV(planes, size, stride) has 16 planes, twice as many after every POOL up to 512, size 3 and stride 1, and pads so
    that stride 1 keeps the map's side; POOL(size, stride) takes the maximum of 2 x 2 cells, side by side; FC(units) has
    128 units, the last one unit a class. What is marked `?` is there. All numbers are our choice.
    """

    text: str
    N: Repeats = 2
    M: Repeats = 2
    K: Repeats = 1
    epochs: Count = 20
    rate: Positive = 0.001
    batch: Count = 64
    augment: Annotated[int, Field(ge=0, le=100)] = 0
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        self.words()

    @property
    def letters(self) -> frozenset[str]:
        """Which of N, M and K stand in the text."""
        return frozenset(letters_of(read_pattern(self.text)))

    def words(self) -> list[Word]:
        """The layers as they follow one another, repeats written out.

        Raises UsageError, naming the character, for what is no pattern.
        """
        words = expanded(read_pattern(self.text), {"N": self.N, "M": self.M, "K": self.K})
        _check(words)
        return words

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """The layers in the order of the text; all cells are put in one row before the first FC."""
        return Chain(tuple(_layers(self.words(), classes)))

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with Adam, the rate falling to 0."""
        augment = Augment(self.augment) if self.augment else None
        return (Phase(None, Backprop(optimizer=Adam(Linear(self.rate))), self.epochs, self.batch, augment=augment),)


def _check(words: list[Word]) -> None:
    """Raises UsageError for layers that cannot follow one another."""
    first, last = (words[0], words[-1]) if words else (Word("nothing", (), 1),) * 2
    if first.name != "INPUT":
        raise misplaced(first.place, f"{first.name} comes first; begin with INPUT")
    if last.name != "FC":
        raise misplaced(last.place, f"{last.name} comes last; end with FC, one unit a class")
    if last.sizes:
        raise misplaced(last.place, f"the last FC has one unit a class, not {last.sizes[0]}; write FC")
    flat = False
    for name, _, place in words[1:]:
        if name == "INPUT":
            raise misplaced(place, "INPUT comes a second time; it stands once, at the beginning")
        if flat and name in ("CONV", "POOL"):
            raise misplaced(place, f"{name} after FC, whose units have no neighbours; put it before the first FC")
        flat = flat or name == "FC"


def _layers(words: list[Word], classes: int) -> Iterator[tuple[str, AnyLayer]]:
    count: Counter[str] = Counter()
    for index, (word, sizes, _) in enumerate(words):
        count[word] += 1
        name = f"{word.lower()}{count[word]}"
        if word == "CONV":
            planes, size, stride = sizes + (16 * 2 ** min(count["POOL"], 5), 3, 1)[len(sizes) :]
            yield name, Conv(planes, size, stride, "same")
        elif word == "POOL":
            size, stride = (sizes * 2 or (2, 2))[:2]  # side by side
            yield name, CCells(size, stride)
        elif word == "RELU":
            yield name, ReLU()
        elif word == "FC":
            if count["FC"] == 1:
                yield "flat", Flatten()
            units = sizes[0] if sizes else 128
            yield ("out", Dense(classes)) if index == len(words) - 1 else (name, Dense(units))
