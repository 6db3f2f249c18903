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
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from neuro_cnn.data.deformations import DEFORMATIONS, MEANINGS
from neuro_cnn.files import write_text
from neuro_cnn.path_tables import way_table
from neuro_cnn.path_words import words
from neuro_cnn.report_tables import Amounts, amounts_of, deformed_table, health_table, main_table, paired_table
from neuro_cnn.tables import html
from neuro_cnn.viz.accuracy import Row
from neuro_cnn.viz.style import to_svg

MEANING = (
    "Means over runs. Win entropy: of the planes' shares of the positions they win, 1 where all win alike. Nearest",
    "cosine: median over filters of the cosine to the nearest other. Effective rank: exp of the entropy of the",
    "weights' singular values (Roy &amp; Vetterli 2007), also in per cent of the smaller of planes and inputs.",
)
PAIRED = (
    "What a system has over another, from pairs of runs of one seed and split; the first lines are gains over the",
    "system's own control. The same experiment under two names differs by 0.",
)
UNSURE = (
    "The interval is that of Student's t: where pairs were drawn again and again, 95 of 100 such intervals would hold",
    "the mean difference. It tells what seeds and splits do, not what other test images would. With 3 pairs it is",
    "wide, 4.3 standard errors to either side; and the more differences a table has, the more intervals miss by",
    "chance, for which nothing is corrected here.",
)
WAYS = (
    "Gain: what the step adds to the accuracy with most labels, paired over seeds. Control: the same system, nothing",
    "learned without a teacher. Deformed test images are answered by what saw most labels. Dead: the most of any layer",
    "with weights below the read-out. Selectivity: mean class selectivity of the deepest cells. Multiply-adds of one",
    "answer, in millions. Chosen: constants found anew at each step on training images held out.",
)
ONE_PAIR = "One pair says nothing of chance: for an interval, compare with --seeds 3 or more."


class Picture(NamedTuple):
    """A figure and the numbers behind it, rows that a reader can download."""

    figure: Figure
    data: Sequence[Row]


def write_report(
    path: Path | str, results: Mapping[str, Any], *, figures: Mapping[str, Picture], notes: Sequence[str]
) -> None:
    """Write a page of a comparison's results, its figures by caption and its warnings of the systems' health.

    `results` is the object of results.json; the page holds it, its rows as CSV and the data of every figure, as
    downloads. The same input gives the same bytes.
    """
    template = Template(files("neuro_cnn").joinpath("report_template.html").read_text(encoding="utf-8"))
    page = template.substitute(
        title=f"Comparison on {escape(results['data'])}",
        asked=_asked(results),
        introduction=_introduction(results),
        path=_path(results["path"], figures) if "path" in results else "",
        table=html(main_table(results["summary"])),
        legend=_legend(results["summary"]),
        downloads=f"{_download('results.json', 'application/json', json_text(results))}, "
        f"{_download('results.csv', 'text/csv', csv_text(results['rows']))}.",
        deformed=_deformed(results["summary"]),
        paired=_paired(results["paired"]),
        health=_health(results["summary"], notes),
        figures=_section("figures", "Figures", _figures(figures)) if figures and "path" not in results else "",
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


def _path(path: Mapping[str, Any], figures: Mapping[str, Picture]) -> str:
    """What a path came to: in words, in its figures, and every way as a table."""
    tables = (
        f"<h3>{escape(way.capitalize())}</h3>\n{_box('path', html(way_table(path, way)))}" for way in path["ways"]
    )
    legend = " ".join(WAYS)
    return _section(
        "path",
        "Step by step",
        "\n".join([_list(words(path)), _figures(figures), *tables, f'<p class="legend">{legend}</p>']),
    )


def _asked(results: Mapping[str, Any]) -> str:
    """What the study asks, by what source, and what it expected."""
    names = {"question": "Question", "source": "Source", "expect": "Expected"}
    said = [f"<dt>{name}</dt><dd>{escape(results[key])}</dd>" for key, name in names.items() if key in results]
    return f'<dl class="asked">{"".join(said)}</dl>' if said else ""


def _introduction(results: Mapping[str, Any]) -> str:
    learned = sum(not row["control"] for row in results["summary"])
    systems = len(results["path"]["stops"]) if "path" in results else learned
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


def _legend(summary: Sequence[Row]) -> str:
    parts = []
    if any(row["n"] > 1 for row in summary):
        runs = _listed(sorted({row["n"] for row in summary}))
        parts.append(f"Means and standard deviations over runs (n = {runs}).")
    if any(row["control"] for row in summary):
        parts.append("The control is the same system with the same read-out, its features left at random,")
        parts.append("or, where cells with random weights would be silent, drawn at random from views of the images;")
        parts.append("the gain is the accuracy minus the control's, paired over seeds.")
    parts += _meanings(amounts_of(summary, ["shift"]))
    parts.append("A unit is dead when it wins less than 2 % of its fair share; the most of any layer and run is told.")
    return " ".join(parts)


def _deformed(summary: Sequence[Row]) -> str:
    """Accuracy under every deformation but shift; empty where none was asked for."""
    amounts = amounts_of(summary, [kind for kind in DEFORMATIONS if kind != "shift"])
    if not amounts:
        return ""
    table = _box("deformed", html(deformed_table(summary, amounts)))
    legend = f'<p class="legend">{" ".join(_meanings(amounts))}</p>'
    return _section("deformed", "Deformed test images", f"{table}\n{legend}")


def _paired(differences: Sequence[Mapping[str, Any]]) -> str:
    """Paired differences with their intervals, and what these mean; empty where there is nothing to compare."""
    if not differences:
        return ""
    known = any(each["low"] is not None for each in differences)
    text = f'<p class="legend">{" ".join([*PAIRED, *(UNSURE if known else [ONE_PAIR])])}</p>'
    return _section("paired", "Paired differences", f"{_box('paired', html(paired_table(differences)))}\n{text}")


def _meanings(amounts: Amounts) -> list[str]:
    return [f"Under {DEFORMATIONS[kind].noun}: {MEANINGS[kind]}." for kind in amounts]


def _health(summary: Sequence[Row], notes: Sequence[str]) -> str:
    """The health of every layer that learned without a teacher, and of its control, in numbers; then the warnings."""
    told = any(row["health"] for row in summary)
    if not told and not notes:
        return ""
    text = f'<p class="legend">{" ".join(MEANING)}</p>'
    table = f"{_box('health', html(health_table(summary)))}\n{text}"
    return _section("health", "Health", (table if told else "") + (_list(notes) if notes else ""))


def _download(name: str, kind: str, text: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    return f'<a download="{name}" href="data:{kind};base64,{data}">{name}</a>'


def _box(section: str, table: str) -> str:
    """A table that scrolls where it is wider than the page."""
    return f'<div class="box" tabindex="0" role="region" aria-labelledby="{section}">\n{table}\n</div>'


def _section(name: str, title: str, body: str) -> str:
    return f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n{body}\n</section>'


def _list(notes: Sequence[str]) -> str:
    items = "\n".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<ul>\n{items}\n</ul>"


def _figures(figures: Mapping[str, Picture]) -> str:
    return "\n".join(
        f'<figure>\n<div class="card" role="img" aria-label="{escape(title)}">{to_svg(figure)}</div>\n'
        f"<figcaption>Figure {index}. {escape(title)} "
        f'<span class="downloads">{_download(f"figure-{index}.csv", "text/csv", csv_text(data))}</span>'
        "</figcaption>\n</figure>"
        for index, (title, (figure, data)) in enumerate(figures.items(), start=1)
    )
