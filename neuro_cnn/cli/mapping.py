"""neuro-cnn fields --method reverse-correlation, spots and others: fields by what cells answer to, not by weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuro_cnn.cli.asked import Asked, Shown
from neuro_cnn.cli.console import progress

if TYPE_CHECKING:
    from neuro_cnn.physiology import Electrode


def mapped(asked: Asked) -> Shown:
    """The maps of the protocol of the method's name, of every plane's cell in the middle of the map."""
    from neuro_cnn import viz
    from neuro_cnn.physiology import PROTOCOLS, Preparation

    electrode = _electrode(asked)
    with progress(None, f"{asked.method}: recordings") as step:
        preparation = Preparation(electrode, step=step)
        findings = PROTOCOLS[asked.method](preparation)
        units = preparation.units
    record = findings.record(units)
    shown = record["shown"]
    planes: list[dict[str, Any]] = [
        {**row, "map": map_} for row, map_ in zip(record["units"], shown["maps"], strict=True)
    ]
    about = {key: record[key] for key in ("protocol", "measures", "summary", "stimuli")}
    about |= {"corner": shown["corner"], "quantity": shown["quantity"]}
    figure = viz.found(findings, f"{asked.experiment.name}, {asked.layer}: {asked.method}")
    return Shown(figure, planes, [f"{findings.title}: {findings.count()}.", *findings.notes], about=about)


def _electrode(asked: Asked) -> Electrode:
    """The electrode in the middle of the map. Raises UsageError where what the cells see leaves the image."""
    from neuro_cnn.errors import UsageError
    from neuro_cnn.physiology import Electrode

    saved = asked.saved
    electrode = Electrode(saved.net, saved.state.params, saved.in_shape, asked.layer)
    try:
        return electrode.whole()
    except UsageError as error:
        raise UsageError(f"{error}; `neuro-cnn probe` has --row, --column and --canvas for that") from None
