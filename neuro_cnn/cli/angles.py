"""neuro-cnn angles: a local rule's step against backpropagation's, layer by layer, over training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_cnn.cli.console import bars, emit, say, table
from neuro_cnn.cli.studies import asked

if TYPE_CHECKING:
    from neuro_cnn.compare import Study
    from neuro_cnn.data import Dataset
    from neuro_cnn.experiment import Experiment
    from neuro_cnn.physiology import Angle, Course

SEEDS = 3
"""Seeds where none are given: a spread needs more than two (our choice)."""


def angles(
    systems: Annotated[
        list[str], typer.Argument(metavar="NAME_OR_TOML", help="Systems such as softhebb:layers=2, or a TOML file.")
    ],
    data: Annotated[str | None, typer.Option(help="Data set; see `neuro-cnn data list`. [default: digits]")] = None,
    train_size: Annotated[int | None, typer.Option(help="Learn from this many training images.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Learning seeds 0 to K-1. [default: 3]")] = None,
    points: Annotated[int, typer.Option(min=2, help="Updates of a phase at which angles are taken.")] = 5,
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Option of the systems that have it.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FIG", help="Figure to draw (.png, .pdf, .svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Angle between what a rule does to a layer's weights and what backpropagation would do.

    0 degrees: the same step; 90: chance. Backpropagation's is steepest descent of the squared error through a ridge
    read-out, fitted anew at every point to the layers as they are.

    Example: neuro-cnn angles softhebb --set layers=2 --out angles.png
    """
    from neuro_cnn import viz
    from neuro_cnn.compare import assignment
    from neuro_cnn.physiology import courses

    if out is not None:
        viz.drawable(out)
    given: dict[str, Any] = {"systems": systems, "data": data, "train_size": train_size, "seeds": seeds}
    given["options"] = dict(assignment(text) for text in options or []) or None
    study = asked({key: value for key, value in given.items() if value is not None}, seeds=SEEDS)
    experiments, training = _checked(study)
    if study.question:
        say(" ".join(study.question.split()))
    runs = {_label(one): _followed(one, training, study.seeds, points) for one in experiments}
    found = {name: courses(mine) for name, mine in runs.items()}
    detail = f"{study.data}, {len(training)} training images"
    if out is not None:
        viz.save(viz.angles(found, detail=detail), out)
    if as_json:
        emit(_results(study, training, runs, found, out))
        return
    for name, layers in found.items():
        _print(f"{name} on {detail}, {study.seeds} seeds; degrees", layers)
    if out is not None:
        print(f"drawn in {out}")


def _checked(study: Study) -> tuple[list[Experiment], Dataset]:
    """The experiments and the images that they learn from. Raises UsageError for what cannot be followed."""
    from neuro_cnn.data import load
    from neuro_cnn.errors import UsageError
    from neuro_cnn.study import sources

    experiments, runs = sources(study)
    if runs:
        raise UsageError(
            f"{runs[0]} is a run that has learned already; name a system or a TOML file to follow learning"
        )
    if study.splits > 1:
        raise UsageError(f"splits = {study.splits}, but angles are taken on the shipped split; leave splits out")
    how: dict[str, Any] = {"train_size": study.train_size, "labels_per_class": study.labels_per_class}
    training = load(study.data, **how).train
    if not training.classes:
        raise UsageError(f"{study.data} has no labels to learn a read-out from; choose other data")
    return experiments, training


def _label(one: Experiment) -> str:
    return f"{one.name}:{one.variant}".removesuffix(":")


def _followed(one: Experiment, training: Dataset, seeds: int, points: int) -> list[list[Angle]]:
    """The angles of one system from each seed."""
    from neuro_cnn.physiology import angles as taken

    net, curriculum = one.build(training.shape, len(training.classes))
    runs: list[list[Angle]] = []
    for seed in range(one.seed, one.seed + seeds):
        runs.append([])
        with bars() as drawn:
            for progress, found in taken(net, curriculum, training, seed=seed, points=points):
                drawn.show(f"{_label(one)}, seed {seed}", progress)
                runs[-1] += found
        last = {each.layer: each for each in runs[-1]}.values()
        at = ", ".join(f"{each.layer} {_degrees(each.whole)}" for each in last)
        say(f"[{len(runs)}/{seeds}] {_label(one)}, seed {seed}: {at} degrees at the end")
    return runs


def _results(
    study: Study,
    training: Dataset,
    runs: dict[str, list[list[Angle]]],
    found: dict[str, dict[str, Course]],
    out: Path | None,
) -> dict[str, Any]:
    facts = {"schema_version": 1, "data": study.data, "n_train": len(training), "seeds": study.seeds}
    listed = [
        {
            "system": name,
            "summary": [{"layer": layer, **row} for layer, each in found[name].items() for row in each.summary()],
            "angles": [{"seed": seed, **each._asdict()} for seed, run in enumerate(mine) for each in run],
        }
        for name, mine in runs.items()
    ]
    return {**facts, "figure": None if out is None else str(out), "systems": listed}


def _print(title: str, layers: dict[str, Course]) -> None:
    columns = ["layer", "update", "angle", "sd", "mean of planes", "shuffled", "chance", "ceiling", "read-out %"]
    rows = []
    for layer, course in layers.items():
        for row in course.summary():
            angle = [_degrees(row[key]) for key in ("whole_mean", "whole_sd", "planes_mean", "shuffled_mean")]
            chance = f"90 ± {row['chance_sd']:.1f}"
            rest = [chance, _degrees(row["ceiling_mean"]), f"{100 * row['accuracy_mean']:.1f}"]
            rows.append([layer, f"{row['update']}{'' if row['learning'] else ' (learned)'}", *angle, *rest])
    table(columns, rows, title)


def _degrees(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
