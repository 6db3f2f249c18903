"""The run folder: what a run leaves behind, each file whole or absent."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.files import alone, is_temporary, write_text
from neuro_cnn.origin import environment

SCHEMA = 1
MARK = "run.json"
"""The file by which a folder is known as a run."""
ENDINGS = ("stopped", "exit_code", "error")
"""What run.json says of a run that has ended."""


class RunFolder:
    """A run's folder: config.toml, env.json, run.json, metrics.jsonl, log.txt, checkpoints and figures."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._mine = False

    @classmethod
    def create(
        cls,
        path: Path | str,
        overwrite: bool,
        config: dict[str, Any],
        seed: int,
        begun: dict[str, Any] | None = None,
        origin: dict[str, Any] | None = None,
    ) -> RunFolder:
        """A new folder with its configuration and environment written; run.json keeps what is `begun`, env.json what
        else it all comes from.

        Raises UsageError when something is already there; with `overwrite` an earlier run is replaced, but never
        a folder that is not a run.
        """
        path = Path(path)
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path} is a file; choose another --out")
        run, fresh = cls(path), not path.exists()
        path.mkdir(parents=True, exist_ok=True)
        with alone(path):
            if not run.unbegun():
                if not overwrite:
                    there = f"{path} already exists; choose another --out, or replace it with --overwrite"
                    unfinished = (path / MARK).is_file() and run.read_json(MARK).get("status") != "done"
                    raise UsageError(there + f"; it is not done: --resume {path} goes on with it" * unfinished)
                if not (path / MARK).is_file():
                    remedy = "so it is not replaced; move it away"
                    raise UsageError(f"{path} is not a run folder (it has no {MARK}), {remedy}")
            try:
                run.empty()
                run.write_json("env.json", {**environment(), **(origin or {})})
                run.write_toml("config.toml", config)
                facts = {"seed": seed, "argv": sys.argv[1:], "started": now(), **(begun or {})}
                run.status("running", **facts)  # last: with it the run is begun
            except OSError:
                run.empty()  # half a run is none
                if fresh:
                    path.rmdir()
                raise
        return run

    def unbegun(self) -> bool:
        """Whether nothing is in the folder but what a run leaves that was killed before it had begun."""
        names = {path.name for path in self.path.iterdir() if not is_temporary(path, "env", "config", "run")}
        return not names or (names <= {"env.json", "config.toml"} and "env.json" in names)

    def empty(self) -> None:
        """Take all out of the folder, the mark last, so that what is left of a run is known as one."""
        for path in sorted(self.path.iterdir(), key=lambda path: path.name == MARK):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    @classmethod
    def open(cls, path: Path | str) -> RunFolder:
        """An existing run. Raises DataError when the folder is not one."""
        path = Path(path)
        if not (path / MARK).is_file():
            raise DataError(f"{path} is not a run folder: it has no {MARK}; `neuro-cnn train` and `compare` make them")
        run = cls(path)
        version = run.read_json(MARK).get("schema_version")
        if version != SCHEMA:
            told = f"{path / MARK}: written in format {version}, but this version reads {SCHEMA}"
            raise DataError(f"{told}; use the version that wrote it: {run._written_by()}")
        return run

    def _written_by(self) -> str:
        try:
            return f"neuro_cnn {self.read_json('env.json')['neuro_cnn']}"
        except (DataError, KeyError, TypeError):
            return "env.json does not tell which"

    def read_json(self, name: str) -> Any:
        """A JSON file of the run. Raises DataError when it is missing or damaged."""
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"{self.path / name}: cannot be read ({error})") from error

    def read_toml(self, name: str) -> dict[str, Any]:
        """A TOML file of the run. Raises DataError when it is missing or damaged."""
        try:
            return read_toml(self.path / name)
        except UsageError as error:
            raise DataError(str(error)) from error

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file whole."""
        write_text(self.path / name, json.dumps(value, indent=2, allow_nan=False) + "\n")

    def write_toml(self, name: str, value: dict[str, Any]) -> None:
        """Write a TOML file whole; keys whose value is None are left out."""
        write_text(self.path / name, toml_text(value))

    def status(self, status: str, **facts: Any) -> None:
        """Say in run.json how the run stands, keeping what it said before."""
        before = self.read_json(MARK) if (self.path / MARK).is_file() else {"schema_version": SCHEMA}
        self.write_json(MARK, {**before, "status": status, **facts})

    def metric(self, line: dict[str, Any]) -> None:
        """Append one line to metrics.jsonl."""
        with open(self.path / "metrics.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())  # no checkpoint is on the disk before the lines that tell of its epochs

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl, but for a last one that was cut off. Raises DataError when it is damaged."""
        path = self.path / "metrics.jsonl"
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        try:
            return [json.loads(line) for line in text.split("\n")[:-1]]
        except json.JSONDecodeError as error:
            raise DataError(f"{path}: damaged ({error}); train again") from error

    def keep_metrics(self, lines: list[dict[str, Any]]) -> None:
        """Rewrite metrics.jsonl whole."""
        write_text(self.path / "metrics.jsonl", "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines))

    @contextmanager
    def held(self) -> Iterator[None]:
        """No other process is at work in the folder while the block runs. Raises UsageError when one is."""
        if self._mine:
            yield
            return
        with alone(self.path):
            self._mine = True
            try:
                yield
            finally:
                self._mine = False

    @contextmanager
    def told(self, resumed: bool = False) -> Iterator[None]:
        """While the block runs the run is running; afterwards run.json and log.txt say how it ended.

        Raises UsageError where another process is at work in the folder.
        """
        with self.held():
            if resumed:
                self.sweep()
                self.again()
            try:
                yield
            except (SystemExit, KeyboardInterrupt) as stop:
                self._ended("interrupted", exit_code=int(getattr(stop, "code", 130) or 0))
                raise
            except Exception as error:
                if isinstance(error, OSError):
                    error.filename = error.filename or str(self.path)
                with suppress(OSError):  # a full disk takes no last words
                    words = f"{type(error).__name__}: {' '.join(str(error).split())}"
                    self.log(words)
                    self._ended("failed", exit_code=exit_code(error), error=words)
                raise
            self._ended("done", exit_code=0)

    def again(self) -> None:
        """Say in run.json that the run is running again."""
        kept = {key: value for key, value in self.read_json(MARK).items() if key not in ENDINGS}
        self.write_json(MARK, {**kept, "status": "running", "resumed": now()})

    def sweep(self) -> None:
        """Remove the temporary files of a writer that was killed."""
        ours = ("env", "config", "run", "metrics", "choices", "results", "report", "last", "best")
        for folder in (self.path, self.path / "checkpoints"):
            for path in folder.iterdir() if folder.is_dir() else ():
                if is_temporary(path, *ours):
                    path.unlink()
        for made in ("figures", "tables"):  # whatever they are called
            for path in (self.path / made).glob(".*-????????.*"):
                path.unlink()

    def _ended(self, status: str, **facts: Any) -> None:
        self.log(status)
        self.status(status, stopped=now(), **facts)

    def log(self, text: str) -> None:
        """Append one line with the time to log.txt."""
        with open(self.path / "log.txt", "a", encoding="utf-8") as file:
            file.write(f"{now()} {text}\n")

    def checkpoint(self, which: str) -> Path:
        """Path of the checkpoint "last" or "best"."""
        return self.path / "checkpoints" / f"{which}.safetensors"


def exit_code(error: Exception) -> int:
    """What the program exits with: the error's own code, 3 where the disk or a file refuses, else 1."""
    return int(getattr(error, "exit_code", 3 if isinstance(error, OSError) else 1))


def new_path(name: str) -> Path:
    """Where a run goes when nobody says: runs/NAME-TIME, of a long name the first 60 letters."""
    plain = re.sub(r"[^\w.]+", "-", name).strip("-")[:60]
    return Path("runs") / f"{plain}-{time.strftime('%Y%m%d-%H%M%S')}"


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises UsageError, naming the place, when it cannot be read."""
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from error


def toml_text(value: dict[str, Any]) -> str:
    """Plain data as TOML; keys whose value is None are left out, for TOML has no word for it."""
    import tomli_w

    return tomli_w.dumps(_without_none(value))


def now() -> str:
    """The time, in the form 2026-01-31T12:00:00Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value
