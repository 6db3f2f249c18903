"""What a comparison leaves behind: its results, notes, figures and the folder that tells of it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuro_cnn.compare import SCHEMA, Finding, Study, Task, summarize
from neuro_cnn.data import Data
from neuro_cnn.data.deformations import DEFORMATIONS, measured
from neuro_cnn.differences import differences
from neuro_cnn.files import write_text
from neuro_cnn.origin import environment
from neuro_cnn.runs import RunFolder
from neuro_cnn.settings import ALL, ASKED
from neuro_cnn.spec import plain
from neuro_cnn.vary import curves
from neuro_cnn.watch import Snapshot

if TYPE_CHECKING:
    from neuro_cnn.report import Picture

LEARNED = "S1"
"""The layer whose receptive fields stand in the report."""


def results(
    study: Study,
    splits: Sequence[Data],
    findings: Sequence[tuple[Task, Finding]],
    argv: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The object of results.json; `argv` are the words that began the comparison, if not those of this process."""
    rows = [found.row for _, found in findings]
    return {
        "schema_version": SCHEMA,
        **{key: " ".join(text.split()) for key in ASKED if (text := getattr(study, key)) is not None},
        "data": ", ".join(dict.fromkeys(data.name for data in splits)),
        "n_train": max(len(data.train) for data in splits),
        "n_test": len(splits[0].test),
        "rows": rows,
        "summary": summarize(rows),
        "paired": differences(rows, study.vary),
        "vary": plain(study)["vary"],
        "command": shlex.join(["neuro-cnn", *(sys.argv[1:] if argv is None else argv)]),
        "environment": {key: value for key, value in environment().items() if value is not None and key != "blas"},
    }


def health_notes(findings: Sequence[tuple[Task, Finding]], classes: int) -> list[str]:
    """A health line for every layer that is not well and learned without a teacher, of each system's first such seed;
    and a warning where a control answers like chance, for then a gain over it says nothing of learning."""
    notes: dict[tuple[str, str], str] = {}
    for task, found in findings:
        if found.row["learning"] != "none" and not task.is_control:
            for name, state in found.health.items():
                if state.warnings:  # of the first seed that has it; what several tasks share is told once
                    key = (f"{task.model} {task.net} {task.untaught}", name)
                    notes.setdefault(key, f"{task.label}, seed {task.seed}, {state.line(name)}")
        if task.is_control and like_chance(found.row["accuracy"], classes):
            silent = "answers like chance: its cells hardly reach their thresholds, so the gain over it is no measure"
            notes.setdefault((task.label, ""), f"{task.label} {silent} of learning")
    return list(notes.values())


def _first(findings: Sequence[tuple[Task, Finding]]) -> dict[str, tuple[Task, Finding]]:
    """The first finding of each system and control, by label."""
    first: dict[str, tuple[Task, Finding]] = {}
    for task, found in findings:
        first.setdefault(task.label, (task, found))
    return first


def like_chance(accuracy: float, classes: int) -> bool:
    """Whether answers are hardly better than guesses: less than twice as good, and less than 10 points (our choice)."""
    return accuracy < min(2 / classes, 1 / classes + 0.1)


def write_folder(
    folder: RunFolder,
    outcome: dict[str, Any],
    findings: Sequence[tuple[Task, Finding]],
    classes: int,
) -> None:
    """results.json, results.csv, tables, figures and the self-contained report.html."""
    from neuro_cnn import viz
    from neuro_cnn.path_tables import way_table
    from neuro_cnn.report import csv_text, json_text, write_report
    from neuro_cnn.report_tables import main_table, paired_table
    from neuro_cnn.tables import latex, markdown

    write_text(folder.path / "results.json", json_text(outcome))
    write_text(folder.path / "results.csv", csv_text(outcome["rows"]))
    tables = {"results": main_table(outcome["summary"]), "paired": paired_table(outcome["paired"])}
    tables |= {way: way_table(outcome["path"], way) for way in outcome.get("path", {}).get("ways", ())}
    for name, table in tables.items():
        if table.lines:
            write_text(folder.path / "tables" / f"{name}.md", markdown(table))
            write_text(folder.path / "tables" / f"{name}.tex", latex(table))
    figures = pictures(outcome, findings, classes)
    for number, (name, picture) in enumerate(figures.items(), 1):
        viz.save(picture.figure, folder.path / "figures" / f"{number}-{_slug(name)}.png")
    write_report(folder.path / "report.html", outcome, figures=figures, notes=health_notes(findings, classes))


def pictures(outcome: dict[str, Any], findings: Sequence[tuple[Task, Finding]], classes: int) -> dict[str, Picture]:
    """The report's figures by caption: overview, each system's S1 receptive fields, health, learning curves,
    and accuracy under each deformation; each with its numbers."""
    from neuro_cnn import figure_data, viz
    from neuro_cnn.report import Picture

    if "path" in outcome:
        return _ways(outcome["path"], outcome.get("question", "A path, step by step"), classes)
    first, summary = _first(findings), outcome["summary"]
    fields = _fields(first)
    figures = {f"Varying {key}": _varied(outcome, key, classes) for key in outcome["vary"]}
    overview = viz.overview(summary, fields, chance=1 / classes)
    figures["Overview"] = Picture(overview, figure_data.reached(summary, ["shift"]))
    for label, weights in fields.items():
        found = first[label][1]
        state = found.health.get(LEARNED) if found.row["learning"] != "none" else None
        drawn = viz.filters(
            weights,
            title=f"{label}: weights of {LEARNED}",
            dead=None if state is None else np.array(state.dead),
            notes=None if state is None else [state.line(LEARNED)],
        )
        figures[f"Receptive fields of {label}, {LEARNED}"] = Picture(drawn, figure_data.weights(weights))
        if found.snapshots:
            layer = found.snapshots[0].layer
            drawn = formed(label, found.snapshots)
            figures[f"{layer} of {label} while it learned"] = Picture(drawn, figure_data.formed(found.snapshots))
    figures |= _health_figure(first)
    histories = {
        label: found.history for label, (task, found) in first.items() if not task.is_control and found.history
    }
    if any(_measured(line) for history in histories.values() for line in history):
        figures["Learning curves"] = Picture(viz.learning_curves(histories), figure_data.histories(histories))
    for kind, deformation in DEFORMATIONS.items():
        if measured(summary, kind):
            under = viz.accuracy_under(summary, kind, chance=1 / classes)
            figures[f"Accuracy under {deformation.noun}"] = Picture(under, figure_data.reached(summary, [kind]))
    return figures


def _ways(path: dict[str, Any], title: str, classes: int) -> dict[str, Picture]:
    """The ways of a path: forward, its steps beside the same made backwards, and those aside; then backward."""
    from neuro_cnn import viz
    from neuro_cnn.path import BACKWARD
    from neuro_cnn.path_tables import rows
    from neuro_cnn.report import Picture

    chance, data = 1 / classes, rows(path)
    whole = viz.path(path["stops"], path["ways"], beside=BACKWARD, title=title, chance=chance)
    other = {BACKWARD: path["ways"][BACKWARD]}
    back = viz.path(path["stops"], other, title="The same steps in the other order", chance=chance)
    return {
        "Step by step": Picture(whole, [row for row in data if row["way"] != BACKWARD]),
        "The other order": Picture(back, [row for row in data if row["way"] == BACKWARD]),
    }


def formed(label: str, snapshots: Sequence[Snapshot]) -> Any:
    """The figure of a layer before and after epochs of its learning."""
    from neuro_cnn import viz

    moments = [(_when(each), f"{each.images:,} image{'s' * (each.images != 1)}") for each in snapshots]
    phases = list(dict.fromkeys(each.label for each in snapshots))
    return viz.formation(
        viz.aligned([each.weight for each in snapshots]),
        moments,
        title=f"{label}: weights of {snapshots[0].layer} while it learned",
        notes=[f"{'; then '.join(phases)}. Before learning: as it began, with random weights or views of images."],
    )


def _when(snapshot: Snapshot) -> str:
    return f"after epoch {snapshot.epoch}" if snapshot.updates else "before learning"


def _health_figure(first: dict[str, tuple[Task, Finding]]) -> dict[str, Picture]:
    """Every layer that learned without a teacher, beside the same layer of its control; of the first seed."""
    from neuro_cnn import figure_data, viz
    from neuro_cnn.report import Picture

    controls = {(t.model, t.variant): found.health for t, found in first.values() if t.is_control}
    once = {  # what several tasks share is drawn once
        f"{task.model} {task.net} {task.untaught or label}": label
        for label, (task, _) in reversed(first.items())
        if not task.is_control
    }
    learned = {
        (label, name): (state, controls.get((task.model, task.variant), {}).get(name))
        for label, (task, found) in first.items()
        if label in once.values() and found.row["learning"] != "none"
        for name, state in found.health.items()
    }
    if not learned:
        return {}
    several = len({label for label, _ in learned}) > 1
    rows = {f"{label}, {name}" if several else name: pair for (label, name), pair in learned.items()}
    title = "Health of learned layers" if several else f"Health of {next(iter(learned))[0]}"
    drawn = viz.health(rows, title=title, beside="the control")
    return {"Health": Picture(drawn, figure_data.health(rows, "control"))}


def _fields(first: dict[str, tuple[Task, Finding]]) -> dict[str, Any]:
    """The first layer's weights by label; of a system that learned the same several times over, once."""
    fields: dict[str, Any] = {}
    for label, (task, found) in first.items():
        weight = getattr(found.params[LEARNED].learned, "weight", None) if LEARNED in found.params else None
        if weight is not None and not task.is_control:  # cells built by wiring have learned none
            mine = [each for other, each in fields.items() if first[other][0].model == task.model]
            if not any(np.array_equal(weight, each) for each in mine):
                fields[label] = weight
    return fields


def _varied(outcome: dict[str, Any], key: str, classes: int) -> Picture:
    from neuro_cnn import figure_data, viz
    from neuro_cnn.report import Picture

    lines, controls = (curves(outcome["summary"], key, control) for control in (False, True))
    systems = [_came_to(points) for points in lines.values()]
    shown = {name: points for name, points in controls.items() if _came_to(points) not in systems}
    places = {ALL: outcome["n_train"] / classes} if key == "labels_per_class" else {}
    return Picture(viz.against_option(key, lines, shown, places), figure_data.varied(key, lines, shown))


def _came_to(points: Sequence[tuple[Any, Any]]) -> list[list[Any]]:
    """What tells a line from others: a control with all this in common with a system is that system."""
    return [[row[key] for key in ("learning", "readout", "parameters", "accuracy_mean")] for _, row in points]


def _measured(line: dict[str, Any]) -> bool:
    return bool(set(line) - {"phase", "label", "epoch", "seconds"})


def _slug(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text.lower()).strip("-")
