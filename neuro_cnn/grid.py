"""Lists and ranges of settings, and every combination of them."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from neuro_cnn.errors import UsageError, unknown
from neuro_cnn.spec import read

Number: TypeAlias = int | Annotated[float, Field(allow_inf_nan=False)]
ENDS = ("from", "to")
SUCH = "a list of values, or a range such as { from = 0, to = 9 }"


@dataclass(frozen=True)
class Range:
    """Numbers from one end to the other, both included, by a step or so many; evenly apart, or by a common factor.

    Between two whole ends (and by a whole step) lie whole numbers, rounded where they are so many; else decimals, of
    six significant digits where they are so many.
    """

    start: Annotated[Number, Field(alias="from")]
    end: Annotated[Number, Field(alias="to")]
    step: Number | None = None
    count: Annotated[int, Field(ge=2)] | None = None
    scale: Literal["linear", "log"] = "linear"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        ends = f"from {self.start} to {self.end}"
        if self.count is not None and self.step is not None:
            raise UsageError(f"step = {self.step} and count = {self.count} are one too many; leave one out")
        if self.scale == "log" and self.count is None:
            raise UsageError('scale = "log" wants a count of values')
        if self.scale == "log" and min(self.start, self.end) <= 0:
            raise UsageError(f'{ends} has no scale = "log"; begin and end above 0')
        if self.count is None and self.step is None and not self.whole:
            raise UsageError(f"{ends} wants a step, or a count of values")
        far = f"{ends} is too far, or in too small steps; give nearer ends, or a larger step"
        try:
            if self.step == 0 or self._many < 1:
                raise UsageError(f"{ends} by steps of {self._step} holds no value")
            if self._many > sys.maxsize or not math.isfinite(self._far):
                raise UsageError(far)
        except OverflowError as error:
            raise UsageError(far) from error

    @property
    def whole(self) -> bool:
        """Whether the values are whole numbers."""
        return all(isinstance(number, int) for number in (self.start, self.end, self._step))

    @property
    def _far(self) -> float:
        return float(self.end / self.start if self.scale == "log" else self.end - self.start)

    @property
    def _step(self) -> int | float:
        return 1 if self.step is None else self.step

    @property
    def _many(self) -> int:
        if self.count is not None:
            return self.count
        if self.whole:
            return int((self.end - self.start) // self._step) + 1
        return math.floor((self.end - self.start) / self._step + 1e-9) + 1

    def __len__(self) -> int:
        return self._many

    def __iter__(self) -> Iterator[int | float]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, place: int) -> int | float:
        if self.count is None:
            value = self.start + place * self._step
            return value if self.whole else float(f"{value:.12g}")
        if place in (0, self.count - 1):
            return self.end if place else self.start
        share = place / (self.count - 1)
        if self.scale == "log":
            value = self.start * (self.end / self.start) ** share
        else:
            value = self.start + share * (self.end - self.start)
        return round(value) if self.whole else float(f"{value:.6g}")


Values: TypeAlias = list[Any] | Range


def varied(table: Any, where: str) -> dict[str, Values]:
    """The keys of a table to vary, as dotted paths, each with its list or range: {"options": {"rate": [1, 2]}}.

    Raises UsageError, naming the path, for what is neither, and for none.
    """
    if not isinstance(table, dict):
        raise UsageError(f"{where} = {table!r} is no table; give keys, each with {SUCH}")
    found: dict[str, Values] = {}
    for key, values in table.items():
        path = f"{where}.{key}"
        if isinstance(values, list) and values:
            found[key] = values
        elif isinstance(values, dict) and any(not isinstance(values.get(end, []), dict | list) for end in ENDS):
            found[key] = _range(values, path)
        elif isinstance(values, dict) and values:
            found |= {f"{key}.{below}": each for below, each in varied(values, path).items()}
        elif isinstance(values, dict | list):
            raise UsageError(f"{path} is empty; give it {SUCH}, or leave it out")
        else:
            raise UsageError(f"{path} = {values!r} is one value; give {SUCH}")
    return found


def _range(written: dict[str, Any], where: str) -> Range:
    for key in written:
        if key not in (*ENDS, "step", "count", "scale"):
            raise UsageError(f"{where}: {unknown('key of a range', key, (*ENDS, 'step', 'count', 'scale'))}")
    return read(Range, written, where)


def check_once(values: list[Any], where: str) -> None:
    """Raises UsageError for a value that stands twice: its runs would be the same."""
    counts = Counter(json.dumps(_compared(value), sort_keys=True, default=str) for value in values)
    twice = [value for value in values if counts[json.dumps(_compared(value), sort_keys=True, default=str)] > 1]
    if twice:
        raise UsageError(f"{where} holds {twice[0]!r} twice; leave one out, or write the ends of a range as decimals")


def _compared(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def holds(config: Any, path: str) -> bool:
    """Whether a configuration says something at a dotted path."""
    for step in path.split("."):
        if not isinstance(config, dict) or step not in config:
            return False
        config = config[step]
    return True


def placed(config: Any, path: str, value: Any) -> Any:
    """The configuration with the value at a dotted path such as options.rate, curriculum.0.epochs or
    network.layers.S1.planes; the one given stays as it is.

    Raises UsageError where the path leads nowhere.
    """
    step, _, rest = path.partition(".")
    if isinstance(config, Mapping):
        return {**config, step: placed(config.get(step, {}), rest, value) if rest else value}
    if not isinstance(config, list):
        raise UsageError(f"there is nothing below {config!r}, so no {path}")
    at = _at(config, step)
    copy = list(config)
    if step.isdecimal():
        copy[at] = placed(copy[at], rest, value) if rest else value
    else:
        copy[at] = [step, placed(copy[at][1], rest, value) if rest else value]
    return copy


def _at(items: list[Any], step: str) -> int:
    """The place of an item by its number, or of a pair by its name."""
    names = [item[0] for item in items if isinstance(item, list) and len(item) == 2]
    if step.isdecimal() and int(step) < len(items):
        return int(step)
    if step in names:
        return names.index(step)
    known = ", ".join(map(str, names)) or (f"0 to {len(items) - 1}" if items else "nothing")
    raise UsageError(f"there is no {step} here; there is: {known}")
