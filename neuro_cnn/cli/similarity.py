"""neuro-cnn similarity: how alike the layers of runs code the same images, beside a ceiling and a floor."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from neuro_cnn.cli.console import bars, emit, say, table

if TYPE_CHECKING:
    from neuro_cnn.checkpoint import Checkpoint
    from neuro_cnn.data import Dataset
    from neuro_cnn.experiment import Experiment
    from neuro_cnn.physiology import Likeness


class Member(NamedTuple):
    """One of three systems of a run: as it learned, learned again, or untrained."""

    name: str
    role: str
    seed: int
    net: Any
    params: Any


def similarity(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of finished runs.")],
    out: Annotated[Path, typer.Option(metavar="FIG", help="Figure to draw (.png, .pdf, .svg).")],
    images: Annotated[int, typer.Option(help="Test images of the first run that all of them see.")] = 500,
    layers: Annotated[
        str | None,
        typer.Option(help="Layers such as S1,C1; S1:conv1 names one of each run. [default: all that have one name]"),
    ] = None,
    device: Annotated[str, typer.Option(help="Where to learn again: auto, cpu or gpu.")] = "auto",
    csv: Annotated[Path | None, typer.Option(help="Table to write: a line a comparison.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Unbiased CKA and representational similarity of runs, layer by layer, beside a ceiling and a floor.

    The ceiling is the run learned once more from another seed, which takes as long as learning did; the floor is the
    same cells untrained. With one run alone they are all there is.

    Example: neuro-cnn similarity runs/hebbian runs/lenet --layers S1,C1 --out similarity.png
    """
    from neuro_cnn import viz
    from neuro_cnn.backend import choose_device
    from neuro_cnn.cli.look import opened
    from neuro_cnn.files import write_text
    from neuro_cnn.report import csv_text

    viz.drawable(out)
    device = choose_device(device)
    found = [opened(run) for run in runs]
    chosen, shown = _layers(layers, found, runs), _images(images, found, runs)
    members = [member for saved, experiment in found for member in _three(saved, experiment, device)]
    likenesses = {label: _compared(members, names, shown, label) for label, names in chosen.items()}
    names = [f"{number} {_called(member)}, seed {member.seed}" for number, member in enumerate(members, 1)]
    data = found[0][1].data
    detail = f"{len(shown)} test images of {data}; intervals: 95 % of random halves of them"
    viz.save(viz.similarity(likenesses, names, detail=detail), out)
    result = _results(likenesses, names, chosen, members, runs)
    if csv is not None:
        write_text(csv, csv_text(result["comparisons"]))
    if as_json:
        facts = {"schema_version": 1, "runs": list(map(str, runs)), "data": data, "images": len(shown)}
        emit({**facts, "figure": str(out), **result})
        return
    _print(result, detail)
    print(f"drawn in {out}")


def _called(member: Member) -> str:
    return {"learned": member.name, "again": "learned again"}.get(member.role, member.role)


def _layers(text: str | None, found: list[tuple[Checkpoint, Experiment]], runs: list[Path]) -> dict[str, list[str]]:
    """The layers to compare, one of each run, by what to call them. Raises UsageError for one that is not there."""
    from neuro_cnn.errors import UsageError

    nets = [saved.net for saved, _ in found]
    if text is None:
        named = [name for name, layer in nets[0].layers if layer.kind != "flatten"]
        common = [name for name in named if all(name in net.names for net in nets)]
        if not common:
            several = "; ".join(f"{run} has {', '.join(net.names)}" for run, net in zip(runs, nets, strict=True))
            raise UsageError(f"no layers of one name; pair them, as in --layers S1:conv1 ({several})")
        return {name: [name] * len(nets) for name in common}
    chosen = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        names = part.split(":") if ":" in part else [part] * len(nets)
        if len(names) != len(nets):
            raise UsageError(f"--layers {part} names {len(names)} layers for {len(nets)} runs; name one of each")
        for net, name in zip(nets, names, strict=True):
            net[name]  # an unknown name is refused here
        chosen[part] = names
    if not chosen:
        raise UsageError("--layers names no layer; leave it out, or name some, as in --layers S1,C1")
    return chosen


def _images(count: int, found: list[tuple[Checkpoint, Experiment]], runs: list[Path]) -> Any:
    """Test images of the first run, drawn at random. Raises UsageError where they are too few, or not all see them."""
    from neuro_cnn.errors import UsageError
    from neuro_cnn.physiology.population.similarity import FEWEST, MOST
    from neuro_cnn.streams import generator

    for (saved, _), run in zip(found, runs, strict=True):
        if saved.in_shape != found[0][0].in_shape:
            shapes = f"{runs[0]} sees images of {found[0][0].in_shape}, {run} of {saved.in_shape}"
            raise UsageError(f"{shapes}; compare runs that see the same images")
    if not FEWEST <= count <= MOST:
        raise UsageError(f"--images {count}; give {FEWEST} to {MOST}, better 500 or more")
    test = found[0][1].load().test
    if len(test) < count:
        raise UsageError(f"{found[0][1].data} has {len(test)} test images; give --images {len(test)}")
    return test.images[generator(0, "images").permutation(len(test))[:count]]


def _three(saved: Checkpoint, experiment: Experiment, device: str) -> list[Member]:
    """A run as it is, learned once more from the next seed, and untrained from the one after it."""
    from dataclasses import replace

    from neuro_cnn.experiment import at_home
    from neuro_cnn.models import unlearned

    data = experiment.load()
    training, held_out = experiment.parts(data)
    net, curriculum = saved.net, at_home(saved.curriculum, data)
    other, bare = (replace(experiment, seed=experiment.seed + k) for k in (1, 2))
    say(f"{experiment.name}: learning once more, from seed {other.seed}")
    again = _learned(other, net, curriculum, training, held_out, device)
    kept = unlearned(curriculum)
    drawn = _learned(bare, net, kept, training, None, device) if kept else net.init(saved.in_shape, bare.seed)
    made = (("learned", experiment, saved.state.params), ("again", other, again), ("untrained", bare, drawn))
    return [Member(experiment.name, role, of.seed, net, params) for role, of, params in made]


def _learned(
    experiment: Experiment, net: Any, curriculum: Any, training: Dataset, held_out: Dataset | None, device: str
) -> Any:
    """The weights that `train` would keep: the best, or the last where nothing chooses."""
    from neuro_cnn.backend import to_device
    from neuro_cnn.experiment import learn

    steps = learn(net, curriculum, training, held_out, experiment.seed, device)
    params = best = None
    with bars() as drawn:
        for epoch in steps:
            drawn.show(f"{experiment.name}, seed {experiment.seed}", epoch.progress)
            params = epoch.progress.params
            best = params if epoch.best else best
    return to_device(best or params, "cpu")


def _compared(members: list[Member], names: list[str], images: Any, label: str) -> Likeness:
    from neuro_cnn.physiology import code, likeness

    say(f"{label}: comparing {len(members)} codes of {len(images)} images")
    return likeness([code(each.net, each.params, images, names[k // 3]) for k, each in enumerate(members)])


def _results(
    found: dict[str, Likeness], names: list[str], chosen: dict[str, list[str]], members: list[Member], runs: list[Path]
) -> dict[str, Any]:
    from neuro_cnn.physiology import comparisons, verdicts

    rows = [
        {
            "layer": label,
            "measure": each.measure,
            "role": each.role,
            "a": names[each.a],
            "b": names[each.b],
            **{key: _number(getattr(each, key)) for key in ("value", "low", "high")},
        }
        for label, likeness in found.items()
        for each in comparisons(likeness)
    ]
    told = [
        {
            "layer": label,
            "measure": each.measure,
            "a": names[each.a],
            "b": None if each.b is None else names[each.b],
            "verdict": each.words,
        }
        for label, likeness in found.items()
        for each in verdicts(likeness)
    ]
    layers = [
        {
            "layer": label,
            "of": chosen[label],
            **{key: [[_number(v) for v in row] for row in getattr(likeness, key)] for key in ("cka", "rsa")},
            "silent_images": likeness.silent.tolist(),
        }
        for label, likeness in found.items()
    ]
    systems = [
        {"run": str(runs[k // 3]), "name": each.name, "role": each.role, "seed": each.seed}
        for k, each in enumerate(members)
    ]
    return {"systems": systems, "layers": layers, "comparisons": rows, "verdicts": told}


def _number(value: Any) -> float | None:
    return float(value) if isfinite(value) else None


def _print(result: dict[str, Any], detail: str) -> None:
    rows = []
    for row in result["comparisons"]:
        low, high = (_told(row[key]) for key in ("low", "high"))
        rows.append([row["layer"], row["measure"].upper(), row["role"], row["a"], row["b"], _told(row["value"])])
        rows[-1].append("-" if row["low"] is None else f"{low} to {high}")
    table(["layer", "measure", "role", "system", "and", "similarity", "95 %"], rows, detail, words=5)
    for row in result["verdicts"]:
        pair = row["a"] if row["b"] is None else f"{row['a']} and {row['b']}"
        print(f"{row['layer']} by {row['measure'].upper()}, {pair}: {row['verdict']}")
    seeds = [each["seed"] for each in result["systems"] if each["role"] == "learned"]
    if len(set(seeds)) < len(seeds):
        print("Runs of one seed may have begun with the same weights, and be the more alike for it.")


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
