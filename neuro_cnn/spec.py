"""Wiring and experiments to and from plain data, strictly: what is not understood is an error."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from neuro_cnn.errors import UsageError

T = TypeVar("T")


def plain(value: Any) -> Any:
    """A dataclass as dicts, lists, strings and numbers, ready for JSON or TOML."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def read(kind: type[T], data: Any, where: str) -> T:
    """Plain data as a checked dataclass of this kind.

    Raises UsageError, one line, with the path of the first value that does not fit and the reason; `where` opens
    it.
    """
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        raise UsageError(f"{where}: {_line(error)}") from error
    except RecursionError as error:
        raise UsageError(f"{where}: nested too deeply") from error


def _line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    path = ".".join(str(step) for step in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing" or not path:
        return f"{path}: {reason}".removeprefix(": ")
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{path} is not a key here; leave it out"
    return f"{path} = {first['input']!r}: {reason[:1].lower()}{reason[1:]}"
