"""One option of the systems of a study, or of its data, varied over several values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from neuro_cnn.compare import parse
from neuro_cnn.errors import UsageError
from neuro_cnn.models import defaults, system
from neuro_cnn.settings import ALL, OF_DATA


def is_path(text: str) -> bool:
    """Whether a study's system is written as a TOML file or the folder of a run."""
    return text.endswith(".toml") or ("->" not in text and Path(text).is_dir())  # a pattern may be too long for a path


def expanded(systems: Sequence[str], vary: Mapping[str, Sequence[Any]]) -> list[str]:
    """The systems, each that has the varied option written once for each of its values.

    Systems without it, those that set it themselves, TOML files and runs stay as they are, and so do all where it is
    the data's. Raises UsageError where no system has it.
    """
    texts = list(systems)
    for key, values in vary.items():
        if key in OF_DATA:
            continue
        having = [text for text in texts if not is_path(text) and key in defaults(parse(text)[0])]
        if not having:
            for text in texts:
                if not is_path(text):
                    system(parse(text)[0], {key: values[0]})  # raises, naming the nearest option
            raise UsageError(f"{key} cannot be varied: TOML files and runs keep their own options; name a system")
        texts = [each for text in texts for each in (_each(text, key, values) if text in having else [text])]
    return texts


def _each(text: str, key: str, values: Sequence[Any]) -> list[str]:
    if key in parse(text)[1]:
        return [text]
    written = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return [f"{text}{',' if ':' in text else ':'}{key}={value}" for value in written]


Curves: TypeAlias = dict[str, list[tuple[Any, Mapping[str, Any]]]]
"""Rows of a summary by system, each with the value of what is varied."""


def curves(summary: Sequence[Mapping[str, Any]], key: str, control: bool = False) -> Curves:
    """The summary's rows by system, each with the value of what is varied; or those of their controls.

    Rows whose system does not have the option are left out. Controls do not learn by options, but from the same data.
    """
    lines: Curves = {}
    for row in summary:
        found = _of_data(row, key) if key in OF_DATA else _of_system(row, key)
        if found is not None and row["control"] == control:
            rest, value = found
            lines.setdefault(f"{row['model']}:{rest}".removesuffix(":"), []).append((value, row))
    return lines


def _of_system(row: Mapping[str, Any], key: str) -> tuple[str, Any] | None:
    """The variant without the option, and its value; None where it has none."""
    options = parse(f"{row['model']}:{row['variant']}")[1]
    if row["control"] or key not in options:
        return None
    return ",".join(f"{name}={value}" for name, value in options.items() if name != key), options[key]


def _of_data(row: Mapping[str, Any], key: str) -> tuple[str, Any] | None:
    """The same of what is the data's: how many images, how many labels a class, or which data."""
    value = row["n_train" if key == "train_size" else key]
    rest, varied, _ = f",{row['variant']}".rpartition(f",{key}=")
    return (rest.removeprefix(","), ALL if value is None else value) if varied else None
