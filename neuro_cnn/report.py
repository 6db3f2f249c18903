"""The report of a comparison: one self-contained HTML file that needs no network and no script."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from matplotlib.figure import Figure

from neuro_cnn.data.deformations import DEFORMATIONS, MEANINGS, measured
from neuro_cnn.files import write_text
from neuro_cnn.viz.accuracy import Row, system
from neuro_cnn.viz.style import to_svg

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
MEANING = (
    "Means over runs. Win entropy: of the planes' shares of the positions they win, 1 where all win alike. Nearest",
    "cosine: median over filters of the cosine to the nearest other. Effective rank: exp of the entropy of the",
    "weights' singular values (Roy &amp; Vetterli 2007), also in per cent of the smaller of planes and inputs.",
)


def write_report(
    path: Path | str, results: Mapping[str, Any], *, figures: Mapping[str, Figure], notes: Sequence[str]
) -> None:
    """Write a page of a comparison's results, its figures by caption and its warnings of the systems' health.

    `results` is the object of results.json; the page holds it, and its rows as CSV, as downloads. The same
    input gives the same bytes.
    """
    template = Template(files("neuro_cnn").joinpath("report_template.html").read_text(encoding="utf-8"))
    page = template.substitute(
        title=f"Comparison on {escape(results['data'])}",
        asked=_asked(results),
        introduction=_introduction(results),
        table=_table(results["summary"]),
        legend=_legend(results["summary"]),
        downloads=f"{_download('results.json', 'application/json', json_text(results))}, "
        f"{_download('results.csv', 'text/csv', csv_text(results['rows']))}.",
        deformed=_deformed(results["summary"]),
        health=_health(results["summary"], notes),
        figures=_section("figures", "Figures", _figures(figures)) if figures else "",
        command=escape(results["command"]),
        environment="\n".join(
            f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in results["environment"].items()
        ),
    )
    write_text(path, page)


def json_text(results: Mapping[str, Any]) -> str:
    """The results as the text of results.json."""
    return json.dumps(results, indent=1, ensure_ascii=False) + "\n"


def csv_text(rows: Sequence[Row]) -> str:
    """Rows as CSV, a column a key; what has parts has one a part ("shift_1", "planes_S2", "health_S1_norm_max").

    None is an empty cell.
    """
    flat = [dict(_flat(row)) for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in flat for key in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def _flat(row: Mapping[str, Any], stem: str = "") -> Iterator[tuple[str, Any]]:
    """The keys and values of nested mappings, plain values first: {"a": {"b": 1}} -> ("a_b", 1)."""
    yield from ((stem + key, value) for key, value in row.items() if not isinstance(value, Mapping))
    for key, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{stem}{key}_")


def _asked(results: Mapping[str, Any]) -> str:
    """What the study asks, by what source, and what it expected."""
    names = {"question": "Question", "source": "Source", "expect": "Expected"}
    said = [f"<dt>{name}</dt><dd>{escape(results[key])}</dd>" for key, name in names.items() if key in results]
    return f'<dl class="asked">{"".join(said)}</dl>' if said else ""


def _introduction(results: Mapping[str, Any]) -> str:
    systems = sum(not row["control"] for row in results["summary"])
    seeds = sorted({row["seed"] for row in results["rows"]})
    splits = sorted({row["split"] for row in results["rows"]})
    sizes = sorted({row["n_train"] for row in results["rows"]})
    images = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    divided = "the shipped split" if splits == [0] else f"splits {_listed(splits)} (0 is the shipped one)"
    return (
        f"{systems} system{'s' * (systems != 1)} learned from {images} training images of "
        f"<strong>{escape(results['data'])}</strong> and answered {results['n_test']:,} test images "
        f"that none of them had seen; learning seed{'s' * (len(seeds) != 1)} {_listed(seeds)}, {divided}."
    )


def _listed(numbers: Sequence[int]) -> str:
    run = len(numbers) > 2 and list(numbers) == list(range(numbers[0], numbers[-1] + 1))
    return f"{numbers[0]} to {numbers[-1]}" if run else ", ".join(map(str, numbers))


def _table(summary: Sequence[Row]) -> str:
    amounts = _amounts(summary, ["shift"])
    one = ["Accuracy,&nbsp;%", "Control,&nbsp;%", "Gain, points"]
    last = ["Dead units,&nbsp;%", "Parameters", "Labels used", "Training,&nbsp;s", "Images&nbsp;/&nbsp;s"]
    made = [any(row[key] for row in summary) for key in MADE]
    last += [name for name, shown in zip(MADE.values(), made, strict=True) if shown]
    return _grouped(one, amounts, last, [_row(row, amounts, made) for row in summary])


def _deformed(summary: Sequence[Row]) -> str:
    """The section of accuracy under every deformation but shift; empty where none was asked for."""
    amounts = _amounts(summary, [kind for kind in DEFORMATIONS if kind != "shift"])
    if not amounts:
        return ""
    rows = [
        _line(row, [f'<td class="main">{_percent(row["accuracy_mean"])}</td>', *_shares(row, amounts)])
        for row in summary
    ]
    table = _grouped(["Accuracy,&nbsp;%"], amounts, [], rows)
    box = f'<div class="box" tabindex="0" role="region" aria-labelledby="deformed">\n{table}\n</div>'
    return _section("deformed", "Deformed test images", f'{box}\n<p class="legend">{" ".join(_meanings(amounts))}</p>')


def _amounts(summary: Sequence[Row], kinds: Sequence[str]) -> dict[str, list[str]]:
    """By how much images were deformed, of these deformations those that were asked for."""
    return {kind: found for kind in kinds if (found := measured(summary, kind))}


def _grouped(one: Sequence[str], amounts: Mapping[str, Sequence[str]], last: Sequence[str], rows: Sequence[str]) -> str:
    """A table of rows, the accuracies under each deformation under a heading of their own between other columns."""
    groups = [
        f'<th class="group" scope="colgroup" colspan="{len(found)}">'
        f"Accuracy under {DEFORMATIONS[kind].noun},&nbsp;%</th>"
        for kind, found in amounts.items()
    ]
    told = [DEFORMATIONS[kind].told(amount).replace(" ", "&nbsp;") for kind in amounts for amount in amounts[kind]]
    head = "".join(
        [
            '<tr><th class="system" scope="col" rowspan="2">System</th>',
            *(f'<th scope="col" rowspan="2">{name}</th>' for name in one),
            *groups,
            *(f'<th scope="col" rowspan="2">{name}</th>' for name in last),
            "</tr>\n<tr>",
            *(f'<th scope="col">{amount}</th>' for amount in told),
            "</tr>",
        ]
    )
    body = "\n".join(rows)
    return f"<table>\n<thead>\n{head}\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _row(row: Row, amounts: Mapping[str, Sequence[str]], made: Sequence[bool]) -> str:
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


def _shares(row: Row, amounts: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"<td>{_percent(row[kind].get(amount))}</td>" for kind in amounts for amount in amounts[kind]]


def _meanings(amounts: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"Under {DEFORMATIONS[kind].noun}: {MEANINGS[kind]}." for kind in amounts]


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


def _legend(summary: Sequence[Row]) -> str:
    parts = []
    if any(row["n"] > 1 for row in summary):
        runs = _listed(sorted({row["n"] for row in summary}))
        parts.append(f"Means and standard deviations over runs (n = {runs}).")
    if any(row["control"] for row in summary):
        parts.append("The control is the same system with the same read-out, its features left at random,")
        parts.append("or, where cells with random weights would be silent, drawn at random from views of the images;")
        parts.append("the gain is the accuracy minus the control's, paired over seeds.")
    parts += _meanings(_amounts(summary, ["shift"]))
    parts.append("A unit is dead when it wins less than 2 % of its fair share.")
    return " ".join(parts)


def _health(summary: Sequence[Row], notes: Sequence[str]) -> str:
    """The health of every layer that learned without a teacher, and of its control, in numbers; then the warnings."""
    rows = [(row, layer, numbers) for row in summary for layer, numbers in row["health"].items()]
    if not rows and not notes:
        return ""
    head = "".join(f'<th scope="col">{name}</th>' for name in HEALTH.values())
    body = "\n".join(
        _line(row, [f"<td>{escape(layer)}</td>", *(f"<td>{_measure(key, numbers[key])}</td>" for key in HEALTH)])
        for row, layer, numbers in rows
    )
    table = (
        '<div class="box" tabindex="0" role="region" aria-labelledby="health">\n<table>\n<thead>\n<tr>'
        f'<th class="system" scope="col">System</th><th scope="col">Layer</th>{head}</tr>\n</thead>\n'
        f'<tbody>\n{body}\n</tbody>\n</table>\n</div>\n<p class="legend">{" ".join(MEANING)}</p>'
    )
    return _section("health", "Health", (table if rows else "") + (_list(notes) if notes else ""))


def _measure(key: str, value: float | None) -> str:
    if key in ("dead_units", "relative_rank"):
        return _percent(value)
    if value is None:
        return NONE
    return f"{value:.0f}" if key == "planes" else f"{value:.3g}" if key.startswith("norm") else f"{value:.2f}"


def _download(name: str, kind: str, text: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    return f'<a download="{name}" href="data:{kind};base64,{data}">{name}</a>'


def _section(name: str, title: str, body: str) -> str:
    return f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n{body}\n</section>'


def _list(notes: Sequence[str]) -> str:
    items = "\n".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<ul>\n{items}\n</ul>"


def _figures(figures: Mapping[str, Figure]) -> str:
    return "\n".join(
        f'<figure>\n<div class="card" role="img" aria-label="{escape(title)}">{to_svg(figure)}</div>\n'
        f"<figcaption>Figure {index}. {escape(title)}</figcaption>\n</figure>"
        for index, (title, figure) in enumerate(figures.items(), start=1)
    )
