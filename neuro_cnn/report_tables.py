"""The tables of the report, as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TypeAlias

from neuro_cnn.data.deformations import DEFORMATIONS, measured
from neuro_cnn.viz.accuracy import Row, system

NONE = "\N{EN DASH}"
MADE = {"planes": "Planes made", "references_mean": "References"}
"""What grows as it learns, by key of the summary; a column each where any system has it."""
HEALTH = {
    "planes": "Planes",
    "dead_units": "Dead,&nbsp;%",
    "win_entropy": "Win entropy",
    "cosine_median": "Nearest cosine",
    "effective_rank": "Effective rank",
    "relative_rank": "of the most,&nbsp;%",
    "norm_min": "Least norm",
    "norm_median": "Median",
    "norm_max": "Largest",
}
"""The columns of the health table, by key of a layer's health."""
CONTROL = ' class="control"'
Amounts: TypeAlias = Mapping[str, Sequence[str]]
"""By how much images were deformed, by deformation."""


def main_table(summary: Sequence[Row]) -> str:
    """What each system reached, also under shift, and at what cost."""
    amounts = amounts_of(summary, ["shift"])
    one = ["Accuracy,&nbsp;%", "Control,&nbsp;%", "Gain, points"]
    last = ["Dead units,&nbsp;%", "Parameters", "Labels used", "Training,&nbsp;s", "Images&nbsp;/&nbsp;s"]
    made = [any(row[key] for row in summary) for key in MADE]
    last += [name for name, shown in zip(MADE.values(), made, strict=True) if shown]
    return _grouped(one, amounts, last, [_row(row, amounts, made) for row in summary])


def deformed_table(summary: Sequence[Row], amounts: Amounts) -> str:
    """Accuracy as they are, and under each deformation by each amount."""
    first = (f'<td class="main">{_percent(row["accuracy_mean"])}</td>' for row in summary)
    rows = [_line(row, [cell, *_shares(row, amounts)]) for row, cell in zip(summary, first, strict=True)]
    return _grouped(["Accuracy,&nbsp;%"], amounts, [], rows)


def health_table(summary: Sequence[Row]) -> str:
    """The numbers of each layer's health, a line a layer."""
    head = "".join(f'<th scope="col">{name}</th>' for name in HEALTH.values())
    body = "\n".join(
        _line(row, [f"<td>{escape(layer)}</td>", *(f"<td>{_measure(key, numbers[key])}</td>" for key in HEALTH)])
        for row in summary
        for layer, numbers in row["health"].items()
    )
    return (
        "<table>\n<thead>\n<tr>"
        f'<th class="system" scope="col">System</th><th scope="col">Layer</th>{head}</tr>\n</thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


def amounts_of(summary: Sequence[Row], kinds: Sequence[str]) -> Amounts:
    """By how much images were deformed, of these deformations those that were asked for."""
    return {kind: found for kind in kinds if (found := measured(summary, kind))}


def _grouped(one: Sequence[str], amounts: Amounts, last: Sequence[str], rows: Sequence[str]) -> str:
    """A table of rows, the accuracies under each deformation under a heading of their own between other columns."""
    groups = [
        f'<th class="group" scope="colgroup" colspan="{len(found)}">'
        f"Accuracy under {DEFORMATIONS[kind].noun},&nbsp;%</th>"
        for kind, found in amounts.items()
    ]
    told = [DEFORMATIONS[kind].told(amount) for kind in amounts for amount in amounts[kind]]
    head = "".join(
        [
            '<tr><th class="system" scope="col" rowspan="2">System</th>',
            *(f'<th scope="col" rowspan="2">{name}</th>' for name in one),
            *groups,
            *(f'<th scope="col" rowspan="2">{name}</th>' for name in last),
            "</tr>\n<tr>",
            *(f'<th scope="col">{words.replace(" ", "&nbsp;").replace("-", "&minus;")}</th>' for words in told),
            "</tr>",
        ]
    )
    body = "\n".join(rows)
    return f"<table>\n<thead>\n{head}\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _row(row: Row, amounts: Amounts, made: Sequence[bool]) -> str:
    cells = [
        f'<td class="main">{_percent(row["accuracy_mean"], row["accuracy_sd"])}</td>',
        f"<td>{_percent(row['control_accuracy_mean'])}</td>",
        f"<td>{_percent(row['gain_mean'], row['gain_sd'], sign='+')}</td>",
        *_shares(row, amounts),
        f"<td>{_percent(row['dead_units'])}</td>",
        *(f"<td>{_number(row[key])}</td>" for key in ("parameters", "labels_used")),
        *(f"<td>{_number(row[key])}</td>" for key in ("train_seconds_mean", "images_per_second_mean")),
        *(f"<td>{_made(row[key])}</td>" for key, shown in zip(MADE, made, strict=True) if shown),
    ]
    readout = f"; {row['readout']} read-out" if row["readout"] else ""
    # a control shares its system's learning and read-out
    return _line(row, cells, "" if row["control"] else f"<small>{escape(row['learning'] + readout)}</small>")


def _line(row: Row, cells: Sequence[str], more: str = "") -> str:
    """A system's line of a table: its name, more about it, and its cells."""
    name = escape(system(row)).replace(":", ":<wbr>") + more
    return f'<tr{CONTROL * row["control"]}><th scope="row">{name}</th>{"".join(cells)}</tr>'


def _shares(row: Row, amounts: Amounts) -> list[str]:
    return [f"<td>{_percent(row[kind].get(amount))}</td>" for kind in amounts for amount in amounts[kind]]


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
        return ", ".join(f"{escape(layer)}&nbsp;{count:,.0f}" for layer, count in value.items()) or NONE
    return NONE if value is None else f"{value:,.0f}"


def _measure(key: str, value: float | None) -> str:
    if key in ("dead_units", "relative_rank"):
        return _percent(value)
    if value is None:
        return NONE
    return f"{value:.0f}" if key == "planes" else f"{value:.3g}" if key.startswith("norm") else f"{value:.2f}"
