"""What a study may vary of its data: which they are, how many images, how many labels a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neuro_cnn.data import Data
from neuro_cnn.errors import UsageError, unknown

OF_DATA = ("data", "train_size", "labels_per_class")
ASKED = ("question", "source", "expect")
"""What a study or a sweep may say of itself."""
ALL = "all"
"""How a number of images or labels is written that leaves none out."""


def check_values(key: str, values: Sequence[Any]) -> None:
    """Raises UsageError for a value that the data cannot have."""
    for value in values:
        number = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        if key == "data" and not isinstance(value, str):
            raise UsageError(f"vary: data {value!r} is not the name of a data set")
        if key != "data" and not number and value != ALL:
            raise UsageError(f'vary: {key} {value!r}; give whole numbers from 1, or "{ALL}"')


def settings(common: Mapping[str, Any], vary: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """What is asked of the data for each value of what is varied of them; once, as all say, where nothing is."""
    for key in OF_DATA:
        if key in vary:
            return [{**common, key: None if value == ALL else value} for value in vary[key]]
    return [dict(common)]


def told(data: Data, vary: Mapping[str, Sequence[Any]]) -> str:
    """The varied value of these data in the form labels_per_class=10; empty where the data are not varied."""
    asked = {"data": data.name, "train_size": data.train_size, "labels_per_class": data.labels_per_class}
    return ",".join(f"{key}={ALL if asked[key] is None else asked[key]}" for key in OF_DATA if key in vary)


def is_study(written: Mapping[str, Any]) -> bool:
    """Whether a TOML file is of several systems: named, or on a path."""
    return bool({"systems", "path"} & set(written))


def sized(written: Mapping[str, Any], size: str | None, where: str) -> dict[str, Any]:
    """A study as its file has it, with the changes of one of its sizes laid over it; None: without.

    Raises UsageError for a size that it has not.
    """
    study = {key: value for key, value in written.items() if key != "sizes"}
    if size is None:
        return study
    sizes = written.get("sizes", {})
    if size not in sizes:
        raise unknown(f"size of {where}", str(size), sizes)
    return _laid_over(study, sizes[size])


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings with others laid over them."""
    both = {key: _laid_over(below[key], each) for key, each in above.items() if isinstance(below.get(key), dict)}
    return {**below, **above, **both}
