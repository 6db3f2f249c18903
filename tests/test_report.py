"""The report: well-formed, self-contained, escaped, and true to the results it holds."""

from __future__ import annotations

import base64
import csv
import io
import json
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from neuro_cnn import viz
from neuro_cnn.report import Picture, csv_text, write_report

NASTY = '<b>"it\'s" & more</b>'
VOID = {"meta", "link", "br", "img", "wbr", "hr", "input"}


def system(model, control, accuracy, **more):
    row = {"model": model, "variant": "", "learning": "hebbian", "readout": "ridge", "control": control}
    row |= {"parameters": 61706, "labels_used": 4000, "dead_units": None, "redundancy": None}
    row |= {"data": "digits", "n_train": 4000, "labels_per_class": None}
    return row | {"planes": {}, "health": {}} | more


def summary_row(model, control, accuracy, **more):
    row = system(model, control, accuracy) | {"n": 2, "accuracy_mean": accuracy, "accuracy_sd": 0.0031}
    row |= {"shift": {"1": 0.8, "2": 0.5}, "shift_sd": {"1": 0.01, "2": 0.01}}
    row |= {"control_accuracy_mean": None, "gain_mean": None, "gain_sd": None}
    return row | {"train_seconds_mean": 1.234, "images_per_second_mean": 12345.6, "references_mean": None} | more


@pytest.fixture
def results():
    gain = {"control_accuracy_mean": 0.951, "gain_mean": -0.0123, "gain_sd": 0.002, "dead_units": 0.125}
    summary = [
        summary_row("nearest-neighbour", False, 0.951, n=1, accuracy_sd=None, readout=""),
        summary_row(NASTY, False, 0.9616, variant="layers=2", **gain),
        summary_row(NASTY, True, 0.951, variant="layers=2"),
    ]
    rows = [
        system(row["model"], row["control"], 0)
        | {"seed": seed, "split": 0, "accuracy": 0.95, "shift": {"1": 0.8, "2": 0.5}}
        | {"train_seconds": 1.2, "images_per_second": 12345.6}
        for row in summary
        for seed in range(3)
    ]
    environment = {"neuro_cnn": "0.1.0", "numpy": "2.4", "platform": "<Linux> & co"}
    return {
        "schema_version": 1,
        "data": "folder:/a & b",
        "n_train": 4000,
        "n_test": 1000,
        "command": "neuro-cnn compare --data 'folder:/a & b' --shift 1,2",
        "environment": environment,
        "rows": rows,
        "summary": summary,
        "paired": [],
    }


class Page(HTMLParser):
    """Reads a page, checks that its elements close in order and gathers what a browser would see."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.cells, self.words = [], [], [], ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words += data
        if "td" in self.open or "th" in self.open:
            self.cells[-1] += data

    def attributes(self, name):
        return [attributes[name] for _, attributes in self.elements if name in attributes]


@pytest.fixture
def figures():
    fields = viz.filters(np.random.default_rng(0).normal(size=(4, 1, 5, 5)), title="S1")
    confusion = viz.confusion(np.eye(2, dtype=int), ["a", "b"])
    data = [{"plane": 0, "weight": 0.25}, {"plane": 1, "weight": None}]
    return {f'Fields of {NASTY} "S1"': Picture(fields, data), "Confusion": Picture(confusion, [{"a": NASTY}])}


@pytest.fixture
def path(tmp_path, results, figures):
    file = tmp_path / "report.html"
    write_report(file, results, figures=figures, notes=["3 of 16 planes <dead>", "second note"])
    return file


@pytest.fixture
def page(path):
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_is_html5_in_english_and_fits_a_phone(path, page):
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert ("html", {"lang": "en"}) in page.elements
    assert ("meta", {"charset": "utf-8"}) in page.elements
    assert "width=device-width, initial-scale=1" in page.attributes("content")


def test_the_page_needs_neither_network_nor_script(page):
    assert {"script", "link", "img", "iframe"}.isdisjoint(tag for tag, _ in page.elements)
    links = page.attributes("href") + page.attributes("src") + page.attributes("xlink:href")
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not any("@import" in style or "url(http" in style for style in page.attributes("style"))


def test_every_name_and_note_appears_as_written_and_none_becomes_an_element(page, results):
    for row in results["summary"]:
        assert row["model"] in page.words
    for words in (
        "3 of 16 planes <dead>",
        "second note",
        "<Linux> & co",
        results["command"],
        results["data"],
    ):
        assert words in page.words
    assert not {"b", "linux", "dead"} & {tag for tag, _ in page.elements}


def test_the_embedded_json_is_the_results(page, results):
    assert json.loads(decoded(page, "results.json")) == results


def test_the_embedded_csv_has_a_line_a_row_and_a_column_a_shift(page, results):
    lines = list(csv.DictReader(io.StringIO(decoded(page, "results.csv"))))
    assert len(lines) == len(results["rows"])
    assert [line["model"] for line in lines] == [row["model"] for row in results["rows"]]
    assert {(line["shift_1"], line["shift_2"], line["dead_units"]) for line in lines} == {("0.8", "0.5", "")}


def decoded(page, name):
    (link,) = [attributes["href"] for _, attributes in page.elements if attributes.get("download") == name]
    return base64.b64decode(link.partition("base64,")[2]).decode()


def test_the_table_gives_each_system_in_order_in_per_cent_beside_its_control(page):
    rows = [page.cells[start : start + 11] for start in range(len(page.cells) - 33, len(page.cells), 11)]
    none = "\N{EN DASH}"
    assert rows[0] == [
        *("nearest-neighbourhebbian", "95.1", none, none, "80.0", "50.0", none),
        *("61,706", "4,000", "1.23", "12,346"),
    ]
    assert rows[1][0] == f"{NASTY}:layers=2hebbian; ridge read-out"
    assert rows[1][1:4] == ["96.2 ± 0.3", "95.1", "\N{MINUS SIGN}1.2 ± 0.2"]
    assert rows[1][6] == "12.5"
    assert rows[2][0] == f"{NASTY}:layers=2 (random weights)"


def test_deformed_test_images_have_a_table_with_a_column_an_amount_only_where_there_are_any(results, tmp_path, page):
    assert "Deformed test images" not in page.words
    for place, row in enumerate(results["summary"]):
        row |= {"scale": {"1.15": 0.9, "0.7": 0.4}, "rotate": {"-30": 0.7 - place / 10}, "bend": {}, "noise": {}}
    write_report(tmp_path / "r.html", results, figures={}, notes=[])
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    cells = page.cells[page.cells.index("Accuracy under scaling,\N{NO-BREAK SPACE}%") :]
    times, degree, space = "\N{MULTIPLICATION SIGN}", "\N{DEGREE SIGN}", "\N{NO-BREAK SPACE}"
    assert cells[:5] == [
        f"Accuracy under scaling,{space}%",
        f"Accuracy under rotation,{space}%",
        f"{times}{space}0.7",
        f"{times}{space}1.15",
        f"\N{MINUS SIGN}30{degree}",
    ]
    assert cells[5:10] == ["nearest-neighbour", "95.1", "40.0", "90.0", "70.0"]
    assert cells[15:] == [f"{NASTY}:layers=2 (random weights)", "95.1", "40.0", "90.0", "50.0"]
    assert "Under rotation: turned counter-clockwise" in page.words
    assert "bending" not in page.words


def test_planes_made_and_references_have_a_column_only_where_there_are_any(results, tmp_path, page):
    assert "References" not in page.words
    results["summary"][1] |= {"planes": {"S2": 187.5, "S3": 40}, "references_mean": 1234.4}
    write_report(tmp_path / "r.html", results, figures={}, notes=[])
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.index("Planes made") < text.index("References")
    assert "<td>S2&nbsp;188, S3&nbsp;40</td><td>1,234</td>" in text
    results["rows"][0]["planes"] = {"S2": 188}
    assert next(csv.DictReader(io.StringIO(csv_text(results["rows"]))))["planes_S2"] == "188"


def test_the_health_of_every_layer_has_a_line_beside_its_control_and_its_numbers_a_column_each(results, tmp_path):
    numbers = {"planes": 16, "never_learned": 0, "dead_units": 0.0625, "win_entropy": 0.91, "effective_rank": 9.04}
    numbers |= {"cosine_median": None, "relative_rank": 0.565, "norm_min": 0.5, "norm_median": 1.0, "norm_max": 12345.0}
    results["summary"][1]["health"] = {"S1": numbers, "S2": numbers}
    results["summary"][2]["health"] = {"S1": numbers | {"win_entropy": 1.0}}
    write_report(tmp_path / "r.html", results, figures={}, notes=[])
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    measured = ["16", "6.2", "0.91", "\N{EN DASH}", "9.04", "56.5", "0.5", "1", "1.23e+04"]
    first, second, third = (
        page.cells[start : start + 11] for start in range(len(page.cells) - 33, len(page.cells), 11)
    )
    assert first == [f"{NASTY}:layers=2", "S1", *measured]
    assert second == [f"{NASTY}:layers=2", "S2", *measured]
    assert third[:5] == [f"{NASTY}:layers=2 (random weights)", "S1", "16", "6.2", "1.00"]
    results["rows"][0]["health"] = {"S1": numbers}
    line = next(csv.DictReader(io.StringIO(csv_text(results["rows"]))))
    assert (line["health_S1_norm_max"], line["health_S1_cosine_median"]) == ("12345.0", "")


def test_the_introduction_counts_systems_images_and_seeds(page):
    assert "2 systems learned from 4,000 training images" in page.words
    assert "1,000 test images" in page.words
    assert "seeds 0 to 2, the shipped split" in page.words


def test_each_figure_has_its_caption_and_a_label_for_those_who_cannot_see_it(page, figures):
    labels = [a["aria-label"] for tag, a in page.elements if a.get("role") == "img"]
    assert labels == list(figures)
    assert [tag for tag, _ in page.elements].count("svg") == len(figures)
    for index, title in enumerate(figures, start=1):
        assert f"Figure {index}. {title}" in page.words


def test_headings_descend_without_a_gap_and_ids_are_unique(page):
    levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert set(page.attributes("aria-labelledby")) <= set(ids)


def test_the_same_results_give_the_same_bytes(tmp_path, path, results, figures):
    write_report(tmp_path / "again.html", results, figures=figures, notes=["3 of 16 planes <dead>", "second note"])
    assert (tmp_path / "again.html").read_bytes() == path.read_bytes()


def test_sections_without_content_are_left_out(tmp_path, results):
    for row in results["summary"]:
        row["shift"] = {}
    write_report(tmp_path / "report.html", results, figures={}, notes=[])
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert [a["id"] for tag, a in page.elements if tag == "h2"] == ["results", "repeat"]
    assert "shift," not in page.words.replace(results["command"], "")


def test_csv_of_no_rows_is_an_empty_header():
    assert csv_text([]) == "\n"


def test_every_figure_has_its_numbers_to_download_inside_the_page(page, figures):
    captions = [attributes["download"] for _, attributes in page.elements if "download" in attributes]
    assert captions == ["results.json", "results.csv", *(f"figure-{n}.csv" for n in range(1, len(figures) + 1))]
    for number, picture in enumerate(figures.values(), start=1):
        lines = list(csv.DictReader(io.StringIO(decoded(page, f"figure-{number}.csv"))))
        assert lines == [
            {key: "" if value is None else str(value) for key, value in row.items()} for row in picture.data
        ]


def test_paired_differences_stand_with_their_intervals_and_what_these_mean(results, tmp_path):
    names = {"model": NASTY, "variant": "", "learning": "hebbian", "control": False}
    against = {**names, "model": "lenet5"}
    first = {**names, "against": against, "mean": 0.0123, "n": 3, "sd": 0.01, "low": -0.0125, "high": 0.0371}
    last = {**names, "against": against, "mean": -0.5, "n": 1, "sd": None, "low": None, "high": None}
    none, minus = "\N{EN DASH}", "\N{MINUS SIGN}"
    for several, cells, told, silent in (
        ([first, last], ["+1.2", f"{minus}1.2 to +3.7", "1.0", "3"], "4.3 standard errors", "--seeds 3"),
        ([last], [f"{minus}50.0", "1"], "compare with --seeds 3 or more", "interval is that"),
    ):
        results["paired"] = several
        write_report(tmp_path / "r.html", results, figures={}, notes=[])
        page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
        start = page.cells.index("Pairs") + 1
        assert page.cells[start : start + 2 + len(cells)] == [NASTY, "lenet5", *cells]
        assert told in page.words
        assert silent not in page.words
    results["paired"] = [first, last]
    write_report(tmp_path / "r.html", results, figures={}, notes=[])
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    last = page.cells.index("Pairs") + 7
    assert page.cells[last : last + 6] == [NASTY, "lenet5", f"{minus}50.0", none, none, "1"]


def test_the_page_is_made_for_a_phone_and_for_paper(path):
    text = path.read_text(encoding="utf-8")
    style = text[text.index("<style>") : text.index("</style>")]
    assert ".box { overflow-x: auto" in style  # what is wide scrolls in its box, and the page does not
    assert ".card { overflow-x: auto" in style
    body = text[text.index("<body>") :]
    assert body.count("<table>") == body.count('<div class="box"')
    assert body.count("<svg") == body.count('<div class="card"')
    paper = style[style.index("@media print") :]
    for rule in (
        "size: A4",
        "overflow: visible",
        "white-space: normal",
        "figure, tr, pre, dl { break-inside: avoid }",
        "min-width: 0",
    ):
        assert rule in paper
