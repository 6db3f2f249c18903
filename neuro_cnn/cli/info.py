"""neuro-cnn info, models and config: what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neuro_cnn.cli.console import emit, table

config_app = typer.Typer(
    help="The resolved experiment, its check, its JSON schema.", no_args_is_help=True, rich_markup_mode=None
)


def info(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Versions, BLAS and its core type, threads, GPU, and the data folder.

    Example: neuro-cnn info
    """
    import os

    from neuro_cnn.data import data_folder
    from neuro_cnn.origin import environment

    facts = {**environment(), "data_folder": str(data_folder()), "core_type": os.environ.get("OPENBLAS_CORETYPE")}
    if as_json:
        emit(facts)
        return
    blas = [f"{pool['library']} {pool['version']}, {pool['core']}, {pool['threads']} threads" for pool in facts["blas"]]
    table(
        ["what", "value"],
        [[name, "; ".join(blas) if name == "blas" else "none" if v is None else str(v)] for name, v in facts.items()],
        words=2,
    )


def models(
    name: Annotated[
        str | None, typer.Argument(help="A system such as softhebb:layers=2, or a pattern of layers.")
    ] = None,
    input_shape: Annotated[
        str | None, typer.Option("--input", metavar="CxHxW", help="Shape of an image. [default: what it was made for]")
    ] = None,
    classes: Annotated[
        int | None, typer.Option(min=1, help="Classes of the read-out. [default: as it was made for]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """The catalogue of systems; with a name, its options and its layers.

    A text with arrows is a system too: "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC:N=1,M=3".

    Example: neuro-cnn models lenet5 --input 1x28x28
    """
    if name is None:
        _catalogue(as_json)
    else:
        _arithmetic(name, input_shape, classes, as_json)


def _catalogue(as_json: bool) -> None:
    from dataclasses import fields as options_of

    from neuro_cnn.models import CATALOGUE

    facts = [
        {
            "name": key,
            "summary": (kind.__doc__ or "").splitlines()[0],
            "options": {option.name: option.default for option in options_of(kind)},
        }
        for key, kind in CATALOGUE.items()
    ]
    if as_json:
        emit({"models": facts})
        return
    table(["system", "what it is"], [[str(f["name"]), str(f["summary"])] for f in facts], words=2)
    print('or a pattern of layers, such as "INPUT -> [[CONV -> RELU]*2 -> POOL]*2 -> [FC -> RELU]*1 -> FC"')


def _arithmetic(name: str, input_shape: str | None, classes: int | None, as_json: bool) -> None:
    """One system's layers, for images and classes as it was made for unless others are given."""
    from os.path import exists  # False for a text too long to be a path

    from neuro_cnn.compare import parse
    from neuro_cnn.describe import describe
    from neuro_cnn.errors import UsageError
    from neuro_cnn.models import CATALOGUE, build, defaults, system
    from neuro_cnn.sizes import notes

    if exists(name) and name not in CATALOGUE:
        raise UsageError(f"{name}: give a system or a pattern of layers; `neuro-cnn config show` reads files and runs")
    model, chosen = parse(name)
    made: Any = system(model, chosen)
    shape = getattr(made, "for_images", (1, 28, 28)) if input_shape is None else _shape(input_shape)
    net, _ = build(model, shape, classes or int(getattr(made, "for_classes", 10)), **chosen)
    rows = [row._asdict() for row in describe(net, shape)]
    totals = {key: sum(row[key] for row in rows) for key in COUNTS}
    misfits = notes(net, shape)
    if as_json:
        emit({"name": name, "layers": rows, **totals, "notes": misfits})
        return
    columns = ["layer", "kind", "shape", "params", "unshared", "connections", "MACs", "kB", "training kB"]
    seen = ("receptive_field", "stride")
    lines = [
        [row["name"], row["kind"], _by(row["out_shape"]), *_counted(row), *(_by(row[key]) for key in seen)]
        for row in rows
    ]
    lines.append(["all", "", "", *_counted(totals), "", ""])
    table([*columns, "field", "stride"], lines, f"{name} for images of {_by(shape)}", words=2)
    print("".join(f"{line}\n" for line in misfits), end="")
    options = {key: getattr(made, key) for key in defaults(model)}
    if options:
        print("options: " + ", ".join(f"{key}={value}" for key, value in options.items()))


COUNTS = ("parameters", "unshared", "connections", "macs", "memory", "training_memory")
"""What of a layer is added up over layers; memory in bytes, and told in kB."""


def _counted(row: dict[str, Any]) -> list[str]:
    return [f"{row[key] / 1000:,.1f}" if "memory" in key else f"{row[key]:,}" for key in COUNTS]


def _by(numbers: tuple[float, ...]) -> str:
    return " x ".join(f"{number:.3g}" if number % 1 else str(number) for number in numbers)


def _shape(text: str) -> tuple[int, int, int]:
    from neuro_cnn.errors import UsageError

    try:
        planes, height, width = (int(part) for part in text.lower().split("x"))
    except ValueError as error:
        raise UsageError(f"--input {text!r} is not of the form CxHxW, such as 1x28x28") from error
    if min(planes, height, width) < 1:
        raise UsageError(f"--input {text}: every side must be at least 1")
    return planes, height, width


def _read(path: Path) -> tuple[Any, Any]:
    """The dataclass of an experiment, study or sweep, and the kind."""
    from neuro_cnn.compare import Study, experiments
    from neuro_cnn.experiment import Experiment
    from neuro_cnn.models import system
    from neuro_cnn.runs import read_toml
    from neuro_cnn.settings import is_study, sized
    from neuro_cnn.spec import read
    from neuro_cnn.sweep import Sweep, check_planned, planned, read_sweep
    from neuro_cnn.vary import expanded, is_path

    config = read_toml(path / "config.toml" if path.is_dir() else path)
    if "vary" in config and not is_study(config):
        sweep = read_sweep(path)
        check_planned(planned(sweep))
        return sweep, Sweep
    if not is_study(config):
        made = read(Experiment, config, str(path))
        if made.model is not None:
            system(made.model, made.options)
        return made, Experiment
    for size in config.get("sizes", ()):
        read(Study, sized(config, size, str(path)), f"{path}, sizes.{size}")
    study = read(Study, sized(config, None, str(path)), str(path))
    experiments([text for text in expanded(study.systems, study.vary) if not is_path(text)], study.options)
    return study, Study


@config_app.command("show")
def show(path: Annotated[Path, typer.Argument(help="A TOML file or a run folder.")]) -> None:
    """Print the experiment with every default filled in, as TOML.

    Example: neuro-cnn config show experiments/digits.toml
    """
    from neuro_cnn.runs import toml_text
    from neuro_cnn.spec import plain
    from neuro_cnn.sweep import Sweep

    made, kind = _read(path)
    print(toml_text(made.plain() if kind is Sweep else plain(made)), end="")


@config_app.command("validate")
def validate(path: Annotated[Path, typer.Argument(help="A TOML file or a run folder.")]) -> None:
    """Check an experiment without running it.

    Example: neuro-cnn config validate experiments/digits.toml
    """
    made, kind = _read(path)
    del made
    print(f"{path}: a valid {kind.__name__.lower()}")


@config_app.command("schema")
def schema() -> None:
    """Print the JSON schema of experiments and studies.

    Example: neuro-cnn config schema > schema.json
    """
    from pydantic import TypeAdapter

    from neuro_cnn.compare import Study
    from neuro_cnn.experiment import Experiment

    emit(TypeAdapter(Experiment | Study).json_schema())
