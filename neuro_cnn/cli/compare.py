"""neuro-cnn compare: the main job."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_cnn.cli.compared import show
from neuro_cnn.cli.console import Level, bars, emit, say, stoppable, tell_missing
from neuro_cnn.cli.studies import asked, gone_on, numbers, values

if TYPE_CHECKING:
    from neuro_cnn.compare import Study
    from neuro_cnn.kept import Kept
    from neuro_cnn.runs import RunFolder


def compare(
    systems: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names such as lenet5 or softhebb:layers=2, TOML files, or run folders.", show_default=False
        ),
    ] = None,
    data: Annotated[str | None, typer.Option(help="Data set; see `neuro-cnn data list`. [default: digits]")] = None,
    train_size: Annotated[int | None, typer.Option(help="Learn from this many training images.")] = None,
    labels_per_class: Annotated[
        int | None, typer.Option(help="Show the teacher only this many labels a class.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Learning seeds 0 to K-1. [default: 1]")] = None,
    splits: Annotated[int | None, typer.Option(help="Splits 0 to K-1; 0 is the shipped one. [default: 1]")] = None,
    readout: Annotated[str | None, typer.Option(help="Read-out of unsupervised features: ridge or softmax.")] = None,
    shift: Annotated[str | None, typer.Option(help="Shifts to test, in pixels. [default: 1,2,3,4]")] = None,
    scale: Annotated[str | None, typer.Option(help="Enlargements to test, such as 0.8,1.2.")] = None,
    rotate: Annotated[str | None, typer.Option(help="Rotations to test, degrees counter-clockwise: 10,20.")] = None,
    bend: Annotated[str | None, typer.Option(help="Elastic bending to test, in pixels, such as 1,2.")] = None,
    noise: Annotated[str | None, typer.Option(help="Noise to test, standard deviations such as 0.1,0.2.")] = None,
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Option of the systems that have it.")
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=A,B,...",
            help="Option to vary, or labels_per_class, train_size or data: learn each system with each value.",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Systems learned at a time, each in a process.")] = 1,
    device: Annotated[str, typer.Option(help="Where to compute: auto, cpu or gpu.")] = "auto",
    out: Annotated[Path | None, typer.Option(help="Run folder to make. [default: runs/compare-TIME]")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an earlier run in --out.")] = False,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="Go on with an interrupted comparison.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train several systems on the same split and set them side by side.

    Each system that learns without a teacher stands beside its control: the same cells with random weights, or with
    views drawn at random where they would be silent. What is found is kept as soon as it is there; --resume goes on.

    Example: neuro-cnn compare hebbian-wta softhebb:layers=2 lenet5 --seeds 3 --shift 1,2
    """
    from neuro_cnn.backend import choose_device
    from neuro_cnn.compare import assignment
    from neuro_cnn.errors import UsageError

    deformed = {"shift": shift, "scale": scale, "rotate": rotate, "bend": bend, "noise": noise}
    given: dict[str, Any] = {
        "systems": systems or None,
        "data": data,
        "train_size": train_size,
        "labels_per_class": labels_per_class,
        "seeds": seeds,
        "splits": splits,
        **{kind: None if text is None else numbers(kind, text) for kind, text in deformed.items()},
        "options": dict(assignment(text) for text in options or []) | ({"readout": readout} if readout else {}) or None,
        "vary": dict(values(text) for text in vary or []) or None,
    }
    given = {key: value for key, value in given.items() if value is not None}
    if resume is None:
        again, study = None, asked(given)
    elif out is not None or overwrite:
        raise UsageError("--resume goes on in the folder of the run; leave out --out and --overwrite")
    else:
        again, study = gone_on(resume, given)
    if study.question:
        say(" ".join(study.question.split()))
    told = ["--device", device] * (device != "auto") + ["--jobs", str(jobs)] * (jobs > 1)
    folder, outcome = _conducted(study, choose_device(device), jobs, out, overwrite, again, told)
    if as_json:
        emit(outcome)
    else:
        show(outcome)
    say(f"report: {folder.path / 'report.html'}")


def _conducted(
    study: Study,
    device: str,
    jobs: int,
    out: Path | None,
    overwrite: bool,
    again: RunFolder | None = None,
    told: Sequence[str] = (),
) -> tuple[RunFolder, dict[str, Any]]:
    """The study carried out, in a folder of its own or in that of one which goes on `again`.

    Gives the folder and the object of its results.json. `told` are the words to repeat in the command that resumes.
    """
    from neuro_cnn import crossing
    from neuro_cnn.agreement import elsewhere
    from neuro_cnn.errors import WorkerError
    from neuro_cnn.kept import FINDINGS, Kept
    from neuro_cnn.results import results, write_folder
    from neuro_cnn.runs import MARK, RunFolder, new_path
    from neuro_cnn.spec import plain
    from neuro_cnn.study import load_splits, run_task, sources, tasks_of
    from neuro_cnn.units import threads_of

    experiments, runs = sources(study)
    loaded = load_splits(study)
    tasks = tasks_of(study, experiments, loaded)
    learned = [run_task(path, study, loaded[0]) for path in runs]
    if again is not None:
        before = Kept(again.path / FINDINGS)
        before.check_data(loaded) if study.path is not None else before.check(tasks, loaded)
    origin = {"device": device, "jobs": jobs, "threads": threads_of(jobs)}
    folder = again or RunFolder.create(out or new_path("compare"), overwrite, plain(study), 0, origin=origin)
    kept = Kept(folder.path / FINDINGS)
    try:
        with folder.told(resumed=again is not None):
            chosen = {} if study.path is None else _chosen(study, loaded, jobs, folder)
            tasks = tasks if study.path is None else crossing.tasks(study, chosen, loaded)
            kept.begin(tasks, loaded)
            for words in elsewhere(folder, device, [], threads_of(jobs)) if again else ():
                folder.log(words)
                say(words)
            tell_missing(folder, *(data.train.missing for data in loaded))
            findings = _findings(study, tasks, learned, loaded, device, jobs, folder, kept)
            outcome = results(study, loaded, findings, folder.read_json(MARK)["argv"])
            if study.path is not None:
                outcome["path"] = crossing.told(study, chosen, findings, loaded)
            write_folder(folder, outcome, findings, len(loaded[0].train.classes))
    except (SystemExit, OSError, WorkerError):
        say(f"stopped; go on with: {shlex.join(['neuro-cnn', 'compare', '--resume', str(folder.path), *told])}")
        raise
    return folder, outcome


def _chosen(study: Study, loaded: Sequence[Any], jobs: int, folder: RunFolder) -> dict[str, Any]:
    """The constants of every stop of a path, each told and kept as soon as it is chosen."""
    from neuro_cnn import crossing

    data = crossing.most(loaded)
    of = crossing.origin(study, data)
    known = crossing.known(folder.path, of)
    total = sum(stop.chosen for stop in crossing.way(study).stops())
    if total:
        say(f"choosing constants on training images, {len(known)} of {total} systems done")
    with stoppable() as stop, closing(crossing.choices(study, data, jobs, known)) as steps:
        while True:
            with stop.at_once(True):  # nothing is half done: a stop is chosen for or not
                step = next(steps, None)
            if step is None:
                return known
            name, found = step
            known[name] = found
            crossing.keep(folder.path, of, known)
            told = ", ".join(f"{key} {value:g}" for key, value in found.options.items())
            best = max(share for _, share in found.tried)
            words = f"[{len(known)}/{total}] {name}: {told}; {100 * best:.1f} % of held-out training images"
            folder.log(words)
            say(words)


def _findings(
    study: Study,
    tasks: list[Any],
    learned: list[Any],
    loaded: list[Any],
    device: str,
    jobs: int,
    folder: RunFolder,
    kept: Kept,
) -> list[Any]:
    """What every task and every run came to, each told and kept as soon as it is known."""
    from neuro_cnn.experiment import Epoch
    from neuro_cnn.study import run_finding
    from neuro_cnn.units import finished, in_order

    findings: list[Any] = []
    total, classes = len(tasks) + len(learned), len(loaded[0].train.classes)
    before = kept.count(tasks)
    folder.keep_metrics([])
    with bars() as drawn, stoppable() as stop:
        with closing(finished(tasks, loaded, study.deformed, device, jobs, kept)) as steps:
            while True:
                with stop.at_once(jobs > 1):
                    step = next(steps, None)
                if step is None:
                    break
                if before and not findings:
                    say(f"{before} of {total} were found before and are not learned anew")
                task, found = step
                if isinstance(found, Epoch):
                    drawn.show(task.label, found.progress)
                else:
                    drawn.hide()
                    findings.append((task, found))
                    _tell(folder, findings, total, classes, aloud=len(findings) > before)
                if stop.code is not None:
                    raise SystemExit(stop.code)
        findings = in_order(tasks, findings)
        for task, params in learned:
            findings.append((task, run_finding(task, params, study)))
            _tell(folder, findings, total, classes)
    folder.keep_metrics([_line(found) for _, found in findings])
    return findings


def _line(found: Any) -> dict[str, Any]:
    """What metrics.jsonl says of a finding."""
    return {"row": found.row, "history": found.history}


def _tell(folder: RunFolder, findings: list[Any], total: int, classes: int, aloud: bool = True) -> None:
    from neuro_cnn.results import like_chance

    task, found = findings[-1]
    text = (
        f"[{len(findings)}/{total}] {task.label}, seed {task.seed}, split {task.split}: "
        f"{100 * found.row['accuracy']:.1f} % ({found.row['train_seconds']:.1f} s)"
    )
    folder.metric(_line(found))
    if not aloud:
        return
    folder.log(text)
    say(text)
    if task.is_control and like_chance(found.row["accuracy"], classes):
        say("    the control answers like chance, so the gain over it is no measure of learning")
    for name, state in found.health.items():
        if found.row["learning"] != "none":
            say(f"    {state.line(name)}", Level.NORMAL if state.warnings else Level.VERBOSE)
