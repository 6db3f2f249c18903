"""What commands that measure leave behind: a folder of their own, with the numbers as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def free(out: Path, mark: str, overwrite: bool) -> None:
    """Raises UsageError unless a folder can be made, or an earlier one of the same command, by its mark, replaced."""
    from neuro_cnn.errors import UsageError

    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; choose another --out")
    if out.is_dir() and any(out.iterdir()):
        if not overwrite:
            raise UsageError(f"{out} already exists; choose another --out, or replace it with --overwrite")
        if not (out / mark).is_file():
            raise UsageError(f"{out} is not of this command (it has no {mark}), so it is not replaced; move it away")


def as_json(value: Any) -> str:
    """Plain data as a line of JSON. Raises ValueError for what is not finite."""
    return json.dumps(value, allow_nan=False) + "\n"
