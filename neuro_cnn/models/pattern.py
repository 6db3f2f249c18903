"""Networks written as text: INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC.

    pattern = item {"->" item}
    item    = (word ["(" number {"," number} ")"] | "[" pattern "]") ["*" (number | "N" | "M" | "K")] ["?"]

The notation is that of Stanford's course CS231n (Karpathy, "ConvNet architectures"); sizes in parentheses are ours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias

from pydantic import Field

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.data.augment import Augment
from neuro_cnn.errors import UsageError, unknown
from neuro_cnn.layers import AnyLayer, CCells, Conv, Dense, Flatten, ReLU, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.schedule import Linear

SIZES = {
    "INPUT": (),
    "CONV": ("planes", "size", "stride"),
    "RELU": (),
    "POOL": ("size", "stride"),
    "FC": ("units",),
}
"""The words, and the numbers that may follow each in parentheses."""

MOST, DEEPEST, LARGEST = 1000, 20, 100_000  # words of a pattern, brackets in brackets, a number (our choice)
ARROW = "->"
TOKEN = re.compile(r"->|[A-Za-z]+|\d+|\S")

Repeats: TypeAlias = Annotated[int, Field(ge=0, le=100)]


class Word(NamedTuple):
    """One layer as written, with its numbers, and at which character of the text."""

    name: str
    sizes: tuple[int, ...]
    place: int


class Group(NamedTuple):
    """What stands `times` times, a number or the letter of one."""

    items: Items
    times: int | str
    place: int


Items: TypeAlias = tuple[Word | Group, ...]


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
        return frozenset(_letters(_read(self.text)))

    def words(self) -> list[Word]:
        """The layers as they follow one another, repeats written out.

        Raises UsageError, naming the character, for what is no pattern.
        """
        words = _expanded(_read(self.text), {"N": self.N, "M": self.M, "K": self.K})
        _check(words)
        return words

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """The layers in the order of the text; all cells are put in one row before the first FC."""
        return Chain(tuple(_layers(self.words(), classes)))

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with Adam, the rate falling to 0."""
        augment = Augment(self.augment) if self.augment else None
        return (Phase(None, Backprop(optimizer=Adam(Linear(self.rate))), self.epochs, self.batch, augment=augment),)


def _expanded(items: Items, letters: Mapping[str, int]) -> list[Word]:
    """Every word as often as it stands. Raises UsageError for more than 1000."""
    words: list[Word] = []
    for item in items:
        if isinstance(item, Word):
            words.append(item)
            continue
        times = item.times if isinstance(item.times, int) else letters[item.times]
        words += _expanded(item.items, letters) * times
        if len(words) > MOST:
            raise _error(item.place, f"more than {MOST} layers by *{item.times}; repeat less often")
    return words


def _letters(items: Items) -> Iterator[str]:
    for item in items:
        if isinstance(item, Group):
            yield from _letters(item.items)
            if isinstance(item.times, str):
                yield item.times


def _check(words: list[Word]) -> None:
    """Raises UsageError for layers that cannot follow one another."""
    first, last = (words[0], words[-1]) if words else (Word("nothing", (), 1),) * 2
    if first.name != "INPUT":
        raise _error(first.place, f"{first.name} comes first; begin with INPUT")
    if last.name != "FC":
        raise _error(last.place, f"{last.name} comes last; end with FC, one unit a class")
    if last.sizes:
        raise _error(last.place, f"the last FC has one unit a class, not {last.sizes[0]}; write FC")
    flat = False
    for name, _, place in words[1:]:
        if name == "INPUT":
            raise _error(place, "INPUT comes a second time; it stands once, at the beginning")
        if flat and name in ("CONV", "POOL"):
            raise _error(place, f"{name} after FC, whose units have no neighbours; put it before the first FC")
        flat = flat or name == "FC"


def _layers(words: list[Word], classes: int) -> Iterator[tuple[str, AnyLayer]]:
    count: Counter[str] = Counter()
    for index, (word, sizes, _) in enumerate(words):
        count[word] += 1
        name = f"{word.lower()}{count[word]}"
        if word == "CONV":
            planes, size, stride = sizes + (16 * 2 ** min(count["POOL"], 5), 3, 1)[len(sizes) :]
            yield name, Conv(planes, size, stride, ((size // 2, (size - 1) // 2),) * 2)
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


def _read(text: str) -> Items:
    """The tree of a pattern. Raises UsageError, naming the character, where the text does not keep to the grammar."""
    return _Reader(text).whole()


class _Reader:
    """Reads a pattern from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self.tokens = [(match.group(), match.start() + 1) for match in TOKEN.finditer(text)]
        self.tokens.append(("", len(text) + 1))

    def whole(self) -> Items:
        items = self._pattern(0)
        if self.tokens[0][0]:
            raise self._unexpected("an arrow -> or the end")
        return items

    def _pattern(self, depth: int) -> Items:
        items = [self._item(depth)]
        while self._next(ARROW):
            items.append(self._item(depth))
        return tuple(items)

    def _item(self, depth: int) -> Word | Group:
        item: Word | Group
        token, place = self.tokens[0]
        if self._next("["):
            if depth == DEEPEST:
                raise _error(place, f"brackets more than {DEEPEST} deep; write it with fewer")
            item = Group(self._pattern(depth + 1), 1, place)
            self._wanted("]", "an arrow -> or the end of the bracket, ]")
        elif token.isalpha():
            item = self._word()
        else:
            raise self._unexpected(f"a word or a bracket [...]; there is: {', '.join(SIZES)}")
        if self._next("*"):
            place = self.tokens[0][1]
            item = Group((item,), self._times(), place)
        self._next("?")
        return item

    def _word(self) -> Word:
        token, place = self.tokens.pop(0)
        name = token.upper()
        if name not in SIZES:
            raise _error(place, str(unknown("word", token, SIZES)))
        sizes: list[int] = []
        if self._next("("):
            sizes.append(self._number("a size", 1))
            while self._next(","):
                sizes.append(self._number("a size", 1))
            self._wanted(")", "a comma or the end of the sizes, )")
        if len(sizes) > len(SIZES[name]):
            may = f"{name}({', '.join(SIZES[name])})" if SIZES[name] else f"{name} without numbers"
            raise _error(place, f"{name} with {len(sizes)} numbers; write {may}")
        return Word(name, tuple(sizes), place)

    def _times(self) -> int | str:
        letter = self.tokens[0][0].upper()
        if letter not in ("N", "M", "K"):
            return self._number("how often, a number or N, M or K", 0)
        self.tokens.pop(0)
        return letter

    def _number(self, what: str, least: int) -> int:
        token, place = self.tokens[0]
        if not token.isdecimal():
            raise self._unexpected(what)
        if len(token) > len(str(LARGEST)) or not least <= int(token) <= LARGEST:
            raise _error(place, f"{token} is not a number from {least} to {LARGEST}")
        return int(self.tokens.pop(0)[0])

    def _next(self, token: str) -> bool:
        """Whether this is the next token; then it is taken."""
        found = self.tokens[0][0] == token
        if found:
            self.tokens.pop(0)
        return found

    def _wanted(self, token: str, what: str) -> None:
        if not self._next(token):
            raise self._unexpected(what)

    def _unexpected(self, what: str) -> UsageError:
        token, place = self.tokens[0]
        return _error(place, f"{repr(token) if token else 'the text ends'} where there should be {what}")


def _error(place: int, reason: str) -> UsageError:
    return UsageError(f"pattern, character {place}: {reason}")
