"""One run carried out in its folder, begun or gone on with, so that it ends with the same bits either way."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from neuro_cnn import checkpoint
from neuro_cnn.agreement import check_data, check_fits, check_same, check_settings, elsewhere, settings_of_data
from neuro_cnn.check import check, check_weights
from neuro_cnn.curriculum import Curriculum
from neuro_cnn.data import Data, Dataset, load
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.evaluate import accuracy
from neuro_cnn.experiment import Epoch, Experiment, at_home, check_unseen, layer_health, learn, unsupervised_layers
from neuro_cnn.network import Chain
from neuro_cnn.origin import digests
from neuro_cnn.runs import MARK, RunFolder
from neuro_cnn.spec import plain, read
from neuro_cnn.training import Progress, State

SAVED_EVERY = 60.0
"""Seconds of an epoch after which the state is saved, though the epoch has not ended (our choice)."""
SHARE = 50
"""Learning takes so many times as long as saving at least, where epochs are long (our choice)."""
MANY = 10
"""Classes that are told by name (our choice)."""

Watch = Callable[[Epoch], int | None]
Tell = Callable[[str], None]


class Job(NamedTuple):
    """What an experiment comes to: wiring, curriculum, data, and the images that are learned from and held out."""

    experiment: Experiment
    net: Chain
    curriculum: Curriculum
    data: Data
    training: Dataset
    held_out: Dataset | None

    @property
    def taught(self) -> bool:
        """Whether a teacher's labels are used, so that there are answers to be right."""
        return any(phase.method.supervised for phase in self.curriculum)


def run_one(
    experiment: Experiment,
    path: Path,
    *,
    device: str = "cpu",
    watch: Watch | None = None,
    tell: Tell | None = None,
    retry: bool = False,
) -> dict[str, Any]:
    """Carry one run out in its folder, whatever is there already: a finished run is not repeated, an interrupted one
    goes on, a new one begins.

    Returns the result that run.json keeps: test_accuracy, train_seconds, epochs. `watch` is called after every batch
    and may return an exit code to stop with: the state is saved and SystemExit raised. `tell` hears what is worth
    saying. A failed run raises the error that it ended with; with `retry` it goes on from its last checkpoint.
    Raises UsageError, naming the key, when the folder holds a run of another configuration; DataError where it was
    written in another format.
    """
    if not (Path(path) / MARK).is_file():
        return begin(experiment, path, device=device, watch=watch, tell=tell)
    folder = RunFolder.open(path)
    check_same(configured(folder), experiment, str(path))
    facts = folder.read_json(MARK)
    if facts.get("status") == "done" and "result" in facts:
        kept: dict[str, Any] = facts["result"]
        return kept
    if facts.get("status") == "failed" and not retry:
        raise UsageError(f"{path} has failed ({facts.get('error', 'nobody knows why')}); ask for it to be tried again")
    return _carried_out(job_of(experiment), folder, device, watch, tell, resumed=True)


def begin(
    experiment: Experiment,
    path: Path,
    *,
    overwrite: bool = False,
    device: str = "cpu",
    watch: Watch | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Carry a new run out in a new folder: its result. Raises UsageError when something is there and not to be
    replaced."""
    job = job_of(experiment)
    config = plain(experiment)
    begun = {"settings": settings_of_data(experiment)}
    origin = {"device": device, "data": data_of(job)}
    folder = RunFolder.create(path, overwrite, config, experiment.seed, begun, origin)
    return _carried_out(job, folder, device, watch, tell, resumed=False)


def configured(folder: RunFolder) -> Experiment:
    """The experiment of a run. Raises UsageError for a comparison, which is none."""
    config = folder.read_toml("config.toml")
    if "systems" in config:
        raise UsageError(f"{folder.path} is a comparison; name the folder of one run, as `neuro-cnn train` makes them")
    return read(Experiment, config, str(folder.path / "config.toml"))


def job_of(experiment: Experiment) -> Job:
    """The job of an experiment, checked before anything is written."""
    data = experiment.load()
    net, curriculum = experiment.build(data.train.shape, len(data.train.classes))
    curriculum = at_home(curriculum, data)
    training, held_out = experiment.parts(data)
    check(net, curriculum, training, held_out)
    check_unseen(curriculum, data)
    return Job(experiment, net, curriculum, data, training, held_out)


def told_missing(*missing: tuple[str, ...]) -> list[str]:
    """In words, which classes a teacher has no image of: what is answered wrongly then is not the system's fault."""
    words = []
    for names in filter(None, dict.fromkeys(missing)):
        more = f" and {len(names) - MANY} others" if len(names) > MANY else ""
        words.append(f"no training image is labelled {', '.join(names[:MANY])}{more}, so these cannot be learned")
    return words


def _carried_out(
    job: Job, folder: RunFolder, device: str, watch: Watch | None, tell: Tell | None, resumed: bool
) -> dict[str, Any]:
    """Learn, save and measure, telling run.json and log.txt how it went."""

    def say(text: str) -> None:
        folder.log(text)
        if tell is not None:
            tell(text)

    with folder.held():
        state, changed = _left_off(job, folder) if resumed else (None, [])  # before anything is written
        with folder.told(resumed):
            for text in elsewhere(folder, device, changed) if resumed else ():
                say(text)
            return _learned(job, folder, state, device, watch, say)


def _learned(
    job: Job, folder: RunFolder, state: State | None, device: str, watch: Watch | None, say: Tell
) -> dict[str, Any]:
    if job.held_out is not None:
        few = f"{len(job.held_out)} held out to choose the best weights"
        folder.log(f"{len(job.training)} images to learn from, {few}")
    for text in told_missing(job.training.missing) if job.taught else ():
        say(text)
    if state is None and folder.metrics():  # begun before, and nothing to go on from
        say(f"{folder.checkpoint('last')} is missing, so all is learned anew")
    lines = _Learner(job, folder, device, watch, say).learn(state)
    best = checkpoint.load(folder.checkpoint("best")).state.params
    for name in unsupervised_layers(job.net, job.curriculum):
        say(layer_health(job.net, job.curriculum, best, job.training.images, name).line(name))
    result = {
        "test_accuracy": accuracy(job.net, best, job.data.test) if job.taught else None,
        "train_seconds": sum(line["seconds"] for line in lines),
        "epochs": len(lines),
    }
    folder.status("running", result=result)  # before the last word: where that is done, so is this
    return result


def _left_off(job: Job, folder: RunFolder) -> tuple[State | None, list[tuple[str, Any, Any]]]:
    """Where the run left off, None when nothing was saved, and what was changed by hand since. Raises UsageError or
    DataError, naming it, when that does not fit what was learned."""
    where = str(folder.path / "config.toml")
    check_settings(folder, job.experiment, where)
    check_data(folder, data_of(job))
    last = folder.checkpoint("last")
    if not last.is_file():
        return None, []
    kept = checkpoint.load(last)
    return kept.state, check_fits(kept, job.net, job.curriculum, job.data.train, where)


def data_of(job: Job) -> dict[str, Any]:
    """What tells the data of a job, and other data that phases of it learn from, from all others."""
    others = sorted({phase.data for phase in job.curriculum if phase.data is not None})
    return {**digests(job.data), "also": {name: digests(load(name))["train_sha256"] for name in others}}


class _Learner:
    """The learning of a job, every epoch of it saved."""

    def __init__(self, job: Job, folder: RunFolder, device: str, watch: Watch | None, say: Tell) -> None:
        self.job, self.folder, self.device, self.watch, self.say = job, folder, device, watch, say
        self.saved, self.cost = time.monotonic(), 0.0

    def learn(self, state: State | None) -> list[dict[str, Any]]:
        """Learn from this state on: a line an epoch of the whole run. The weights are in the checkpoints."""
        job = self.job
        history = [] if state is None else _history(self.folder, state)
        self.folder.keep_metrics(history)
        steps = learn(
            job.net, job.curriculum, job.training, job.held_out, job.experiment.seed, self.device, state, history
        )
        while True:
            try:
                epoch = next(steps)
            except StopIteration as end:
                lines: list[dict[str, Any]] = end.value.history
                break
            except FloatingPointError as error:
                raise FloatingPointError(f"{error}; {self._last_good()}") from error
            state = epoch.progress.state
            self._keep(epoch)
        if job.held_out is None or not self.folder.checkpoint("best").is_file():
            self._save("best", state)
        return lines

    def _keep(self, epoch: Epoch) -> None:
        progress = epoch.progress
        if epoch.line is not None:
            self.folder.metric(epoch.line)
            self.folder.log(_told(epoch.line))
            self._tell_early_stop(progress)
            if epoch.best:
                self._save("best", progress.state)
            self._save("last", progress.state)  # last of all: a run that dies before it repeats the epoch
        code = None if self.watch is None else self.watch(epoch)
        due = time.monotonic() - self.saved > max(SAVED_EVERY, SHARE * self.cost)
        if epoch.line is None and (code is not None or due):
            # within an epoch weights may have run away since they were last looked at
            check_weights(self.job.net, self.job.curriculum[progress.phase], progress.params, progress.epoch)
            self._save("last", progress.state)
        if code is not None:
            raise SystemExit(code)

    def _save(self, which: str, state: Any) -> None:
        shown = self.job.data.train
        kept = checkpoint.Checkpoint(self.job.net, self.job.curriculum, state, shown.shape, shown.classes)
        started = time.perf_counter()
        checkpoint.save(self.folder.checkpoint(which), kept)
        self.saved, self.cost = time.monotonic(), time.perf_counter() - started

    def _last_good(self) -> str:
        """Where the last good weights are, in words; where nothing chooses the best, these are."""
        last = self.folder.checkpoint("last")
        if not last.is_file():
            return "no epoch had ended, so none are kept"
        good = checkpoint.load(last)
        if self.job.held_out is None and good.state.phase == len(self.job.curriculum) - 1:
            checkpoint.save(self.folder.checkpoint("best"), good)
        return f"the last good weights are in {last}"

    def _tell_early_stop(self, progress: Progress) -> None:
        if progress.phase_ended and progress.epoch + 1 < progress.epochs:
            self.say(f"{progress.label}: out of patience after epoch {progress.epoch + 1} of {progress.epochs}")


def _history(folder: RunFolder, state: State) -> list[dict[str, Any]]:
    """The lines of the epochs before this state. Raises DataError when one is missing: the best is told by them."""
    lines = [line for line in folder.metrics() if (line["phase"], line["epoch"]) < (state.phase, state.epoch)]
    places = [(line["phase"], line["epoch"]) for line in lines]
    counts = {phase: sum(place[0] == phase for place in places) for phase in range(state.phase + 1)}
    whole = [(phase, epoch) for phase, count in counts.items() for epoch in range(count)]
    if places != whole or counts[state.phase] != state.epoch or not all(counts[phase] for phase in range(state.phase)):
        raise DataError(f"{folder.path / 'metrics.jsonl'}: lacks epochs that were learned; train again")
    return lines


def _told(line: dict[str, Any]) -> str:
    measures = {key: value for key, value in line.items() if key not in ("phase", "label", "epoch", "seconds")}
    words = ", ".join(f"{key} {value:.4g}" for key, value in measures.items())
    return f"{line['label']}, epoch {line['epoch'] + 1}: {words} ({line['seconds']:.1f} s)"
