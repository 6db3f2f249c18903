"""A sweep carried out: its folder, words on how it goes, and its end."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from uuid import uuid4

from neuro_cnn.cli.console import Level, bars, emit, say, stoppable, table

if TYPE_CHECKING:
    from pathlib import Path

    from neuro_cnn.engines import Engine
    from neuro_cnn.gather import Standing
    from neuro_cnn.sweep import Planned, Sweep
    from neuro_cnn.worker import Work


class Plan(NamedTuple):
    """A sweep, its runs, its folder, how each run stands by name, and whether failed ones are tried again."""

    sweep: Sweep
    runs: list[Planned]
    out: Path
    standings: dict[str, Standing]
    retry: bool

    @property
    def to_do(self) -> list[Planned]:
        """The runs that are to be carried out, or gone on with."""
        wanted = ("new", "interrupted", "failed") if self.retry else ("new", "interrupted")
        return [run for run in self.runs if self.standings[run.name].status in wanted]

    def count(self, *statuses: str) -> int:
        """How many runs stand so."""
        return sum(each.status in statuses for each in self.standings.values())

    def rows(self) -> list[dict[str, Any]]:
        """Every run's row of the results."""
        from neuro_cnn.gather import row

        return [row(run, self.standings[run.name]) for run in self.runs]


class Way(NamedTuple):
    """How a sweep is carried out: the engine, its name, and how many threads a run has."""

    engine: Engine
    name: str
    threads: int


def carried_out(plan: Plan, way: Way, device: str, as_json: bool) -> None:
    """The sweep carried out in its folder, its results gathered however it ends."""
    from neuro_cnn.engines import HaltedError
    from neuro_cnn.gather import results, write
    from neuro_cnn.locks import held
    from neuro_cnn.runs import now

    started, halted = time.perf_counter(), None
    with held(plan.out / "locks" / ".sweep", _in_use(plan.out)):
        for old in plan.out.glob("stop-*"):
            old.unlink()
        _keep(plan, way, "running", started=now())
        if "question" in plan.sweep.asked:
            say(plan.sweep.asked["question"])
        if as_json:
            to_do = {run.name for run in plan.to_do}
            for each in plan.rows():
                emit(each) if each["run"] not in to_do else None
        try:
            code = _conducted(plan, way, device, as_json)
        except HaltedError as error:
            halted, code = error, error.exit_code
        outcome, failed = results(plan.sweep, plan.rows()), plan.count("failed")
        status = "interrupted" if code else "failed" if failed else "done"
        code = code or int(failed > 0)
        figure = None
        with suppress(OSError) if halted else nullcontext():  # a full disk takes no last words
            figure = write(plan.out, plan.sweep, outcome)
            _keep(plan, way, status, stopped=now(), exit_code=code)
    if as_json:
        seconds = time.perf_counter() - started
        emit({"sweep": str(plan.out), "runs": len(plan.runs), **outcome["statuses"], "seconds": seconds})
    else:
        _print(plan, outcome)
    say(f"results: {plan.out / 'results.csv'}" + (f", drawn in {figure}" if figure else ""))
    if halted is not None:
        say(_go_on())
        raise halted
    _leave(plan, status, code)


def _keep(plan: Plan, way: Way, status: str, **facts: Any) -> None:
    """Say in sweep.json how the sweep stands."""
    from neuro_cnn.gather import SCHEMA, SWEEP
    from neuro_cnn.runs import RunFolder

    folder = RunFolder(plan.out)
    before = folder.read_json(SWEEP) if status != "running" else {}
    how = {"engine": way.name, "threads": way.threads, "argv": sys.argv[1:], "runs": len(plan.runs)}
    folder.write_json(SWEEP, {"schema_version": SCHEMA, **before, "status": status, **how, **facts})


def _in_use(out: Path) -> Callable[[str], NoReturn]:
    from neuro_cnn.errors import UsageError

    def taken(owner: str) -> NoReturn:
        raise UsageError(f"{out} is in use by another sweep, {owner}; wait until it has ended, or choose another --out")

    return taken


def _conducted(plan: Plan, way: Way, device: str, as_json: bool) -> int:
    """Carry out what is to do, telling of each run that ends: 0, or the exit code that a signal asked for."""
    from neuro_cnn.engines import conduct
    from neuro_cnn.gather import Standing, keep_failed, row, standing

    runs = {run.name: run for run in plan.runs}
    works = _works(plan, way, device)
    with bars() as drawn, stoppable() as stop:
        told = _Told(len(plan.runs), len(works), drawn.bar is not None)
        advance = drawn.counter(f"{plan.out.name}: runs", len(works))
        try:
            with closing(conduct(works, way.engine, lambda: stop.code)) as ends:
                for name, ended in ends:
                    path = plan.out / "runs" / name
                    if ended.status == "lost":
                        keep_failed(path, runs[name], str(ended.error))
                    if ended.status == "interrupted":
                        plan.standings[name] = standing(path)
                    else:  # another machine's drive may show run.json as it was a moment ago
                        status = "done" if ended.status == "done" else "failed"
                        plan.standings[name] = Standing(status, ended.result, ended.error)
                    emit(row(runs[name], plan.standings[name])) if as_json else None
                    if ended.status != "interrupted":
                        advance()
                        told(name, plan.standings[name])
        except SystemExit:  # the second signal
            say(_go_on())
            raise
        finally:
            works[0].stop.unlink(missing_ok=True) if works else None
    return stop.code or 0


def _works(plan: Plan, way: Way, device: str) -> list[Work]:
    """What the workers are given."""
    from neuro_cnn.worker import Work

    out, argv = plan.out.resolve(), tuple(sys.argv[1:])
    stop = out / f"stop-{uuid4().hex[:8]}"
    common = (out, device, way.threads, plan.retry, stop, argv)
    return [Work(run.name, run.experiment, *common) for run in plan.to_do]


class _Told:
    """A line for each run that has ended, with the time left; where a bar is drawn, for those that failed."""

    def __init__(self, runs: int, to_do: int, drawn: bool) -> None:
        self.runs, self.left, self.drawn = runs, to_do, drawn
        self.ended, self.started = 0, time.perf_counter()

    def __call__(self, name: str, found: Standing) -> None:
        self.ended, self.left = self.ended + 1, self.left - 1
        seconds = (time.perf_counter() - self.started) / self.ended * self.left
        if found.status == "failed":
            came_to = f"failed ({found.error})"
        else:
            right = found.result["test_accuracy"]
            answers = "learned without labels" if right is None else f"{100 * right:.1f} %"
            came_to = f"{answers} ({found.result['train_seconds']:.1f} s)"
        words = f"[{self.runs - self.left}/{self.runs}] {name.rpartition('-')[0]}: {came_to}"
        loud = found.status == "failed" or not self.drawn
        say(words + (f"; {_lasting(seconds)} left" if self.left else ""), Level.NORMAL if loud else Level.VERBOSE)


def _lasting(seconds: float) -> str:
    """A time in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _print(plan: Plan, outcome: dict[str, Any]) -> None:
    """The means over seeds and splits, in a table."""
    from neuro_cnn.sweep import short_names, text

    short = short_names(tuple(plan.sweep.vary))
    keys = [key for key in plan.sweep.vary if key not in ("seed", "split")]
    rows = []
    for each in outcome["summary"]:
        spread, seconds = each["accuracy_sd"], each["train_seconds_mean"]
        accuracy = _percent(each["accuracy_mean"]) + ("" if spread is None else f" ± {100 * spread:.1f}")
        reached = [f"{each['n']} of {each['runs']}", _percent(each["held_out_accuracy_mean"]), accuracy]
        values = [text(each["settings"][key]) for key in keys]
        rows.append([*values, *reached, "" if seconds is None else f"{seconds:.1f}"])
    columns = [*(short[key] for key in keys), "runs", "held out, %", "test, %", "train s"]
    used = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    table([columns[place] for place in used], [[row[place] for place in used] for row in rows], words=len(keys))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _go_on() -> str:
    return f"stopped; go on with: {shlex.join(['neuro-cnn', *sys.argv[1:]])}"


def _leave(plan: Plan, status: str, code: int) -> None:
    """Say what is left to do, and end with the exit code."""
    others = {path.name for path in plan.out.glob("runs/*")} - {run.name for run in plan.runs}
    if others:
        say(f"{len(others)} runs there are not of this sweep as it is now, and not in its results")
    if status == "interrupted":
        say(_go_on())
    elif code:
        again = shlex.join(["neuro-cnn", *sys.argv[1:], *([] if plan.retry else ["--retry"])])
        say(f"{plan.count('failed')} of {len(plan.runs)} runs failed; try them again with: {again}")
    if code:
        raise SystemExit(code)
