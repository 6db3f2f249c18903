"""How the house is built: imports point down, one file names CuPy, and `xp` names what all libraries have."""

import ast
from functools import cache
from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import neuro_cnn

ROOT = Path(neuro_cnn.__file__).parent
FLOORS = (
    ("errors", "environment", "files", "locks", "statistics", "streams", "tables"),
    ("backend", "tree"),
    ("ops",),
    ("layers",),
    ("network", "describe", "sizes", "room", "losses", "schedule", "optim"),
    ("data", "stimuli"),
    ("rules",),
    ("curriculum",),
    ("check", "parallel"),
    ("training", "presentation", "evaluate", "readout"),
    ("spec", "checkpoint", "exchange", "grid", "origin", "runs", "tensorboard"),
    ("models",),
    ("path",),
    ("physiology", "viz", "costs"),
    ("report_tables", "path_words"),
    ("path_tables",),
    ("report",),
    ("experiment", "settings"),
    ("agreement", "watch", "bench"),
    ("running",),
    ("compare",),
    ("vary", "kept", "differences"),
    ("units", "figure_data"),
    ("study", "results", "sweep"),
    ("crossing",),
    ("gather", "reproduce", "worker"),
    ("engines",),
    ("cli", "__main__"),
)
LEVEL = {name: level for level, floor in enumerate(FLOORS) for name in floor}
FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")
CUPY_LACKS = {"unstack", "vecdot"} | {
    f"linalg.{name}"
    for name in ("diagonal", "matrix_norm", "outer", "svdvals", "tensordot", "trace", "vecdot", "vector_norm")
}
"""What NumPy and the standard have and CuPy 14.2 has not: recorded from its wheel."""
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())


@cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def top(path):
    """The module of the package's first floor down that a file belongs to."""
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported(path):
    """The full names of all that a file imports, wherever in the file."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", sorted({top(path) for path in FILES}))
def test_every_module_has_a_floor(module):
    assert module in LEVEL, f"neuro_cnn.{module} is on no floor; give it one in FLOORS and in docs/architecture.md"


@every_file
def test_imports_point_down(path):
    mine = top(path)
    for name in imported(path):
        assert not name.startswith("."), f"{path.name} imports {name}; write the full name"
        package, *parts = name.split(".")
        if package != "neuro_cnn" or parts[0] not in LEVEL:
            continue
        assert LEVEL[parts[0]] <= LEVEL.get(mine, -1), f"{mine} imports {name}, which is on a higher floor"


@every_file
def test_only_the_backend_names_cupy(path):
    if path == ROOT / "backend.py":
        return
    names = {node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name)}
    assert "cupy" not in names | {name.split(".")[0] for name in imported(path)}


def attributes(path):
    """Dotted names after `xp`, such as linalg.solve."""
    for node in ast.walk(parsed(path)):
        names = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if names and isinstance(node, ast.Name) and node.id == "xp":
            yield ".".join(reversed(names))


def has(library, name):
    for part in name.split("."):
        if not hasattr(library, part):
            return False
        library = getattr(library, part)
    return True


@every_file
def test_xp_names_what_numpy_and_the_array_api_share(path):
    if top(path) == "ops":
        return
    shared = {name for name in attributes(path) if has(np, name) and has(array_api_strict, name)}
    missing = set(attributes(path)) - (shared - CUPY_LACKS)
    assert not missing, f"xp.{', xp.'.join(sorted(missing))} is not in every array library; see the array API standard"


def test_what_cupy_lacks_is_still_so():
    cupy = pytest.importorskip("cupy")
    assert all(has(np, name) and has(array_api_strict, name) and not has(cupy, name) for name in CUPY_LACKS)
    used = {name for path in FILES if top(path) != "ops" for name in attributes(path)}
    assert {name for name in used if not has(cupy, name)} == set()


def test_an_upward_import_is_seen(tmp_path):
    (tmp_path / "a.py").write_text("def f():\n    from neuro_cnn import cli\n    import neuro_cnn.cli.train as t\n")
    assert list(imported(tmp_path / "a.py")) == ["neuro_cnn.cli", "neuro_cnn.cli.train"]


def test_a_name_of_xp_is_seen(tmp_path):
    (tmp_path / "a.py").write_text("y = xp.linalg.solve(xp.ones(2).T, xq.zeros(2))\n")
    assert set(attributes(tmp_path / "a.py")) == {"linalg", "linalg.solve", "ones"}
    assert not has(array_api_strict, "errstate")
