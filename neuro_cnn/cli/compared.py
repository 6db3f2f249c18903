"""What a comparison came to, in tables of a terminal."""

from __future__ import annotations

from typing import Any

from neuro_cnn.cli.console import table


def show(outcome: dict[str, Any]) -> None:
    """The results in tables narrow enough for a terminal: what was reached, also when deformed, and at what cost."""
    from neuro_cnn.data.deformations import DEFORMATIONS, measured
    from neuro_cnn.models import control_name

    if "path" in outcome:
        _ways(outcome["path"])
        return
    summary = outcome["summary"]
    shifts = measured(summary, "shift")
    many = max(row["n"] for row in summary) > 1
    names, reached, cost = [], [], []
    for row in summary:
        name = f"{row['model']}:{row['variant']}" if row["variant"] else row["model"]
        name = f"└ {control_name(row['learning'])}" if row["control"] else name
        spread = f" ± {100 * row['accuracy_sd']:.1f}" if many and row["accuracy_sd"] is not None else ""
        gain = "" if row["gain_mean"] is None else f"{100 * row['gain_mean']:+.1f}"
        accuracies = [_percent(row["accuracy_mean"]) + spread, _percent(row["control_accuracy_mean"]), gain]
        reached.append([name, *accuracies, *(_percent(row["shift"][p]) for p in shifts), _percent(row["dead_units"])])
        names.append(name)
        counts = [f"{row[key]:,}" for key in ("labels_used", "parameters")]
        made = ", ".join(f"{layer} {count:.0f}" for layer, count in row["planes"].items())
        counts += [made, "" if row["references_mean"] is None else f"{row['references_mean']:.0f}"]
        speed = [f"{row['train_seconds_mean']:.1f}", f"{row['images_per_second_mean']:,.0f}"]
        cost.append([name, row["learning"], row["readout"], *counts, *speed])
    title = f"{outcome['data']}: {outcome['n_train']} training and {outcome['n_test']} test images; % right"
    _used(["system", "accuracy", "control", "gain", *(f"{p} px" for p in shifts), "dead"], reached, title)
    for kind, deformation in DEFORMATIONS.items():
        if kind != "shift" and (amounts := measured(summary, kind)):
            deformed = [[_percent(row[kind][amount]) for amount in amounts] for row in summary]
            cells = [[name, *shares] for name, shares in zip(names, deformed, strict=True)]
            table(["system", *map(deformation.told, amounts)], cells, f"test images {deformation.word}, %")
    _differences(outcome["paired"])
    columns = ["system", "learning", "read-out", "labels", "parameters", "planes", "references", "train s", "images/s"]
    _used(columns, cost, words=3)


def _ways(path: dict[str, Any]) -> None:
    """Every way of a path as a table, and what it comes to in words."""
    from neuro_cnn.path_tables import way_table
    from neuro_cnn.path_words import words
    from neuro_cnn.tables import SPACE

    for way in path["ways"]:
        made = way_table(path, way)
        columns = [f"{'labels ' * ('labels' in each.group)}{each.name}".replace(SPACE, " ") for each in made.columns]
        table([made.first.lower(), *columns], [[line.name, *line.cells] for line in made.lines], f"{way}; % right")
    print("\n".join(words(path)))


def _differences(differences: list[dict[str, Any]]) -> None:
    """Paired differences, where there are pairs enough for an interval: the gains stand in the first table."""
    from neuro_cnn import tables
    from neuro_cnn.report_tables import paired_table

    if not any(each["n"] > 1 for each in differences):
        return
    made = paired_table(differences)
    columns = ["system", *(column.name.lower().replace(tables.SPACE, " ") for column in made.columns)]
    rows = [[line.name, *line.cells] for line in made.lines]
    table(columns, rows, "paired over seeds and splits; not corrected for their number", words=2)


def _used(columns: list[str], rows: list[list[str]], title: str | None = None, words: int = 1) -> None:
    """A table without the columns that are empty in every row."""
    used = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    table([columns[place] for place in used], [[row[place] for place in used] for row in rows], title, words)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"
