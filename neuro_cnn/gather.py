"""A sweep's folder: how its runs stand, and what they came to, gathered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

from neuro_cnn import __version__
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.files import is_temporary, write_text
from neuro_cnn.runs import MARK, RunFolder, now, toml_text
from neuro_cnn.spec import plain
from neuro_cnn.sweep import Planned, Sweep, text

SCHEMA = 1
SWEEP = "sweep.json"
"""The file by which a folder is known as a sweep's."""
SPREAD = ("seed", "split")
"""Settings over which means and deviations are taken."""

MEASURES = ("held_out_accuracy", "test_accuracy", "train_seconds", "epochs")


class Standing(NamedTuple):
    """How a run stands: new, interrupted, failed (with its error) or done (with its result)."""

    status: str
    result: Mapping[str, Any] = {}
    error: str | None = None


def found_again(runs: Sequence[Planned], out: Path) -> list[Planned]:
    """The runs by the names of their folders: one that is there under another name, but learns the same, keeps it."""
    there = {each.name.rpartition("-")[2]: each.name for each in out.glob("runs/*")}
    return [run._replace(name=there.get(run.name.rpartition("-")[2], run.name)) for run in runs]


def check_folder(out: Path) -> None:
    """Raises UsageError for a folder that holds something else than a sweep, DataError for another version's."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; choose another --out")
    if (out / SWEEP).is_file():
        version = RunFolder(out).read_json(SWEEP).get("schema_version")
        if version != SCHEMA:
            raise DataError(f"{out / SWEEP}: written in format {version}, but this version reads {SCHEMA}")
    elif out.is_dir() and any(path.name != "locks" and not is_temporary(path, "sweep") for path in out.iterdir()):
        raise UsageError(f"{out} holds something, but no sweep (it has no {SWEEP}); choose another --out")


def standing(path: Path) -> Standing:
    """How the run of this folder stands, by its run.json. Raises DataError where that is damaged."""
    if not (path / MARK).is_file():
        return Standing("new")
    facts = facts_of(path, MARK)
    RunFolder.open(path)
    if facts.get("status") == "done" and "result" in facts:
        try:
            result = {**facts["result"], "held_out_accuracy": held_out(path)}
            return Standing("done", result | {key: result[key] for key in MEASURES})
        except (KeyError, TypeError) as error:
            raise DataError(f"{path}: its result or metrics are damaged ({error!r}); {_remedy(path)}") from error
    if facts.get("status") == "failed":
        return Standing("failed", error=facts.get("error"))
    return Standing("interrupted")  # or killed: nobody but the sweep that asks is at work here


def facts_of(path: Path, name: str) -> dict[str, Any]:
    """A JSON file of a run's folder. Raises DataError, with what to do, where it is damaged."""
    try:
        facts = RunFolder(path).read_json(name)
    except DataError as error:
        raise DataError(f"{error}; {_remedy(path)}") from error
    if not isinstance(facts, dict):
        raise DataError(f"{path / name}: damaged (it holds no keys); {_remedy(path)}")
    return facts


def _remedy(path: Path) -> str:
    return f"remove {path}, and its run is carried out anew"


def other_versions(out: Path, standings: Mapping[str, Standing]) -> dict[str, int]:
    """How many of the finished runs each other version of neuro_cnn has made."""
    done = [out / "runs" / name for name, each in standings.items() if each.status == "done"]
    made = Counter(str(facts_of(path, "env.json").get("neuro_cnn", "of an unknown version")) for path in done)
    return {version: number for version, number in sorted(made.items()) if version != __version__}


def held_out(path: Path) -> float | None:
    """A run's accuracy on the images held out when its best weights were chosen; None where none were, or where the
    last phase, with which learning ends, does not teach what answers."""
    lines = RunFolder(path).metrics()
    last = [line for line in lines if line["phase"] == lines[-1]["phase"] and "held_out_accuracy" in line]
    known = [line for line in last if "held_out_loss" in line] or last[-1:]
    best = min(known, key=lambda line: line.get("held_out_loss", 0), default=None)
    return None if best is None else float(best["held_out_accuracy"])


def keep_failed(path: Path, run: Planned, error: str) -> None:
    """Say in a run's folder that it failed, where its worker could not."""
    if not (path / MARK).is_file():
        RunFolder.create(path, False, plain(run.experiment), run.experiment.seed)
    RunFolder.open(path).status("failed", stopped=now(), exit_code=1, error=error)


def row(run: Planned, found: Standing) -> dict[str, Any]:
    """A run's row of the results."""
    place = {key: getattr(run.experiment, key) for key in SPREAD}
    kept = {key: found.result.get(key) for key in MEASURES}
    return {"run": run.name, "settings": run.settings, **place, **kept, "status": found.status, "error": found.error}


def results(sweep: Sweep, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The object of results.json."""
    return {
        "schema_version": SCHEMA,
        **sweep.asked,
        "vary": {key: list(values) for key, values in sweep.vary.items()},
        "logarithmic": list(sweep.logarithmic),
        "runs": len(rows),
        "statuses": dict(Counter(each["status"] for each in rows)),
        "rows": list(rows),
        "summary": summarize(rows),
    }


def summarize(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Mean and deviation of the accuracy over seeds and splits, for each combination of the other settings."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for each in rows:
        groups.setdefault(json.dumps(_others(each), default=str), []).append(each)
    return [_mean(each) for each in groups.values()]


def _others(each: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in each["settings"].items() if key not in SPREAD}


def _mean(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    right, held, seconds = (_known(rows, key) for key in ("test_accuracy", "held_out_accuracy", "train_seconds"))
    return {
        "settings": _others(rows[0]),
        "runs": len(rows),
        "n": len(right),
        "accuracy_mean": mean(right) if right else None,
        "accuracy_sd": stdev(right) if len(right) > 1 else None,
        "held_out_accuracy_mean": mean(held) if held else None,
        "train_seconds_mean": mean(seconds) if seconds else None,
    }


def _known(rows: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    return [each[key] for each in rows if each[key] is not None]


def flat(each: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the CSV has it: what varies first, by its dotted path."""
    settings = {key: one if isinstance(one, int | float) else text(one) for key, one in each["settings"].items()}
    rest = {key: value for key, value in each.items() if key not in ("settings", "run", *settings)}
    return {"run": each["run"], **settings, **rest}


def write(out: Path, sweep: Sweep, outcome: Mapping[str, Any]) -> Path | None:
    """results.json, results.csv and the figure, each whole; the figure's path, where there was something to draw."""
    from neuro_cnn import viz
    from neuro_cnn.report import csv_text, json_text

    write_text(out / "config.toml", toml_text(sweep.plain()))
    write_text(out / "results.json", json_text(outcome))
    write_text(out / "results.csv", csv_text([flat(each) for each in outcome["rows"]]))
    if not any(each["n"] for each in outcome["summary"]):
        return None
    path = out / "figures" / "sweep.png"
    viz.save(viz.sweep(outcome), path)
    return path
