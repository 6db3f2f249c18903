"""neuro-cnn sweep: one experiment with every combination of settings, on this machine or a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neuro_cnn.cli.console import emit, say, table
from neuro_cnn.cli.sweeping import Plan, Way, carried_out

ENGINES = ("loky", "dask")
FIRST = 20
"""Runs that are listed of very many (our choice)."""


def sweep(
    toml: Annotated[Path, typer.Argument(metavar="TOML", help="An experiment, and a table of what varies.")],
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time. [default: as many as cores, or as workers]")
    ] = None,
    engine: Annotated[
        str, typer.Option(help="With loky, processes on this machine; with dask: a cluster's workers.")
    ] = "loky",
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Dask's, such as tcp://host:8786.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the runs and how they stand; do nothing.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the sweep. [default: runs/sweep-NAME]")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try runs again that have failed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="More than 10,000 runs are meant.")] = False,
    device: Annotated[str, typer.Option(help="Where to compute: auto, cpu or gpu.")] = "auto",
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Option of the system, over the TOML's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line a run, then a summary.")] = False,
) -> None:
    """Train a system with every combination of the settings under [vary] in a TOML file, a run folder each.

    The same command again does what is left: finished runs are kept, interrupted ones go on. A sweep may grow: runs are
    known by what they learn. The first Ctrl-C lets running batches end, and saves.

    Example: neuro-cnn sweep experiments/sweep.toml --jobs 2 --out runs/rates
    """
    from neuro_cnn.compare import assignment
    from neuro_cnn.errors import UsageError, unknown
    from neuro_cnn.gather import check_folder, found_again, standing
    from neuro_cnn.sweep import MANY, check_planned, planned, read_sweep

    if engine not in ENGINES:
        raise unknown("engine", engine, ENGINES)
    if (engine == "dask") != (scheduler is not None):
        raise UsageError("--engine dask and --scheduler ADDRESS go together; start one with: dask scheduler")
    asked = read_sweep(toml, dict(assignment(text) for text in options or []))
    many = asked.count > MANY and not yes
    if many and not dry_run:
        raise UsageError(f"{toml} makes {asked.count:,} runs; say --yes where more than {MANY:,} are meant")
    out = out or Path("runs") / f"sweep-{toml.stem}"
    check_folder(out)
    runs = found_again(planned(asked, FIRST if many else None), out)
    plan = Plan(asked, runs, out, {run.name: standing(out / "runs" / run.name) for run in runs}, retry)
    check_planned(runs, {name: out / "runs" / name for name, each in plan.standings.items() if each.status != "new"})
    _tell_versions(plan)
    if dry_run:
        _list(plan, as_json)
        return
    how = _engine(engine, scheduler, jobs, device, len(plan.to_do))
    carried_out(plan, how, device, as_json)


def _tell_versions(plan: Plan) -> None:
    """Say it where finished runs were made by another version."""
    from neuro_cnn import __version__
    from neuro_cnn.gather import other_versions

    made = other_versions(plan.out, plan.standings)
    if made:
        others = f"{sum(made.values())} of {plan.count('done')} finished runs were made by neuro_cnn {', '.join(made)}"
        say(f"{others}, not {__version__}; another --out repeats them")


def _engine(name: str, scheduler: str | None, jobs: int | None, device: str, runs: int) -> Way:
    """The engine, refused before anything is written where it cannot be had."""
    from joblib import cpu_count

    from neuro_cnn.backend import choose_device
    from neuro_cnn.engines import Dask, Loky
    from neuro_cnn.environment import threads_wanted
    from neuro_cnn.errors import UsageError

    threads, cores = threads_wanted() or 1, cpu_count()
    if name == "dask":
        cluster = Dask(str(scheduler), jobs)
        if not cluster.free():  # refused where a worker has several threads
            say("no worker has joined the scheduler yet; waiting for one")
        return Way(cluster, name, threads)
    if jobs is None:
        jobs = 1 if choose_device(device) == "gpu" else max(cores // threads, 1)
    elif jobs > 1 and threads > 1 and jobs * threads > cores:
        few = f"use --jobs {max(cores // threads, 1)}"
        raise UsageError(f"--jobs {jobs} of {threads} threads each want {jobs * threads} cores, not {cores}; {few}")
    choose_device(device)  # refused where there is none
    return Way(Loky(max(min(jobs, runs), 1), threads), name, threads)


def _list(plan: Plan, as_json: bool) -> None:
    """The runs of a sweep and how they stand."""
    from neuro_cnn.sweep import short_names, text

    total, listed = plan.sweep.count, len(plan.runs)
    facts = {"runs": listed, "to_do": len(plan.to_do), "done": plan.count("done")}
    facts["failed"] = plan.count("failed")
    if listed < total:
        facts = {"runs": total, "listed": listed}
    if as_json:
        for run in plan.runs:
            emit({"run": run.name, "settings": run.settings, "status": plan.standings[run.name].status})
        emit({"sweep": str(plan.out), **facts})
        return
    short = short_names(tuple(plan.sweep.vary))
    rows = [[run.name, *map(text, run.settings.values()), plan.standings[run.name].status] for run in plan.runs]
    table(["run", *short.values(), "status"], rows)
    if listed < total:
        print(f"{total:,} runs in {plan.out}; only the first {listed} of them are listed without --yes")
        return
    print(f"{facts['runs']} runs in {plan.out}: {facts['done']} done, {facts['failed']} failed, {facts['to_do']} to do")
