"""neuro-cnn watch: receptive fields while they form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from neuro_cnn.cli.console import Level, bars, emit, say, stoppable

if TYPE_CHECKING:
    from neuro_cnn.experiment import Experiment
    from neuro_cnn.watch import Snapshot, Span

FRAMES = 40  # four seconds of forming (our choice)


def watch(
    what: Annotated[
        str, typer.Argument(metavar="NAME_OR_TOML", help="A system such as softhebb:layers=2, or a TOML file.")
    ],
    out: Annotated[Path, typer.Option(help="Animation to draw (.gif).")],
    layer: Annotated[str, typer.Option(help="Layer whose planes are watched.")] = "S1",
    data: Annotated[str | None, typer.Option(help="Data set; see `neuro-cnn data list`. [default: digits]")] = None,
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Option of the system.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all that is random. [default: 0]")] = None,
    train_size: Annotated[int | None, typer.Option(help="Learn from this many training images.")] = None,
    every: Annotated[
        int | None, typer.Option(min=1, help="Look every so many batches of the layer, and at the last.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=2, help=f"Frames, evenly spread over the layer's batches. [default: {FRAMES}]")
    ] = None,
    device: Annotated[str, typer.Option(help="Where to compute: auto, cpu or gpu.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Receptive fields of a layer while they form, as an animated GIF; Ctrl-C draws what was seen so far.

    Learns as `train` does, from the same images, and no further than the layer goes on learning. The first frame shows
    the weights as its first phase begins: random, or views of images where the rule starts from them.

    Example: neuro-cnn watch hebbian-wta --layer S1 --out forming.gif
    """
    from neuro_cnn import viz
    from neuro_cnn.backend import choose_device
    from neuro_cnn.cli.train import experiment_of
    from neuro_cnn.errors import UsageError

    viz.animatable(out)
    if every is not None and frames is not None:
        raise UsageError("--every and --frames both say when to look; give one of them")
    device = choose_device(device)
    given = {"data": data, "seed": seed, "train_size": train_size}
    experiment = experiment_of(what, options or [], {k: v for k, v in given.items() if v is not None})
    job = _job(experiment, layer)
    snapshots, code = _watched(experiment, job, layer, _moments(job.spans, every, frames or FRAMES), device)
    if snapshots:
        _draw(snapshots, f"{experiment.name}: weights of {layer} while it learns", out)
    if code is not None:
        say(f"stopped; what was seen so far: {out}" if snapshots else f"stopped before {layer} began to learn")
        raise SystemExit(code)
    if as_json:
        emit({"out": str(out), "model": experiment.name, **_told(snapshots)})
    else:
        print(f"{len(snapshots)} frames of {layer} drawn in {out}")


class Job(NamedTuple):
    """What is learned: the wiring, the curriculum as far as the layer goes on learning, the images and the phases."""

    net: Any
    curriculum: Any
    training: Any
    spans: tuple[Span, ...]


def _job(experiment: Experiment, layer: str) -> Job:
    """The job. Raises UsageError for a layer that is not there, cannot be drawn or does not learn."""
    from neuro_cnn.check import check
    from neuro_cnn.errors import UsageError
    from neuro_cnn.experiment import at_home
    from neuro_cnn.watch import drawable_layers, spans

    data = experiment.load()
    net, curriculum = experiment.build(data.train.shape, max(len(data.train.classes), 1))
    curriculum = at_home(curriculum, data)
    training, _ = experiment.parts(data)
    net[layer]
    drawable = drawable_layers(net, data.train)
    learning = [name for name in drawable if spans(net, curriculum, training, name)]
    none = "no layer that can be drawn learns so; choose another system"
    there = f"watch {' or '.join(learning)}" if learning else none
    if layer not in drawable:
        raise UsageError(f"layer {layer} of {experiment.name} has no weights over a view to draw; {there}")
    if layer not in learning:
        raise UsageError(f"layer {layer} of {experiment.name} never learns batch by batch; {there}")
    found = spans(net, curriculum, training, layer)
    curriculum = curriculum[: found[-1].phase + 1]
    check(net, curriculum, training)
    return Job(net, curriculum, training, found)


def _moments(spans: tuple[Span, ...], every: int | None, frames: int) -> tuple[int, ...]:
    from neuro_cnn.watch import epoch_ends, spread

    last = epoch_ends(spans)[-1]
    return spread(last, frames) if every is None else (*range(0, last, every), last)


def _watched(
    experiment: Experiment, job: Job, layer: str, moments: tuple[int, ...], device: str
) -> tuple[list[Snapshot], int | None]:
    """What was seen of the layer while it learned, and the exit code of a signal that stopped it."""
    from neuro_cnn.experiment import learn
    from neuro_cnn.watch import Watcher

    watcher = Watcher(layer, job.spans, moments)
    with bars() as drawn, stoppable() as stop:
        for step in learn(job.net, job.curriculum, job.training, None, experiment.seed, device):
            drawn.show(experiment.name, step.progress)
            before = len(watcher.snapshots)
            watcher.see(step.progress, keep=stop.code is not None)
            for each in watcher.snapshots[before:]:
                say(_caption(each), Level.VERBOSE)
            if stop.code is not None:
                break
    return watcher.snapshots, stop.code


def _draw(snapshots: list[Snapshot], title: str, out: Path) -> None:
    from neuro_cnn import viz
    from neuro_cnn.files import replacing

    weights = viz.aligned([each.weight for each in snapshots])
    animation = viz.gif(list(viz.frames(weights, [_caption(each) for each in snapshots], title=title)))
    with replacing(out) as temporary:
        temporary.write_bytes(animation)


def _caption(at: Snapshot) -> str:
    if not at.updates:
        return f"{at.label}, before learning"
    return f"{at.label}, epoch {at.epoch} of {at.epochs}, batch {at.batch} of {at.batches}, {at.images:,} images seen"


def _told(snapshots: list[Snapshot]) -> dict[str, Any]:
    keys = ("updates", "images", "label", "epoch", "batch")
    frames = [{"planes": len(each.weight), **{key: getattr(each, key) for key in keys}} for each in snapshots]
    return {"layer": snapshots[0].layer, "frames": len(frames), "seen": frames}
