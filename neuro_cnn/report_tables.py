"""The tables of a comparison: what each system reached, also deformed, its differences from others, and its health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from neuro_cnn.data.deformations import DEFORMATIONS, measured
from neuro_cnn.tables import SPACE, Column, Line, Table
from neuro_cnn.viz.accuracy import Row, system

NONE = "\N{EN DASH}"
PERCENT = f",{SPACE}%"
MADE = {"planes": "Planes made", "references_mean": "References"}
"""What grows as it learns, by key of the summary; a column each where any system has it."""
HEALTH = {
    "planes": "Planes",
    "dead_units": f"Dead{PERCENT}",
    "win_entropy": "Win entropy",
    "cosine_median": "Nearest cosine",
    "effective_rank": "Effective rank",
    "relative_rank": f"of the most{PERCENT}",
    "norm_min": "Least norm",
    "norm_median": "Median",
    "norm_max": "Largest",
}
"""The columns of the health table, by key of a layer's health."""
Amounts: TypeAlias = Mapping[str, Sequence[str]]
"""By how much images were deformed, by deformation."""


def main_table(summary: Sequence[Row]) -> Table:
    """What each system reached, also under shift, and at what cost."""
    amounts = amounts_of(summary, ["shift"])
    made = {key: name for key, name in MADE.items() if any(row[key] for row in summary)}
    last = [f"Dead units{PERCENT}", "Parameters", "Labels used", f"Training,{SPACE}s", f"Images{SPACE}/{SPACE}s"]
    names = [*last, *made.values()]
    columns = [
        *map(Column, (f"Accuracy{PERCENT}", f"Control{PERCENT}", "Gain, points")),
        *_shifted(amounts),
        *map(Column, names),
    ]
    return Table(columns, [_row(row, amounts, list(made)) for row in summary], main=0)


def deformed_table(summary: Sequence[Row], amounts: Amounts) -> Table:
    """Accuracy as they are, and under each deformation by each amount."""
    columns = [Column(f"Accuracy{PERCENT}"), *_shifted(amounts)]
    lines = [_line(row, [_percent(row["accuracy_mean"]), *_shares(row, amounts)]) for row in summary]
    return Table(columns, lines, main=0)


def paired_table(differences: Sequence[Mapping[str, Any]]) -> Table:
    """What each system has over another, in points of per cent, with its interval where there is one."""
    interval = any(each["low"] is not None for each in differences)
    columns = [Column("Against", words=True), Column("Difference, points")]
    columns += [Column(f"95{SPACE}% interval"), Column("Deviation")] if interval else []
    lines = []
    for each in differences:
        cells = [system(each["against"]), _percent(each["mean"], sign="+")]
        cells += [interval_of(each), _percent(each["sd"])] if interval else []
        lines.append(_line(each, [*cells, str(each["n"])]))
    return Table([*columns, Column("Pairs")], lines, main=1)


def interval_of(difference: Mapping[str, Any]) -> str:
    """An interval in points of per cent; of one pair there is none."""
    if difference["low"] is None:
        return NONE
    return f"{_percent(difference['low'], sign='+')} to {_percent(difference['high'], sign='+')}"


def health_table(summary: Sequence[Row]) -> Table:
    """The numbers of each layer's health, a line a layer."""
    columns = [Column("Layer"), *map(Column, HEALTH.values())]
    lines = [
        _line(row, [layer, *(_measure(key, numbers[key]) for key in HEALTH)])
        for row in summary
        for layer, numbers in row["health"].items()
    ]
    return Table(columns, lines)


def amounts_of(summary: Sequence[Row], kinds: Sequence[str]) -> Amounts:
    """By how much images were deformed, of these deformations those that were asked for."""
    return {kind: found for kind in kinds if (found := measured(summary, kind))}


def _shifted(amounts: Amounts) -> list[Column]:
    """A column for each amount, those of a deformation in one group."""
    return [
        Column(_told(kind, amount), f"Accuracy under {DEFORMATIONS[kind].noun}{PERCENT}")
        for kind, found in amounts.items()
        for amount in found
    ]


def _told(kind: str, amount: str) -> str:
    return DEFORMATIONS[kind].told(amount).replace(" ", SPACE).replace("-", "\N{MINUS SIGN}")


def _row(row: Row, amounts: Amounts, made: Sequence[str]) -> Line:
    cells = [
        _percent(row["accuracy_mean"], row["accuracy_sd"]),
        _percent(row["control_accuracy_mean"]),
        _percent(row["gain_mean"], row["gain_sd"], sign="+"),
        *_shares(row, amounts),
        _percent(row["dead_units"]),
        *(_number(row[key]) for key in ("parameters", "labels_used", "train_seconds_mean", "images_per_second_mean")),
        *(_made(row[key]) for key in made),
    ]
    readout = f"; {row['readout']} read-out" if row["readout"] else ""
    # a control shares its system's learning and read-out
    return _line(row, cells, "" if row["control"] else f"{row['learning']}{readout}")


def _line(row: Row, cells: Sequence[str], more: str = "") -> Line:
    return Line(system(row), cells, more, row["control"])


def _shares(row: Row, amounts: Amounts) -> list[str]:
    return [_percent(row[kind].get(amount)) for kind in amounts for amount in amounts[kind]]


def _percent(share: float | None, spread: float | None = None, sign: str = "") -> str:
    if share is None:
        return NONE
    text = f"{100 * share:{sign}.1f}".replace("-", "\N{MINUS SIGN}")
    return text if spread is None else f"{text} \N{PLUS-MINUS SIGN} {100 * spread:.1f}"


def _number(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:,.0f}" if isinstance(value, int) or value >= 100 else f"{value:.3g}"


def _made(value: Mapping[str, float] | float | None) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{layer}{SPACE}{count:,.0f}" for layer, count in value.items()) or NONE
    return NONE if value is None else f"{value:,.0f}"


def _measure(key: str, value: float | None) -> str:
    if key in ("dead_units", "relative_rank"):
        return _percent(value)
    if value is None:
        return NONE
    return f"{value:.0f}" if key == "planes" else f"{value:.3g}" if key.startswith("norm") else f"{value:.2f}"
