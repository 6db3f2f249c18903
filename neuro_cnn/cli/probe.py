"""neuro-cnn probe: protocols of physiology on the cells of a layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from neuro_cnn.cli.console import bars, emit, say
from neuro_cnn.cli.measured import as_json as line_of
from neuro_cnn.cli.measured import free

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuro_cnn.layers import Params, Shape
    from neuro_cnn.network import Chain
    from neuro_cnn.physiology import Electrode, Findings, Preparation

MARK = "units.json"
"""The file by which a folder is known as a probe's."""
PATIENCE = 3
"""Minutes from which on it is said beforehand how long a probe takes (our choice)."""


def probe(
    what: Annotated[str, typer.Argument(metavar="RUN_OR_NAME", help="Folder of a run, or a system, then unlearned.")],
    out: Annotated[Path, typer.Option(help="Folder to make: figures, units.json, units.csv, summary.txt.")],
    layer: Annotated[str, typer.Option(help="Layer whose cells are probed, one of every plane.")] = "S1",
    protocol: Annotated[str, typer.Option(metavar="NAME[,NAME]|all", help="What is done to them.")] = "all",
    row: Annotated[int | None, typer.Option(min=0, help="Row of the cells. [default: the middle]")] = None,
    column: Annotated[int | None, typer.Option(min=0, help="Column of the cells. [default: the middle]")] = None,
    canvas: Annotated[
        int | None, typer.Option(min=1, max=2048, metavar="PIXELS", help="Show stimuli on a larger field.")
    ] = None,
    input_shape: Annotated[
        str | None, typer.Option("--input", metavar="CxHxW", help="Images of a system. [default: what it was made for]")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of noise, and of a system's weights.")] = 0,
    format_: Annotated[Literal["png", "pdf", "svg"], typer.Option("--format", help="Of the figures.")] = "png",
    overwrite: Annotated[bool, typer.Option(help="Replace an earlier probe in --out.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, or a list of several.")] = False,
) -> None:
    """Tuning of a layer's cells for orientation, spatial frequency, phase, contrast, size and more.

    Example: neuro-cnn probe runs/hebbian --layer C1 --protocol orientation,phase --out probed
    """
    from dataclasses import replace

    from neuro_cnn import viz
    from neuro_cnn.errors import UsageError
    from neuro_cnn.files import replacing_folder, write_text
    from neuro_cnn.physiology import PROTOCOLS, Preparation
    from neuro_cnn.report import csv_text

    chosen = _protocols(protocol)
    free(out, MARK, overwrite)
    subject = _subject(what, input_shape, seed)
    electrode = _electrode(subject, layer, (row, column), canvas)
    refused: dict[str, str] = {}
    found: list[Findings] = []
    with bars() as shown, replacing_folder(out) as folder:
        done = shown.counter(f"{subject.name}, {layer}: protocols", len(chosen))
        preparation = Preparation(electrode, seed, shown.counter("recordings", None), subject.images)
        if protocol == "all":
            _foretell(preparation)
        for name in chosen:
            try:
                found.append(replace(PROTOCOLS[name](preparation), protocol=name))
            except UsageError as error:  # of all protocols some do not fit every layer
                if protocol != "all":
                    raise
                refused[name] = str(error)
            else:
                title = f"{subject.name}, {layer}: {found[-1].title}"
                viz.save(viz.found(found[-1], title), folder / f"{name}.{format_}")
            done()
        units = preparation.units
        records = [{"layer": layer, **each.record(units)} for each in found]
        told = "\n\n".join((*(each.told() for each in found), *(f"{k}: left out: {v}" for k, v in refused.items())))
        about = {**_about(what, subject, preparation), "protocols": records, "left_out": refused}
        write_text(folder / MARK, line_of(about))
        write_text(folder / "units.csv", csv_text(_rows(records)))
        write_text(folder / "summary.txt", f"{subject.name}, {layer}\n\n{told}\n")
    if as_json:
        told_of = ("layer", "protocol", "units", "summary")
        results = [
            {**{key: each[key] for key in told_of}, "figure": str(out / f"{each['protocol']}.{format_}")}
            for each in records
        ]
        emit(results[0] if len(results) == 1 else results)
        return
    print(f"{told}\n\nfigures and numbers: {out}")


class Subject(NamedTuple):
    """What is probed: its name, its network, the shape of the images that it sees, and such images where it has any."""

    name: str
    net: Chain
    params: dict[str, Params]
    in_shape: Shape
    images: NDArray[Any] | None = None


def _protocols(text: str) -> list[str]:
    """The protocols of a list of names, or all. Raises UsageError for one that does not exist."""
    from neuro_cnn.errors import unknown
    from neuro_cnn.physiology import PROTOCOLS

    names = list(PROTOCOLS) if text == "all" else list(dict.fromkeys(part.strip() for part in text.split(",")))
    for name in names:
        if name not in PROTOCOLS:
            raise unknown("protocol", name, [*PROTOCOLS, "all"])
    return names


def _subject(what: str, input_shape: str | None, seed: int) -> Subject:
    """A run's best weights, or a system with weights drawn from a seed."""
    from neuro_cnn.cli.info import _shape
    from neuro_cnn.cli.look import opened
    from neuro_cnn.compare import parse
    from neuro_cnn.errors import UsageError
    from neuro_cnn.models import CATALOGUE, build, system
    from neuro_cnn.physiology.preparation import SCENES

    if what not in CATALOGUE and len(what) < 256 and Path(what).is_dir():
        if input_shape is not None:
            raise UsageError(
                "--input is for systems; a run sees images of the size that it learned from, or a --canvas"
            )
        saved, experiment = opened(Path(what))
        scenes = experiment.load().test.images[:SCENES]
        return Subject(experiment.name, saved.net, saved.state.params, saved.in_shape, scenes)
    name, options = parse(what)
    made: Any = system(name, options)
    shape = getattr(made, "for_images", (1, 28, 28)) if input_shape is None else _shape(input_shape)
    net, _ = build(name, shape, int(getattr(made, "for_classes", 10)), **options)
    return Subject(f"{what}, unlearned", net, net.init(shape, seed), shape)


def _electrode(subject: Subject, layer: str, place: tuple[int | None, int | None], canvas: int | None) -> Electrode:
    """The electrode at a place. Raises UsageError where there is none, or where what the cells see leaves the image."""
    from dataclasses import replace

    from neuro_cnn.errors import UsageError
    from neuro_cnn.physiology import Electrode, on_canvas

    electrode = Electrode(subject.net, subject.params, subject.in_shape, layer)
    if canvas is not None:
        electrode = on_canvas(electrode, canvas)
    if electrode.planes == 0:
        raise UsageError(f"{layer} of {subject.name} has no cells before it has learned; name the folder of a run")
    if place != (None, None):
        if not electrode.at:
            raise UsageError(f"units of {layer} stand in a row and see all alike; leave --row and --column out")
        chosen = [middle if given is None else given for given, middle in zip(place, electrode.at, strict=True)]
        electrode = replace(electrode, place=(chosen[0], chosen[1]))
    return electrode.whole()


def _foretell(preparation: Preparation) -> None:
    """Say how long all protocols will take, where that is some minutes."""
    minutes, electrode = preparation.seconds() / 60, preparation.electrode
    if minutes > PATIENCE:
        planes = f"{electrode.planes} planes of {electrode.layer}"
        say(f"all protocols on {planes} take about {minutes:.0f} minutes; name some with --protocol for less")


def _about(what: str, subject: Subject, preparation: Preparation) -> dict[str, Any]:
    """What was probed, where, and the responses before any stimulus."""
    electrode = preparation.electrode
    return {
        "probed": what,
        "system": subject.name,
        "layer": electrode.layer,
        "place": list(electrode.at),
        "sees": electrode.box._asdict(),
        "images": list(electrode.in_shape),
        "seed": preparation.seed,
        "blank": electrode.blank.tolist(),
    }


def _rows(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a cell, protocol and measure."""
    return [
        {
            "cell": unit["cell"],
            "plane": unit["plane"],
            "protocol": each["protocol"],
            "flag": unit["flag"],
            "reason": unit["reason"],
            "measure": name,
            "value": unit[name],
            "unit": measure["unit"],
        }
        for each in records
        for unit in each["units"]
        for name, measure in each["measures"].items()
    ]
