"""neuro-cnn train and evaluate: one run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_cnn.cli.console import bars, emit, say, stoppable, table

if TYPE_CHECKING:
    from neuro_cnn.cli.console import Bars, Stop
    from neuro_cnn.experiment import Epoch, Experiment
    from neuro_cnn.runs import RunFolder
    from neuro_cnn.tensorboard import Board


def train(
    what: Annotated[
        str | None, typer.Argument(metavar="NAME_OR_TOML", help="A system such as softhebb:layers=2, or a TOML file.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Data set; see `neuro-cnn data list`. [default: digits]")] = None,
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Option of the system.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all that is random. [default: 0]")] = None,
    split: Annotated[int | None, typer.Option(help="Split of the data; 0 is the shipped one. [default: 0]")] = None,
    train_size: Annotated[int | None, typer.Option(help="Learn from this many training images.")] = None,
    labels_per_class: Annotated[
        int | None, typer.Option(help="Show the teacher only this many labels a class.")
    ] = None,
    hold_out: Annotated[
        float | None, typer.Option(help="Share of the training images kept to choose the best weights. [default: 1/6]")
    ] = None,
    device: Annotated[str, typer.Option(help="Where to compute: auto, cpu or gpu.")] = "auto",
    out: Annotated[Path | None, typer.Option(help="Run folder to make. [default: runs/NAME-TIME]")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an earlier run in --out.")] = False,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="Go on with an interrupted run.")] = None,
    tensorboard: Annotated[bool, typer.Option(help="Write TensorBoard's event files into the run folder too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line an epoch, then the result.")] = False,
) -> None:
    """Train one system, keeping everything in a run folder; the first Ctrl-C saves and stops.

    Example: neuro-cnn train lenet5 --set epochs=5 --seed 1 --out runs/lenet
    """
    from neuro_cnn.backend import choose_device
    from neuro_cnn.errors import UsageError
    from neuro_cnn.running import begin, run_one
    from neuro_cnn.runs import RunFolder, new_path
    from neuro_cnn.tensorboard import Board, check_installed

    if tensorboard:
        check_installed()
    where = choose_device(device)
    given: dict[str, Any] = {"data": data, "seed": seed, "split": split, "train_size": train_size}
    given |= {"labels_per_class": labels_per_class, "hold_out": hold_out}
    given = {key: value for key, value in given.items() if value is not None}
    if resume is not None:
        if what or out or overwrite:
            raise UsageError("--resume goes on with a run as it was configured; leave out the name and other settings")
        path, experiment = resume, _as_asked(RunFolder.open(resume), options or [], given)
    else:
        if what is None:
            raise UsageError("name a system or a TOML file to train, or a run with --resume; see `neuro-cnn models`")
        experiment = experiment_of(what, options or [], given)
        path = out or new_path(experiment.name)
    board = Board(RunFolder(path)) if tensorboard else None
    with bars() as drawn, stoppable() as stop, _resumable(path, device, tensorboard), board or nullcontext():
        watch = _watching(experiment.name, drawn, stop, as_json, board)
        if resume is not None:
            result = run_one(experiment, path, device=where, watch=watch, tell=say, retry=True)
        else:
            result = begin(experiment, path, overwrite=overwrite, device=where, watch=watch, tell=say)
    if as_json:
        emit({"run": str(path), **{key: result[key] for key in ("test_accuracy", "train_seconds")}})
    else:
        right = result["test_accuracy"]
        answers = "learned without labels" if right is None else f"test accuracy {100 * right:.1f} %"
        print(f"{answers} after {result['train_seconds']:.1f} s of learning")
        print(f"run folder: {path}")


@contextmanager
def _resumable(path: Path, device: str, tensorboard: bool) -> Iterator[None]:
    """Where the run stops before it is done, say how to go on with it."""
    from neuro_cnn.runs import MARK

    name = str(path) if not str(path).startswith("-") else f"./{path}"
    words = ["neuro-cnn", *(["--tf32"] if "--tf32" in sys.argv else []), "train", "--resume", name]
    words += [] if device == "auto" else ["--device", device]
    command = shlex.join([*words, *(["--tensorboard"] if tensorboard else [])])
    try:
        yield
    except SystemExit:
        if (path / MARK).is_file():
            say(f"stopped; go on with: {command}")
        raise
    except OSError as error:
        if (path / MARK).is_file():
            error.add_note(f"then this run goes on with: {command}")
        raise


def _watching(name: str, drawn: Bars, stop: Stop, as_json: bool, board: Board | None) -> Callable[[Epoch], int | None]:
    """What is done after every batch: it is shown, and the run stops where a signal has asked for it."""

    def watch(epoch: Epoch) -> int | None:
        drawn.show(name, epoch.progress)
        if board is not None and epoch.line is not None:
            board.follow()
        if as_json and epoch.line is not None:
            emit(epoch.line)
        return stop.code

    return watch


def _as_asked(folder: RunFolder, options: list[str], given: dict[str, Any]) -> Experiment:
    """The experiment of a run. Raises UsageError, naming the key, where a setting given with --resume is another."""
    from neuro_cnn.agreement import check_same
    from neuro_cnn.compare import assignment
    from neuro_cnn.running import configured
    from neuro_cnn.spec import plain, read
    from neuro_cnn.study import checked

    there = configured(folder)
    chosen = {**there.options, **dict(assignment(text) for text in options)}
    asked = read(type(there), {**plain(there), **given, "options": chosen}, "the command line")
    check_same(there, checked(asked), str(folder.path))
    return there


def experiment_of(what: str, options: list[str], given: dict[str, Any]) -> Experiment:
    """The experiment of a system's name or a TOML file, with options and settings given on the command line."""
    from neuro_cnn.compare import assignment, parse
    from neuro_cnn.experiment import Experiment
    from neuro_cnn.spec import read
    from neuro_cnn.study import checked, read_experiment

    chosen = dict(assignment(text) for text in options)
    if what.endswith(".toml"):
        return read_experiment(Path(what), chosen, **given)
    name, own = parse(what)
    config = {"model": name, "options": {**own, **chosen}, "hold_out": 1 / 6}
    return checked(read(Experiment, {**config, **given}, what))


def evaluate(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    data: Annotated[str | None, typer.Option(help="Another data set of the same shape and classes.")] = None,
    shift: Annotated[list[int] | None, typer.Option(min=1, help="Shift in pixels, mean of four directions.")] = None,
    scale: Annotated[list[float] | None, typer.Option(help="Enlargement by a factor; below 1: shrunk.")] = None,
    rotate: Annotated[list[float] | None, typer.Option(help="Rotation in degrees, counter-clockwise.")] = None,
    bend: Annotated[list[float] | None, typer.Option(min=0, help="Elastic bending by up to so many pixels.")] = None,
    noise: Annotated[list[float] | None, typer.Option(min=0, help="Deviation of added Gaussian noise.")] = None,
    out: Annotated[Path | None, typer.Option(help="Draw the confusion matrix here (.png, .pdf, .svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Accuracy of a run on its test images, plain and deformed, with the confusion matrix of the plain ones.

    For several amounts an option is given as often, as here --shift.

    Example: neuro-cnn evaluate runs/lenet --shift 1 --shift 2 --scale 0.8 --rotate 15 --bend 2
    """
    import numpy as np

    from neuro_cnn import viz
    from neuro_cnn.cli.look import opened
    from neuro_cnn.data.deformations import DEFORMATIONS
    from neuro_cnn.evaluate import accuracies, confusion, predict, right

    if out is not None:
        viz.drawable(out)
    saved, experiment = opened(run)
    test = _test_images(experiment, saved, data)
    scores = predict(saved.net, saved.state.params, test.images)
    given = {"shift": shift, "scale": scale, "rotate": rotate, "bend": bend, "noise": noise}
    deformed = {kind: amounts or [] for kind, amounts in given.items()}
    matrix = confusion(scores, test.labels, len(saved.classes))
    result: dict[str, Any] = {
        "run": str(run),
        "data": data or experiment.data,
        "accuracy": right(scores, test.labels),
        **accuracies(saved.net, saved.state.params, test, deformed),
        "confusion": matrix.tolist(),
    }
    if out is not None:
        viz.save(viz.confusion(matrix, saved.classes), out)
    if as_json:
        emit(result)
        return
    rows = [["plain", f"{100 * result['accuracy']:.1f}"]]
    for kind, each in DEFORMATIONS.items():
        rows += [[f"{each.word} {each.told(amount)}", f"{100 * share:.1f}"] for amount, share in result[kind].items()]
    table(["test images", "accuracy %"], rows, f"{run} on {result['data']}")
    silent = int(np.sum(np.sum(scores == scores.max(axis=1, keepdims=True), axis=1) > 1))
    if silent:
        say(f"{silent} images have several largest scores: guesses in the accuracy, under the first in the matrix")
    names = [str(name) for name in saved.classes]
    counts = [[name, *map(str, counts)] for name, counts in zip(names, np.asarray(matrix), strict=True)]
    table(["label", *names], counts, "Confusion, plain images: rows are labels, columns answers")


def _test_images(experiment: Experiment, saved: Any, data: str | None) -> Any:
    from neuro_cnn.data import load
    from neuro_cnn.errors import UsageError

    # the same data is of the run's own split: the test images of another are among those that it has learned from
    test = experiment.load().test if data in (None, experiment.data) else load(data).test
    if not any(phase.method.supervised for phase in saved.curriculum):
        raise UsageError("the run learned without labels and has no read-out to evaluate; train it on labelled data")
    if (experiment.data, data) == ("mnist", "digits"):
        raise UsageError("the digits are training images of mnist, so the run has learned from them; leave --data out")
    if test.shape != saved.in_shape or len(test.classes) != len(saved.classes):
        raise UsageError(
            f"the run was made for images of {saved.in_shape} and {len(saved.classes)} classes, "
            f"but {data} has {test.shape} and {len(test.classes)}; choose data like those it learned from"
        )
    return test
