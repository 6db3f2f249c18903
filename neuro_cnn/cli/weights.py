"""neuro-cnn weights: exchanging weights with PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neuro_cnn.cli.console import emit, say

app = typer.Typer(name="weights", help="Weights to and from PyTorch, as state dictionaries in safetensors files.")


@app.command("export")
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    file: Annotated[Path, typer.Argument(help="File to write (.safetensors).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a run's best weights for PyTorch: model.load_state_dict(safetensors.torch.load_file(FILE)).

    Example: neuro-cnn weights export runs/lenet lenet.safetensors
    """
    from neuro_cnn import exchange
    from neuro_cnn.cli.look import opened
    from neuro_cnn.errors import UsageError

    if file.suffix.lower() != ".safetensors":
        raise UsageError(f"cannot write weights into {str(file)!r}: let the name end in .safetensors")
    saved, experiment = opened(run)
    arrays = exchange.to_torch(saved.net, saved.state.params, experiment.model)
    exchange.save(file, arrays)
    result = {"path": str(file), "arrays": {name: list(array.shape) for name, array in arrays.items()}}
    if as_json:
        emit(result)
        return
    for name, array in arrays.items():
        print(f"{name}: {' x '.join(map(str, array.shape))}")


@app.command("import")
def take(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The system that the weights belong to.")],
    file: Annotated[Path, typer.Argument(help="What safetensors.torch.save_file(model.state_dict(), FILE) wrote.")],
    data: Annotated[str, typer.Option(help="Data set whose images and classes it knows.")] = "digits",
    out: Annotated[Path | None, typer.Option(help="Run folder to make. [default: runs/NAME-TIME]")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an earlier run in --out.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a run of PyTorch's weights, to be evaluated and looked at like one of our own.

    Example: neuro-cnn weights import lenet5 lenet.safetensors --out runs/taken
    """
    from neuro_cnn import checkpoint, exchange
    from neuro_cnn.cli.train import experiment_of
    from neuro_cnn.evaluate import accuracy
    from neuro_cnn.runs import RunFolder, new_path
    from neuro_cnn.spec import plain
    from neuro_cnn.training import State

    experiment = experiment_of(name, [], {"data": data, "hold_out": 0.0})
    known = experiment.load()
    shape, classes = known.train.shape, known.train.classes
    net, curriculum = experiment.build(shape, len(classes))
    params = exchange.from_torch(net, net.init(shape, None), exchange.load(file), experiment.model)
    folder = RunFolder.create(out or new_path(experiment.name), overwrite, plain(experiment), experiment.seed)
    with folder.told():
        folder.log(f"weights taken over from {file}")
        state = State(params, None, len(curriculum))
        for which in ("last", "best"):
            kept = checkpoint.Checkpoint(net, curriculum, state, shape, classes)
            checkpoint.save(folder.checkpoint(which), kept)
        result: dict[str, Any] = {"run": str(folder.path), "test_accuracy": accuracy(net, params, known.test)}
    if as_json:
        emit(result)
        return
    say(f"weights of {file}, as a run")
    print(f"test accuracy {100 * result['test_accuracy']:.1f} %")
    print(f"run folder: {folder.path}")
