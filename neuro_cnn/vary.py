"""One option of the systems of a study, varied over several values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neuro_cnn.compare import parse
from neuro_cnn.errors import UsageError
from neuro_cnn.models import system


def is_path(text: str) -> bool:
    """Whether a study's system is written as a TOML file or the folder of a run."""
    return text.endswith(".toml") or Path(text).is_dir()


def expanded(systems: Sequence[str], vary: Mapping[str, Sequence[Any]]) -> list[str]:
    """The systems, each that has the varied option written once for each of its values.

    Systems without it, those that set it themselves, TOML files and runs stay as they are. Raises UsageError where no
    system has it.
    """
    texts = list(systems)
    for key, values in vary.items():
        having = [text for text in texts if not is_path(text) and key in vars(system(parse(text)[0]))]
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


def curves(summary: Sequence[Mapping[str, Any]], key: str) -> dict[str, list[tuple[Any, Mapping[str, Any]]]]:
    """The summary's rows by system, each with the value of the varied option.

    Rows whose system does not have the option are left out, and so are controls, which do not learn by it.
    """
    lines: dict[str, list[tuple[Any, Mapping[str, Any]]]] = {}
    for row in summary:
        options = parse(f"{row['model']}:{row['variant']}")[1]
        if row["control"] or key not in options:
            continue
        rest = ",".join(f"{name}={value}" for name, value in options.items() if name != key)
        lines.setdefault(f"{row['model']}:{rest}".removesuffix(":"), []).append((options[key], row))
    return lines
