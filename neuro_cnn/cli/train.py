"""neuro-cnn train and evaluate: one run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from neuro_cnn.cli.console import bars, emit, say, stoppable, table, tell_missing

if TYPE_CHECKING:
    from neuro_cnn.experiment import Experiment
    from neuro_cnn.runs import RunFolder


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
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line an epoch, then the result.")] = False,
) -> None:
    """Train one system, keeping everything in a run folder; the first Ctrl-C saves and stops.

    Example: neuro-cnn train lenet5 --set epochs=5 --seed 1 --out runs/lenet
    """
    from neuro_cnn.backend import choose_device
    from neuro_cnn.cli.look import configured
    from neuro_cnn.errors import UsageError
    from neuro_cnn.runs import RunFolder, new_path, now
    from neuro_cnn.spec import plain

    device = choose_device(device)
    given: dict[str, Any] = {"data": data, "seed": seed, "split": split, "train_size": train_size}
    given |= {"labels_per_class": labels_per_class, "hold_out": hold_out}
    if resume is not None:
        if what or options or out or overwrite or any(value is not None for value in given.values()):
            raise UsageError("--resume goes on with a run as it was configured; leave out the name and other settings")
        folder = RunFolder.open(resume)
        experiment = configured(folder)
        job = _job(experiment)
        folder.status("running", resumed=now())
    else:
        if what is None:
            raise UsageError("name a system or a TOML file to train, or a run with --resume; see `neuro-cnn models`")
        experiment = experiment_of(what, options or [], {k: v for k, v in given.items() if v is not None})
        job = _job(experiment)
        folder = RunFolder.create(out or new_path(experiment.name), overwrite, plain(experiment), experiment.seed)
    try:
        with folder.told():
            result = _run(experiment, job, folder, device, resume is not None, as_json)
    except SystemExit:
        say(f"stopped; go on with: {shlex.join(['neuro-cnn', 'train', '--resume', str(folder.path)])}")
        raise
    if as_json:
        emit(result)
    else:
        right = result["test_accuracy"]
        answers = "learned without labels" if right is None else f"test accuracy {100 * right:.1f} %"
        print(f"{answers} after {result['train_seconds']:.1f} s of learning")
        print(f"run folder: {folder.path}")


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


class Job(NamedTuple):
    """What an experiment comes to: wiring, curriculum, data, and the images that are learned from and held out."""

    net: Any
    curriculum: Any
    data: Any
    training: Any
    held_out: Any


def _job(experiment: Experiment) -> Job:
    """The job, checked before anything is written."""
    from neuro_cnn.check import check
    from neuro_cnn.experiment import at_home, check_unseen

    data = experiment.load()
    net, curriculum = experiment.build(data.train.shape, len(data.train.classes))
    curriculum = at_home(curriculum, data)
    training, held_out = experiment.parts(data)
    check(net, curriculum, training, held_out)
    check_unseen(curriculum, data)
    return Job(net, curriculum, data, training, held_out)


def _run(
    experiment: Experiment, job: Job, folder: RunFolder, device: str, resumed: bool, as_json: bool
) -> dict[str, Any]:
    from neuro_cnn import checkpoint
    from neuro_cnn.check import check_weights
    from neuro_cnn.evaluate import accuracy
    from neuro_cnn.experiment import layer_health, learn, unsupervised_layers

    net, curriculum, data, training, held_out = job
    if held_out is not None:
        folder.log(f"{len(training)} images to learn from, {len(held_out)} held out to choose the best weights")
    taught = any(phase.method.supervised for phase in curriculum)
    if taught:
        tell_missing(folder, training.missing)
    state, history = None, []
    if resumed and folder.checkpoint("last").is_file():
        state = checkpoint.load(folder.checkpoint("last")).state
        history = [line for line in folder.metrics() if (line["phase"], line["epoch"]) < (state.phase, state.epoch)]
    folder.keep_metrics(history)

    def save(which: str, state: Any) -> None:
        kept = checkpoint.Checkpoint(net, curriculum, state, data.train.shape, data.train.classes)
        checkpoint.save(folder.checkpoint(which), kept)

    outcome: Any = None
    with bars() as drawn, stoppable() as stop:
        steps = learn(net, curriculum, training, held_out, experiment.seed, device, state, history)
        while outcome is None:
            try:
                epoch = next(steps)
            except StopIteration as end:
                outcome = end.value
                break
            except FloatingPointError as error:
                last = folder.checkpoint("last")
                kept = (
                    f"the last good weights are in {last}" if last.is_file() else "no epoch had ended, so none are kept"
                )
                good = checkpoint.load(last) if last.is_file() else None
                if held_out is None and good is not None and good.state.phase == len(curriculum) - 1:
                    checkpoint.save(folder.checkpoint("best"), good)  # nothing chooses: the last that are good
                raise FloatingPointError(f"{error}; {kept}") from error
            state = epoch.progress.state
            drawn.show(experiment.name, epoch.progress)
            if epoch.line is not None:
                folder.metric(epoch.line)
                folder.log(_told(epoch.line))
                _tell_early_stop(folder, epoch.progress)
                if epoch.best:
                    save("best", state)
                save("last", state)  # last of all: a run that dies before it repeats the epoch
                if as_json:
                    emit(epoch.line)
            if stop.code is not None:
                # within an epoch weights may have run away since they were last looked at
                check_weights(net, curriculum[epoch.progress.phase], state.params, epoch.progress.epoch)
                save("last", state)
                raise SystemExit(stop.code)
    if held_out is None or not folder.checkpoint("best").is_file():
        save("best", state)
    best = checkpoint.load(folder.checkpoint("best")).state.params
    for name in unsupervised_layers(net, curriculum):
        line = layer_health(net, curriculum, best, training.images, name).line(name)
        folder.log(line)
        say(line)
    return {
        "run": str(folder.path),
        "test_accuracy": accuracy(net, best, data.test) if taught else None,
        "train_seconds": outcome.seconds,
    }


def _tell_early_stop(folder: RunFolder, progress: Any) -> None:
    if progress.phase_ended and progress.epoch + 1 < progress.epochs:
        told = f"{progress.label}: out of patience after epoch {progress.epoch + 1} of {progress.epochs}"
        folder.log(told)
        say(told)


def _told(line: dict[str, Any]) -> str:
    measures = {key: value for key, value in line.items() if key not in ("phase", "label", "epoch", "seconds")}
    words = ", ".join(f"{key} {value:.4g}" for key, value in measures.items())
    return f"{line['label']}, epoch {line['epoch'] + 1}: {words} ({line['seconds']:.1f} s)"


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
