"""Settings in the name of a data set that is made, as in `glyphs:01234,shift=2,count=20`."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from neuro_cnn.errors import UsageError, unknown

_KINDS = {int: "whole number", float: "number"}  # a text is taken as it is


def read(what: str, text: str, recipe: type[Any]) -> dict[str, Any]:
    """Text such as "shift=2,count=20" as arguments of a recipe, a dataclass of numbers and texts with defaults.

    Raises UsageError for an unknown key, naming the nearest, for one named twice, and for what is no number.
    """
    kinds: dict[str, type[Any]] = {field.name: type(field.default) for field in fields(recipe)}
    chosen: dict[str, Any] = {}
    for part in text.split(",") if text else ():
        key, _, value = part.partition("=")
        if key not in kinds:
            raise unknown(f"setting of {what}", key, kinds)
        if key in chosen:
            raise UsageError(f"{what} with {key} named twice; give it once")
        chosen[key] = value if kinds[key] is str else _number(what, key, value, kinds[key])
    return chosen


def _number(what: str, key: str, value: str, kind: type[Any]) -> Any:
    try:
        number = kind(value)
    except ValueError as error:
        raise UsageError(f"{what} with {key} = {value!r}; give a {_KINDS[kind]}") from error
    if not math.isfinite(number):
        raise UsageError(f"{what} with {key} = {value!r}; give a finite number")
    return number
