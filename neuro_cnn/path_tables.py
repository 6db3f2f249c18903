"""The ways of a path as tables: what is reached after each step, what it bought, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from neuro_cnn.data.deformations import told
from neuro_cnn.path_words import most
from neuro_cnn.report_tables import interval_of
from neuro_cnn.tables import SPACE, Column, Line, Table

NONE = "\N{EN DASH}"


def way_table(path: Mapping[str, Any], way: str) -> Table:
    """A way, a step a line: accuracies and gain in per cent, dead cells, selectivity, cost and what was chosen."""
    stops, steps, key = path["stops"], path["ways"][way], most(path)
    some = stops[steps[0]["after"]]
    columns = [
        *(Column(labels, f"Accuracy by labels a class,{SPACE}%") for labels in some["accuracy"]),
        *(Column(f"Gain ({key}), points"), Column(f"95{SPACE}% interval"), Column(f"Control,{SPACE}%")),
        *(Column(told(each), f"Deformed,{SPACE}%") for each in some["deformed"]),
        *(Column(f"Dead,{SPACE}%"), Column("Selectivity"), Column("Multiply-adds, M"), Column(f"Training,{SPACE}s")),
        Column("Chosen", words=True),
    ]
    lines = [
        Line(f"{number} {step['step']}", _cells(step, stops[step["after"]], key)) for number, step in enumerate(steps)
    ]
    return Table(columns, lines, main=len(some["accuracy"]) - 1, first="After the step")


def rows(path: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The numbers behind a path's figures, a row a step of a way."""
    return [
        {"way": way, "number": number, "step": step["step"], "system": step["after"]}
        | {f"accuracy_{key}": mean(shares) for key, shares in path["stops"][step["after"]]["accuracy"].items()}
        | {key.replace(" ", "_"): mean(shares) for key, shares in path["stops"][step["after"]]["deformed"].items()}
        | {key: path["stops"][step["after"]][key] for key in ("dead_units", "selectivity", "macs", "train_seconds")}
        | {
            f"gain_{key.replace(' ', '_')}_{part}": gain[part]
            for key, gain in step["gain"].items()
            for part in ("mean", "low", "high")
        }
        for way, steps in path["ways"].items()
        for number, step in enumerate(steps)
    ]


def _cells(step: Mapping[str, Any], stop: Mapping[str, Any], key: str) -> list[str]:
    gain = step["gain"].get(key)
    chosen = ", ".join(f"{name} {value:g}" for name, value in stop["chosen"].items())
    return [
        *_percents(stop["accuracy"]),
        NONE if gain is None else f"{100 * gain['mean']:+.1f}".replace("-", "\N{MINUS SIGN}"),
        NONE if gain is None else interval_of(gain),
        NONE if key not in stop["control"] else f"{100 * stop['control'][key]:.1f}",
        *_percents(stop["deformed"]),
        NONE if stop["dead_units"] is None else f"{100 * stop['dead_units']:.1f}",
        NONE if stop["selectivity"] is None else f"{stop['selectivity']:.2f}",
        f"{stop['macs'] / 1e6:.2f}",
        f"{stop['train_seconds']:.1f}",
        chosen or "as published",
    ]


def _percents(shares: Mapping[str, Sequence[float]]) -> list[str]:
    return [f"{100 * mean(each):.1f}" for each in shares.values()]
