"""The commands, gathered."""

from __future__ import annotations

import os
import re
from typing import Annotated

import typer

from neuro_cnn import __version__
from neuro_cnn.cli import (
    angles,
    bench,
    compare,
    costs,
    data,
    fields,
    health,
    info,
    lesions,
    look,
    nature,
    organise,
    probe,
    regions,
    reproduce,
    similarity,
    sweep,
    topography,
    train,
    v1,
    view,
    watch,
    weights,
    worksheet,
)
from neuro_cnn.cli.console import Level, level
from neuro_cnn.errors import UsageError

app = typer.Typer(
    help="From Hubel and Wiesel's cells over Fukushima's neocognitron to the modern CNN.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def print_version(wanted: bool) -> None:
    """Print the version and exit."""
    if wanted:
        print(__version__)
        raise typer.Exit


def memory_limit(text: str) -> str:
    """A limit as CuPy reads it: bytes, or a percentage. Raises UsageError for another text."""
    if not re.fullmatch(r"[1-9]\d*|[1-9]\d?%|100%", text):
        raise UsageError(f"--gpu-memory {text} is neither a number of bytes nor a percentage such as 50%")
    return text


@app.callback()
def common(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print results only.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")] = False,
    tf32: Annotated[
        bool, typer.Option("--tf32", help="Let a GPU round the factors of products to 10 bits: faster, less exact.")
    ] = False,
    gpu_memory: Annotated[
        str | None, typer.Option(metavar="BYTES|PERCENT%", help="Use no more of a GPU's memory, such as 50%.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Set what is said on stderr; results go to stdout."""
    del debug, version  # read before anything can fail
    if tf32:
        os.environ["CUPY_TF32"] = "1"  # CuPy's own variables: read when it is imported, and by workers too
    if gpu_memory is not None:
        os.environ["CUPY_GPU_MEMORY_LIMIT"] = memory_limit(gpu_memory)
    level(Level.QUIET if quiet else Level.VERBOSE if verbose else Level.NORMAL)


app.command("compare")(compare.compare)
app.command("sweep")(sweep.sweep)
app.command("train")(train.train)
app.command("reproduce")(reproduce.reproduce)
app.command("watch")(watch.watch)
app.command("evaluate")(train.evaluate)
app.command("fields")(fields.fields)
app.command("health")(health.health)
app.command("respond")(look.respond)
app.command("probe")(probe.probe)
app.command("view")(view.view)
app.command("explain")(worksheet.explain)
app.command("responders")(organise.responders)
app.command("organisation")(organise.organisation)
app.command("selectivity")(organise.selectivity)
app.command("lesions")(lesions.lesions)
app.command("regions")(regions.regions)
app.command("similarity")(similarity.similarity)
app.command("topography")(topography.topography)
app.command("angles")(angles.angles)
app.command("nature")(nature.nature)
app.command("v1")(v1.v1)
app.command("bench")(bench.bench)
app.command("costs")(costs.costs)
app.command("models")(info.models)
app.add_typer(data.app, name="data")
app.add_typer(weights.app, name="weights")
app.add_typer(info.config_app, name="config")
app.command("info")(info.info)
