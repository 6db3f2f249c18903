"""The notation in which networks are written as text: what stands there, as words in a tree.

    pattern = item {"->" item}
    item    = (word ["(" number {"," number} ")"] | "[" pattern "]") ["*" (number | "N" | "M" | "K")] ["?"]

It is that of Stanford's course CS231n (Karpathy, "ConvNet architectures"); sizes in parentheses are ours. What is
marked `?`, there optional, is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from neuro_cnn.errors import UsageError, unknown

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


def expanded(items: Items, letters: Mapping[str, int]) -> list[Word]:
    """Every word as often as it stands. Raises UsageError for more than 1000."""
    words: list[Word] = []
    for item in items:
        if isinstance(item, Word):
            words.append(item)
            continue
        times = item.times if isinstance(item.times, int) else letters[item.times]
        inner = expanded(item.items, letters)
        if len(words) + len(inner) * times > MOST:  # before they are written out, which may take all memory
            raise misplaced(item.place, f"more than {MOST} layers by *{item.times}; repeat less often")
        words += inner * times
    return words


def letters_of(items: Items) -> Iterator[str]:
    """The letters that say how often something stands."""
    for item in items:
        if isinstance(item, Group):
            yield from letters_of(item.items)
            if isinstance(item.times, str):
                yield item.times


def read_pattern(text: str) -> Items:
    """The tree of a pattern. Raises UsageError, naming the character, where the text does not keep to the grammar."""
    return _Reader(text).whole()


class _Reader:
    """Reads a pattern from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self.tokens = [(match.group(), match.start() + 1) for match in TOKEN.finditer(text)]
        self.tokens.append(("", len(text) + 1))

    def whole(self) -> Items:
        """The items of the whole text."""
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
                raise misplaced(place, f"brackets more than {DEEPEST} deep; write it with fewer")
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
            raise misplaced(place, str(unknown("word", token, SIZES)))
        sizes: list[int] = []
        if self._next("("):
            sizes.append(self._number("a size", 1))
            while self._next(","):
                sizes.append(self._number("a size", 1))
            self._wanted(")", "a comma or the end of the sizes, )")
        if len(sizes) > len(SIZES[name]):
            may = f"{name}({', '.join(SIZES[name])})" if SIZES[name] else f"{name} without numbers"
            raise misplaced(place, f"{name} with {len(sizes)} numbers; write {may}")
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
            raise misplaced(place, f"{token} is not a number from {least} to {LARGEST}")
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
        return misplaced(place, f"{repr(token) if token else 'the text ends'} where there should be {what}")


def misplaced(place: int, reason: str) -> UsageError:
    """The error for what cannot stand at a character of the text."""
    return UsageError(f"pattern, character {place}: {reason}")
