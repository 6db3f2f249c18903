"""docs/failures.md: every snippet is run in order, and every line that it shows is printed still."""

import re
import shlex
from pathlib import Path

import pytest
from command import call

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "failures.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)\n```", PAGE, re.DOTALL)
SHOWN = [text for kind, body in BLOCKS if kind == "console" for text in re.split(r"^\$ ", body, flags=re.M)[1:]]
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]\d+)?")
SYMPTOMS = (
    "dead planes",
    "filters alike",
    "norms far from 1",
    "blank input",
    "of one grey",
    "diverges",
    "control answers like chance",
)


def test_the_page_shows_every_symptom_and_nothing_but_a_well_layer_where_it_is_cured():
    for symptom in SYMPTOMS:
        assert any(symptom in text for text in SHOWN), symptom
    cures = [text for text in SHOWN if re.search(r"runs/(alive|apart|walking|bounded|near)$", text.splitlines()[0])]
    assert len(cures) == 5
    assert all("S1: 0 of" in text and ";" not in text for text in cures)


def test_the_pictures_of_the_page_are_there_and_small():
    for name in re.findall(r"\]\((images/.*?)\)", PAGE):
        assert (DOCS / name).stat().st_size < 100_000


def test_every_command_of_the_page_prints_the_lines_that_stand_below_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind, body in BLOCKS:
        if kind == "python":
            exec(body, {})
        elif kind == "toml":
            write(body)
        else:
            assert kind == "console"
            for text in re.split(r"^\$ ", body, flags=re.M)[1:]:
                command, *lines = text.splitlines()
                repeats(command, lines)


def write(body):
    """The file that a TOML snippet names: all of it, or own.toml with another rule for S1."""
    name, only_rule = re.match(r"# (\w+\.toml)(: own.toml, but with this rule\n)?", body).groups()
    if only_rule:
        base = Path("own.toml").read_text(encoding="utf-8")
        body, count = re.subn(r'^rule = \{ kind = "hebbian".*$', body.splitlines()[1], base, flags=re.M)
        assert count == 1
    Path(name).write_text(body, encoding="utf-8")


def repeats(command, lines):
    """Run a command; it must print each of these lines, up to what the last digits of arithmetic move."""
    program, *words = shlex.split(command)
    assert program == "neuro-cnn"
    answer = call(*words)
    assert answer.code == (1 if "diverges" in "".join(lines) else 3 if "of one grey" in "".join(lines) else 0)
    printed = [*answer.err.splitlines(), *answer.out.splitlines()]
    for line in lines:
        found = [each for each in printed if NUMBER.sub("#", each).startswith(NUMBER.sub("#", line))]
        assert found, f"{command} printed no line like {line!r} but {printed}"
        if "diverges" not in line:  # how far it has run by then says nothing
            close(NUMBER.findall(found[0]), NUMBER.findall(line))


def close(ours, theirs):
    """Numbers of a printed line, nearly those of the page: counts to 2, per cent to 10 points, the rest to 10 %."""
    for a, b in zip(map(float, ours), map(float, theirs), strict=False):
        assert a == pytest.approx(b, rel=0.1, abs=10 if b > 15 else 2 if b == int(b) else 0.05)
