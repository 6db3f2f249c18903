"""Tables as data, written in three ways: HTML, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple

SPACE = "\N{NO-BREAK SPACE}"
MARKS = "\\`*_{}[]<>|#~$"
"""What Markdown would read as more than a letter."""
TEX = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    **{letter: f"{{{letter}}}" for letter in "-[]*"},  # after a row's end a bracket or star is not set but obeyed
    SPACE: "~",
    "\N{EN DASH}": "--",
    "\N{MINUS SIGN}": "$-$",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{DEGREE SIGN}": r"$^\circ$",
}
"""How LaTeX writes a letter that it would read otherwise, or that old fonts lack."""


class Column(NamedTuple):
    """The head of a column, with its unit; neighbours of one group have that above them."""

    name: str
    group: str = ""
    words: bool = False  # set to the left; numbers stand to the right


class Line(NamedTuple):
    """A system, its cells, and more about it; a control's line is set back."""

    name: str
    cells: Sequence[str]
    more: str = ""
    control: bool = False


class Table(NamedTuple):
    """A table whose first column names a system, or what its head says; `main` is the column, if any, read first."""

    columns: Sequence[Column]
    lines: Sequence[Line]
    main: int | None = None
    first: str = "System"

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The groups of neighbouring columns and how many each has; columns of no group one by one."""
        found: list[tuple[str, int]] = []
        for group, columns in groupby(self.columns, key=lambda column: column.group):
            count = len(list(columns))
            found += [(group, count)] if group else [("", 1)] * count
        return found


def html(table: Table) -> str:
    """A table of a page."""
    deep = ' rowspan="2"' if any(group for group, _ in table.groups) else ""
    top = [f'<th class="system" scope="col"{deep}>{_html(table.first)}</th>']
    columns = iter(table.columns)
    for group, count in table.groups:
        mine = [next(columns) for _ in range(count)]
        across = f'<th class="group" scope="colgroup" colspan="{count}">{_html(group)}</th>'
        look = ' class="words"' if mine[0].words else ""
        top.append(across if group else f'<th{look} scope="col"{deep}>{_html(mine[0].name)}</th>')
    below = [f'<th scope="col">{_html(column.name)}</th>' for column in table.columns if column.group]
    head = f"<tr>{''.join(top)}</tr>" + (f"\n<tr>{''.join(below)}</tr>" if below else "")
    body = "\n".join(_html_line(line, table.columns, table.main) for line in table.lines)
    return f"<table>\n<thead>\n{head}\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _html_line(line: Line, columns: Sequence[Column], main: int | None) -> str:
    looks = ["words" if column.words else "main" if place == main else "" for place, column in enumerate(columns)]
    cells = (
        f'<td class="{look}">{_html(cell)}</td>' if look else f"<td>{_html(cell)}</td>"
        for look, cell in zip(looks, line.cells, strict=True)
    )
    name = _html(line.name).replace(":", ":<wbr>") + (f"<small>{_html(line.more)}</small>" if line.more else "")
    control = ' class="control"' if line.control else ""
    return f'<tr{control}><th scope="row">{name}</th>{"".join(cells)}</tr>'


def _html(text: str) -> str:
    return escape(text).replace(SPACE, "&nbsp;")


def markdown(table: Table) -> str:
    """A table of a Markdown page; a group stands before the name of each of its columns."""
    names = [f"{column.group}: {column.name}" if column.group else column.name for column in table.columns]
    rows = [[table.first, *names], [":--", *(":--" if column.words else "--:" for column in table.columns)]]
    rows[0] = [_markdown(cell) for cell in rows[0]]
    rows += [[_markdown(cell) for cell in (line.name, *line.cells)] for line in table.lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _markdown(text: str) -> str:
    return "".join(f"\\{letter}" if letter in MARKS else letter for letter in text).replace(SPACE, " ")


def latex(table: Table) -> str:
    """A tabular for a LaTeX document that loads booktabs."""
    aligned = "l" + "".join("l" if column.words else "r" for column in table.columns)
    lines = ["% needs \\usepackage{booktabs}", f"\\begin{{tabular}}{{{aligned}}}", r"\toprule"]
    if any(group for group, _ in table.groups):
        heads = [f"\\multicolumn{{{count}}}{{c}}{{{_tex(group)}}}" if group else "" for group, count in table.groups]
        lines += [_tex_row(["", *heads]), " ".join(_rules(table))]
    lines += [_tex_row([_tex(table.first), *(_tex(column.name) for column in table.columns)]), r"\midrule"]
    for line in table.lines:
        name = f"\\quad {_tex(line.name)}" if line.control else _tex(line.name)
        lines.append(_tex_row([name, *map(_tex, line.cells)]))
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _rules(table: Table) -> Iterator[str]:
    """A rule under each group's head."""
    place = 2  # the first column names the system
    for group, count in table.groups:
        if group:
            yield f"\\cmidrule(lr){{{place}-{place + count - 1}}}"
        place += count


def _tex_row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _tex(text: str) -> str:
    return "".join(TEX.get(letter, letter) for letter in text)
