"""neuro-cnn reproduce: whether a run comes out again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neuro_cnn.cli.console import bars, emit


def reproduce(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run or comparison.")],
    device: Annotated[
        str | None, typer.Option(help="Where to compute: auto, cpu or gpu. [default: where the run was computed]")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, help="How far figures may lie apart, or by which share, under other conditions.")
    ] = 0.01,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Repeat a run from its configuration alone, and say whether the figures agree; exit code 1 where they do not.

    Under the same conditions (versions, processor, threads, kernels, device) every figure and every bit of the weights
    must be the same; under others every figure within the tolerance. The run's folder is not touched.

    Example: neuro-cnn reproduce runs/lenet
    """
    from neuro_cnn.backend import choose_device
    from neuro_cnn.reproduce import check_reproduced
    from neuro_cnn.reproduce import reproduce as repeated
    from neuro_cnn.runs import RunFolder

    folder = RunFolder.open(run)
    where = choose_device(device or folder.read_json("env.json").get("device", "auto"))
    with bars() as drawn:
        found = repeated(folder, where, tolerance, lambda name, epoch: drawn.show(name, epoch.progress))
    if as_json:
        emit(found)
    else:
        _print(found)
    check_reproduced(found)


def _print(found: dict[str, Any]) -> None:
    from neuro_cnn.agreement import shown

    total, differing = found["compared"], len(found["differing"])
    if found["kind"] == "run":
        then, now = found["test_accuracy"].values()
        answers = "learned without labels" if now is None else f"test accuracy {_percent(then)}, again {_percent(now)}"
        print(answers)
        for which, weights in found["weights"].items():
            largest = weights["largest_difference"]
            apart = "of another shape" if largest is None else f"up to {largest:.2g} apart"
            print(f"{which} weights: {'the same to the last bit' if weights['identical'] else apart}")
    print(f"{total - differing} of {total} figures are the same")
    for each in found["conditions"]:
        print(f"other conditions: {each['key']} was {shown(each['then'])} and is {shown(each['now'])}")
    words = {
        "identical": "identical",
        "close": f"every figure is within {found['tolerance']:g} of what it was, under other conditions",
        "different": "not reproduced",
    }
    print(f"{found['run']}: {words[found['verdict']]}")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
