"""Tables: one set of cells, written three ways, each as its language wants it."""

import re

import pytest

from neuro_cnn.tables import SPACE, TEX, Column, Line, Table, html, latex, markdown

NASTY = 'a_b:50 % & <i>|#$~^\\{x}`*--"'
TABLE = Table(
    [
        Column("Against", words=True),
        Column("1 px", f"Accuracy under shift,{SPACE}%"),
        Column("2 px", f"Accuracy under shift,{SPACE}%"),
        Column("Pairs"),
    ],
    [
        Line(NASTY, ["b", "\N{MINUS SIGN}1.0 \N{PLUS-MINUS SIGN} 0.2", "\N{EN DASH}", "3"], "hebbian"),
        Line("b (random weights)", [NASTY, "1.0", "\N{MULTIPLICATION SIGN}2\N{DEGREE SIGN}", "1,234"], control=True),
    ],
    main=1,
)


def unescaped(text):
    """A cell of LaTeX as its reader sees it; what was not escaped stays as LaTeX would have it."""
    letters = {written: letter for letter, written in TEX.items()}
    longest = sorted(letters, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest)), lambda match: letters[match[0]], text)


def test_latex_is_balanced_and_every_row_has_a_cell_a_column():
    text = latex(TABLE)
    assert text.startswith("% needs \\usepackage{booktabs}\n\\begin{tabular}{llrrr}\n\\toprule\n")
    assert text.endswith("\\bottomrule\n\\end{tabular}\n")
    bare = re.sub(r"\\[{}$]", "", text)
    depth = 0
    for letter in bare:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    assert bare.count("$") % 2 == 0
    rows = [line for line in text.splitlines() if line.endswith(r" \\")]
    assert len(rows) == 4
    widths = [
        len(re.split(r"(?<!\\)&", row)) + sum(int(n) - 1 for n in re.findall(r"multicolumn\{(\d)", row)) for row in rows
    ]
    assert widths == [5] * 4
    assert r"\cmidrule(lr){3-4}" in text
    assert set(re.findall(r"\\([a-z]+)", text)) <= {
        *("begin", "end", "usepackage", "toprule", "midrule", "bottomrule", "cmidrule", "multicolumn", "quad", "pm"),
        *("times", "circ", "textless", "textgreater", "textbar", "textbackslash", "textasciitilde", "textasciicircum"),
    }


def test_latex_says_the_name_as_it_is():
    first, second = [line for line in latex(TABLE).splitlines() if line.endswith(r" \\")][2:]
    cells = [re.split(r" (?<!\\)& ", line.removesuffix(r" \\")) for line in (first, second)]
    assert [unescaped(cell) for cell in cells[0]] == [NASTY, *TABLE.lines[0].cells]
    assert cells[1][0].startswith(r"\quad b (random")
    assert [unescaped(cell) for cell in cells[1][1:]] == list(TABLE.lines[1].cells)
    assert not set("".join(map("".join, cells))) - {chr(code) for code in range(32, 127)}


def test_markdown_has_as_many_cells_in_every_row_and_numbers_to_the_right():
    lines = markdown(TABLE).splitlines()
    assert lines[1] == "| :-- | :-- | --: | --: | --: |"
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    assert [len(row) for row in cells] == [5] * 4
    assert cells[0][2].strip() == "Accuracy under shift, %: 1 px"
    assert re.sub(r"\\(.)", r"\1", cells[2][0].strip()) == NASTY
    assert not re.search(r"(?<!\\)[*_<`]", lines[2])


def test_html_escapes_names_and_groups_columns():
    text = html(TABLE)
    assert '<th class="group" scope="colgroup" colspan="2">Accuracy under shift,&nbsp;%</th>' in text
    assert text.count('rowspan="2"') == 3
    assert "<i>" not in text
    assert '<tr class="control">' in text
    assert '<td class="main">1.0</td>' in text
    assert "<small>hebbian</small>" in text
    plain = html(Table([Column("Planes")], [Line("a", ["1"])]))
    assert "rowspan" not in plain
    assert plain.count("<tr") == 2


@pytest.mark.parametrize("write", [latex, markdown, html])
def test_a_table_says_the_same_twice(write):
    assert write(TABLE) == write(TABLE)
