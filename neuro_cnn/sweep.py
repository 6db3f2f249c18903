"""A sweep: one experiment with every combination of the settings that vary, each a run known by what it learns."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from neuro_cnn.agreement import differences, settings
from neuro_cnn.check import check
from neuro_cnn.data import Data
from neuro_cnn.errors import DataError, UsageError, unknown
from neuro_cnn.experiment import Experiment, at_home
from neuro_cnn.grid import Range, Values, check_once, holds, placed, varied
from neuro_cnn.models import CATALOGUE, defaults, system
from neuro_cnn.running import Job, data_of
from neuro_cnn.runs import RunFolder, read_toml
from neuro_cnn.settings import ALL, ASKED, is_study
from neuro_cnn.spec import read

MANY = 10_000
"""Runs of a sweep beyond which one is asked whether that was meant."""
KEYS = tuple(field.name for field in fields(Experiment))
DEFAULTS = {field.name: field.default for field in fields(Experiment) if field.default is not MISSING}
LETTERS = 80
"""Letters of a run's name before what tells it from all others (our choice)."""


@dataclass(frozen=True)
class Sweep:
    """What all runs have in common, and the values of each setting that varies, by its dotted path."""

    path: Path
    common: dict[str, Any]
    vary: dict[str, Values]
    asked: dict[str, str]

    @property
    def count(self) -> int:
        """How many runs it has; none of them is made to count them."""
        return math.prod(len(values) for values in self.vary.values())

    @property
    def logarithmic(self) -> tuple[str, ...]:
        """The settings whose values lie apart by a common factor."""
        return tuple(key for key, each in self.vary.items() if isinstance(each, Range) and each.scale == "log")

    def plain(self) -> dict[str, Any]:
        """The sweep as its TOML says it, with every value written out."""
        return {**self.asked, **self.common, "vary": {key: list(values) for key, values in self.vary.items()}}


class Planned(NamedTuple):
    """One run of a sweep: the name of its folder, its values of what varies, and what it learns."""

    name: str
    settings: dict[str, Any]
    experiment: Experiment


def read_sweep(path: Path, options: Mapping[str, Any] | None = None) -> Sweep:
    """A sweep's TOML: an experiment's, and a table `vary`; options given here override it, varied ones too.

    Raises UsageError, naming the path, for what it should not say.
    """
    written = read_toml(path)
    if is_study(written):
        raise UsageError(f"{path} is a study of several systems; run it with: neuro-cnn compare {path}")
    known = (*KEYS, *ASKED, "vary")
    for key in written:
        if key not in known:
            raise UsageError(f"{path}: {unknown('key', key, known)}")
    vary = varied(written.pop("vary", {}), f"{path}: vary")
    asked = {key: " ".join(str(written.pop(key)).split()) for key in ASKED if key in written}
    for key, value in (options or {}).items():
        vary.pop(f"options.{key}", None)
        written["options"] = {**written.get("options", {}), key: value}
    if not vary:
        raise UsageError(f"{path} varies nothing; give keys and their values under [vary], or use neuro-cnn train")
    _check_keys(path, written, vary)
    for key, values in vary.items():
        check_once(list(values), f"{path}: vary.{key}") if len(values) <= MANY else None
    return Sweep(path, written, vary, asked)


def _check_keys(path: Path, common: dict[str, Any], vary: Mapping[str, Any]) -> None:
    """Raises UsageError for a key to vary that no experiment has, that is set too, or that lies in another."""
    for key in vary:
        first = key.partition(".")[0]
        if first not in KEYS:
            name = common.get("model")
            options = [f"options.{each}" for each in defaults(name)] if name in CATALOGUE else []
            if f"options.{key}" in options:
                raise UsageError(f"{path}: vary.{key} is an option of {name}; write options.{key}")
            raise UsageError(f"{path}: vary: {unknown('key', key, [*KEYS, *options])}")
        if holds(common, key):
            raise UsageError(f"{path}: {key} is set, and varied too; leave one out")
        if any(other.startswith(f"{key}.") for other in vary):
            raise UsageError(f"{path}: vary.{key} and a part of it cannot both vary; leave one out")


def planned(sweep: Sweep, first: int | None = None) -> list[Planned]:
    """Every run of a sweep, or the first of them, in the order of its settings, the last varying fastest.

    Raises UsageError, naming the path, for a combination that cannot be.
    """
    short = short_names(tuple(sweep.vary))
    runs: dict[str, Planned] = {}
    for place in range(sweep.count if first is None else min(first, sweep.count)):
        chosen = _chosen(sweep.vary, place)
        experiment = _experiment(sweep, chosen)
        words = ",".join(f"{short[key]}={text(value)}" for key, value in chosen.items())
        plainly = re.sub(r"[^\w.,=+-]+", "-", words)[:LETTERS]
        key = digest(experiment)
        if key in runs:
            raise UsageError(f"{sweep.path}: {words} is the same run as {runs[key].name}; leave one out")
        runs[key] = Planned(f"{plainly}-{key}", chosen, experiment)
    return list(runs.values())


def _chosen(vary: Mapping[str, Values], place: int) -> dict[str, Any]:
    """The values of the run at this place; no other is made, for there may be very many."""
    found = {}
    for key in reversed(list(vary)):
        place, at = divmod(place, len(vary[key]))
        found[key] = vary[key][at]
    return {key: found[key] for key in vary}


def _experiment(sweep: Sweep, settings: Mapping[str, Any]) -> Experiment:
    config: Any = sweep.common
    where = f"{sweep.path} with {', '.join(f'{key} = {text(value)}' for key, value in settings.items())}"
    try:
        for key, value in settings.items():
            left_out = value == ALL and key in ("train_size", "labels_per_class")
            config = placed(config, key, None if left_out else value)
        made = read(Experiment, config, "")
        if made.model is not None:
            system(made.model, made.options)
    except UsageError as error:
        told = str(error).removeprefix(": ")
        several = "; values to vary belong under [vary]" if re.search(r"^\S+(: \S+)? = \[", told) else ""
        raise UsageError(f"{where}: {told}{several}") from error
    return made


def text(value: Any) -> str:
    """A value of a setting in words."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def short_names(keys: tuple[str, ...]) -> dict[str, str]:
    """The last parts of dotted paths, as many as tell them from each other: options.rate is rate."""
    return {key: _short(key.split("."), keys) for key in keys}


def _short(steps: list[str], keys: tuple[str, ...]) -> str:
    for parts in range(1, len(steps)):
        name = ".".join(steps[-parts:])
        alike = sum(key == name or key.endswith(f".{name}") for key in keys)
        if alike == 1 and not name[0].isdigit():
            return name
    return ".".join(steps)


def digest(experiment: Experiment) -> str:
    """What tells a configuration from all others that learn otherwise, in ten letters.

    Neither counts what is as it would be unsaid, nor what it is called, nor whether a number is written 1 or 1.0.
    """
    said = {key: value for key, value in settings(experiment).items() if key not in DEFAULTS or value != DEFAULTS[key]}
    return blake2b(json.dumps(_even(said), sort_keys=True).encode(), digest_size=5).hexdigest()


def _even(value: Any) -> Any:
    """Plain data whose whole numbers are all written alike."""
    if isinstance(value, dict):
        return {key: _even(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_even(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def check_planned(runs: list[Planned], begun: Mapping[str, Path] | None = None) -> None:
    """Raises UsageError for a run whose system cannot learn from its images, DataError where there are none, or where
    one that was begun (their folders, by name) was shown others.

    Data are read once for all runs that learn from the same, and each system is wired once for all its seeds.
    """
    begun = begun or {}
    for group in _by_data(runs):
        data = group[0].experiment.load()
        seen = dict[str, tuple[str, ...]]()
        here = dict[tuple[str, ...], dict[str, Any]]()  # data are looked at once for all runs that learn from the same
        for run in group:
            same = digest(replace(run.experiment, seed=0))
            if same not in seen:
                job = _job(run, data)
                seen[same] = tuple(sorted({phase.data for phase in job.curriculum if phase.data is not None}))
                if seen[same] not in here and any(each.name in begun for each in group):
                    here[seen[same]] = data_of(job)
            if run.name in begun:
                _check_data(begun[run.name], here[seen[same]])


def _job(run: Planned, data: Data) -> Job:
    """The job of a run on these data. Raises UsageError, naming the run, where it cannot be."""
    try:
        net, curriculum = run.experiment.build(data.train.shape, len(data.train.classes))
        job = Job(run.experiment, net, at_home(curriculum, data), data, *run.experiment.parts(data))
        check(job.net, job.curriculum, job.training, job.held_out)
    except UsageError as error:
        raise UsageError(f"{run.name}: {error}") from error
    return job


def _check_data(path: Path, here: dict[str, Any]) -> None:
    """Raises DataError, naming the folder, where a run was begun with other images or labels than are here."""
    before = RunFolder(path).read_json("env.json").get("data", {})
    for key, _, _ in differences(before, here) if before else ():
        part = key.removesuffix("_sha256").replace("also.", "")
        told = f"{path}: learned from other images or labels of {here['name']} ({part}) than are there now"
        raise DataError(f"{told}; choose another --out, or remove that folder")


def _by_data(runs: list[Planned]) -> Iterator[list[Planned]]:
    groups: dict[Any, list[Planned]] = {}
    for run in runs:
        one = run.experiment
        groups.setdefault((one.data, one.split, one.train_size, one.labels_per_class), []).append(run)
    yield from groups.values()
