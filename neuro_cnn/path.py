"""A path from one system to another on which each step changes one thing, made in more than one order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from neuro_cnn.errors import UsageError, unknown
from neuro_cnn.models import system

RESERVED = ("results", "paired")
"""What tables of a comparison are called besides those of ways."""
FORWARD, BACKWARD = "forward", "backward"
Options = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One step: what it is called, the options it sets, and the block of steps that keep their order among each other.

    Where the path is run backwards the blocks come in reverse order, but those that are `last` stay last.
    """

    name: str
    set: Options
    block: str
    last: bool = False
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}


@dataclass(frozen=True)
class Choice:
    """Options chosen anew for every system of a path, one after the other, on training images alone.

    Each system learns from `train_size` training images and is tried on `held_out` others, with seed 0. An option
    begins at its middle value. What is best is kept; the first of equals.
    """

    values: dict[str, Annotated[tuple[float, ...], Field(min_length=1)]]
    train_size: Annotated[int, Field(ge=1)] = 1000
    held_out: Annotated[int, Field(ge=1)] = 667
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    @property
    def middle(self) -> Options:
        """Where the choice begins."""
        return {key: values[(len(values) - 1) // 2] for key, values in self.values.items()}


class Stop(NamedTuple):
    """A system on the path: the options that steps have set, and whether others have been chosen for it."""

    options: tuple[tuple[str, Any], ...]
    chosen: bool


class Step(NamedTuple):
    """A change on a way, what it leads from (None at the start) and to."""

    name: str
    change: Options
    before: Stop | None
    after: Stop


@dataclass(frozen=True)
class Path:
    """A system, the changes that lead from it to another, and what is asked of every system between.

    `options` are those of every system, and `few` those of one that is shown only so many labels a class, by their
    number. The start is as published; with `choose` the first step is to choose its constants. `aside` are further
    ways from there, each the names of its steps, in order.
    """

    model: str
    start: str
    steps: Annotated[tuple[Change, ...], Field(min_length=1)]
    options: Options = field(default_factory=dict)
    few: dict[str, Options] = field(default_factory=dict)
    choose: Choice | None = None
    aside: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = field(default_factory=dict)
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"path: two steps are called {name!r}; give each a name of its own")
        for name in chain.from_iterable(self.aside.values()):
            if name not in names:
                raise unknown("step of the path", name, names)
        for way in self.aside:
            if way in (FORWARD, BACKWARD, *RESERVED) or not re.fullmatch(r"[\w-]+", way):
                raise UsageError(f"path: a way aside cannot be called {way!r}; give it a name of letters of its own")
        for number in self.few:
            if not number.isdigit() and number != "all":
                raise UsageError(f"path.few: {number!r} is no number of labels a class; write it as 10")
        for change in self.steps:
            for key in change.set:
                if self.choose is not None and key in self.choose.values:
                    raise UsageError(f"path: {change.name!r} sets {key}, which is chosen at every stop; leave one out")
        blocks = [step.block for step in self.steps]
        for block in dict.fromkeys(blocks):
            places = [place for place, other in enumerate(blocks) if other == block]
            if places != list(range(places[0], places[-1] + 1)):
                raise UsageError(f"path: the steps of block {block!r} do not follow each other; put them together")
        for step in chain.from_iterable(self.ways().values()):  # every system can be built
            try:
                for options in self._variants():
                    system(self.model, {**self.options, **dict(step.after.options), **options})
            except UsageError as error:
                raise UsageError(f"path: after {step.name!r}: {error}") from error

    def _variants(self) -> list[Options]:
        """What is set beside the steps: for few labels, and each value that may be chosen."""
        chosen = self.choose.values if self.choose is not None else {}
        return [{}, *self.few.values(), *({key: value} for key, values in chosen.items() for value in values)]

    def ways(self) -> dict[str, list[Step]]:
        """Every way, from its start on."""
        named = {step.name: step for step in self.steps}
        blocks = dict.fromkeys(step.block for step in self.steps if not step.last)
        reverse = [step for block in reversed(blocks) for step in self.steps if step.block == block]
        last = [step for step in self.steps if step.last]
        orders = {FORWARD: list(self.steps), BACKWARD: [*reverse, *last]}
        orders |= {way: [named[name] for name in names] for way, names in self.aside.items()}
        return {way: list(self._made(order)) for way, order in orders.items()}

    def _made(self, order: list[Change]) -> Iterator[Step]:
        at = Stop((), False)
        yield Step(self.start, {}, None, at)
        if self.choose is not None:
            yield Step("its constants chosen", {}, at, at := Stop((), True))
        for change in order:
            options = {**dict(at.options), **change.set}
            yield Step(change.name, change.set, at, at := Stop(tuple(sorted(options.items())), at.chosen))

    def stops(self) -> dict[Stop, str]:
        """Every system once, with a name: the number and the name of the step that first leads to it."""
        found: dict[Stop, str] = {}
        for way, steps in self.ways().items():
            for number, step in enumerate(steps):
                found.setdefault(step.after, f"{'' if way == FORWARD else way + ' '}{number} {step.name}")
        return found

    def check(self, common: Mapping[str, Any]) -> None:
        """Raises UsageError for options `common` to a study that a step sets, or that are chosen."""
        system(self.model, common)
        for key in common:
            steps = [step.name for step in self.steps if key in step.set]
            if steps or (self.choose is not None and key in self.choose.values):
                by = f"the step {steps[0]!r} sets it" if steps else "it is chosen at every stop"
                raise UsageError(f"{key} = {common[key]} cannot be set for the whole path, for {by}; leave it out")

    def asked(self, stop: Stop, labels: Any, chosen: Mapping[str, Any], common: Mapping[str, Any] = {}) -> Options:
        """All options of a system that is shown so many labels a class.

        Later ones override: the path's, the steps', the chosen, those for few labels, those `common` to the study.
        """
        return {**self.options, **dict(stop.options), **chosen, **self.few.get(str(labels), {}), **common}
