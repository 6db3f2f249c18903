"""Wiring and experiments to and from plain data, strictly: what is not understood is an error."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from neuro_cnn.errors import UsageError, unknown

T = TypeVar("T")


def plain(value: Any) -> Any:
    """A dataclass as dicts, lists, strings and numbers, ready for JSON or TOML."""
    kind: Any = type(value)
    return _adapter(kind).dump_python(value, mode="json")


def read(kind: type[T], data: Any, where: str) -> T:
    """Plain data as a checked dataclass of this kind.

    Raises UsageError, one line, with the path of the first value that does not fit and the reason; `where` opens
    it.
    """
    wanted: Any = kind
    try:
        made: T = _adapter(wanted).validate_python(data)
    except ValidationError as error:
        raise UsageError(f"{where}: {_line(wanted, data, error)}") from error
    except RecursionError as error:
        raise UsageError(f"{where}: nested too deeply") from error
    return made


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _line(kind: Any, data: Any, error: ValidationError) -> str:
    # the deepest complaint is the one about the member of a union that was meant; a word is not meant as a number
    first = max(error.errors(include_url=False), key=lambda e: (len(e["loc"]), _misspelt(e)))
    path = ".".join(str(step) for step in first["loc"] if not str(step).startswith(("literal[", "tagged-union[")))
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{path} is not a key here; {_hint(kind, data, first['loc'])}"
    if first["type"] == "union_tag_invalid":
        kinds = first["ctx"]["expected_tags"].replace("'", "").split(", ")
        return f"{path}: {unknown('kind', first['ctx']['tag'], kinds)}"
    if not reason[1:2].isupper():  # a name such as MAP stays as it is
        reason = f"{reason[:1].lower()}{reason[1:]}"
    if first["type"] == "missing" or isinstance(first["input"], dict):
        return f"{path}: {reason}".removeprefix(": ")
    return f"{path} = {first['input']!r}: {reason}".removeprefix(" = ")


def _misspelt(complaint: Any) -> bool:
    """Whether it says that a word is none of those that may stand for a number."""
    return isinstance(complaint["input"], str) and any(str(step).startswith("literal[") for step in complaint["loc"])


def _hint(kind: Any, data: Any, where: tuple[int | str, ...]) -> str:
    """What may have been meant by the key at this place: the nearest of the dataclass that has most of its siblings."""
    node = data
    for step in where[:-1]:
        if isinstance(step, int) or step in node:  # the names of union members are steps too, but not in the data
            node = node[step]
    schema = _adapter(kind).json_schema()
    parts: list[dict[str, Any]] = [part.get("properties", {}) for part in (schema, *schema.get("$defs", {}).values())]
    if len(where) == 1 and parts[0]:
        parts = parts[:1]  # a key of the whole
    said = [part for part in parts if "kind" in node and part.get("kind", {}).get("const") == node["kind"]]
    meant = max(said or parts, key=lambda part: (len(set(part) & set(node)), -len(part)))
    keys = set(meant) - {str(where[-1])}
    near = get_close_matches(str(where[-1]), sorted(keys), n=1)
    return f"did you mean {near[0]!r}?" if near else f"there is: {', '.join(sorted(keys))}"
