"""neuro-cnn responders, organisation and selectivity: how a network has organised itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_cnn.cli.console import emit, table
from neuro_cnn.cli.look import opened

if TYPE_CHECKING:
    from neuro_cnn.physiology import Mixture, Seed, Table

COUNTS = (1, 2, 3, 4)
"""Patterns that a cell is taught."""


def responders(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option(help="Figure to draw (.png, .pdf, .svg).")],
    layer: Annotated[str | None, typer.Option(help="Layer of the cells. [default: the deepest C-layer]")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bending and the noise.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Which deepest cell answers to each pattern, as it is, moved, deformed and noisy.

    Patterns are glyphs as they are drawn, of other data the first test image of each class.

    Example: neuro-cnn responders runs/letters --out responders.png
    """
    from neuro_cnn import viz
    from neuro_cnn.data.variants import AS_IT_IS, patterns, variants
    from neuro_cnn.physiology import Table, cell_names, deepest
    from neuro_cnn.physiology import responders as answering

    viz.drawable(out)
    saved, experiment = opened(run)
    net, params = saved.net, saved.state.params
    layer = layer or deepest(net)
    data = experiment.load()
    names, forms = patterns(data)[0], variants(data, seed)
    found = {name: answering(net, params, each, layer) for name, each in forms.items()}
    done = Table(layer, names, found[AS_IT_IS], {name: each for name, each in found.items() if name != AS_IT_IS})
    said = _sentence(done.summary())
    figure = viz.responder_table(
        names,
        forms,
        {name: each.winners for name, each in found.items()},
        {name: each.responding for name, each in found.items()},
        title=f"{experiment.name}: who answers in {layer}",
        detail=said,
    )
    viz.save(figure, out)
    rows = _rows(done, cell_names(net, params, net.shapes(params, saved.in_shape)[layer][0], saved.classes))
    if as_json:
        emit({"run": str(run), "layer": layer, "figure": str(out), "patterns": rows, "summary": done.summary()})
        return
    shares = list(done.same().values())
    cells = [
        [str(row["pattern"]), _cell(row), str(row["responding"]), *(f"{100 * share[i]:.0f}" for share in shares)]
        for i, row in enumerate(rows)
    ]
    title = f"{layer}: % of forms to which the same cell answers as to the pattern as it is"
    table(["pattern", "cell", "respond", *done.forms], cells, title, words=2)
    print(said)
    print(f"same cell: {', '.join(f'{name} {100 * share:.0f} %' for name, share in done.summary()['same'].items())}")
    print(f"drawn in {out}")


def _rows(done: Table, called: list[str | None]) -> list[dict[str, Any]]:
    """A dict a pattern: its cell, and who answers to its forms."""
    same, steady = done.same(), done.steady()
    return [
        {
            "pattern": name,
            "winner": int(winner),
            "class": called[winner] if winner >= 0 else None,
            "responding": int(done.clean.responding[row, 0]),
            "steady": bool(steady[row]),
            "transformations": {
                form: {
                    "winners": each.winners[row].tolist(),
                    "responding": each.responding[row].tolist(),
                    "same": float(same[form][row]),
                }
                for form, each in done.forms.items()
            },
        }
        for row, (name, winner) in enumerate(zip(done.patterns, done.winners, strict=True))
    ]


def _cell(row: dict[str, Any]) -> str:
    if row["winner"] < 0:
        return "silent"
    return f"{row['winner']}" if row["class"] is None else f"{row['winner']} ({row['class']})"


def _sentence(summary: dict[str, Any]) -> str:
    text = f"{summary['own']} of {summary['patterns']} patterns with a cell of their own"
    return f"{text}; {summary['responders']:.1f} responders a pattern"


def organisation(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option(help="Figure to draw (.png, .pdf, .svg).")],
    csv: Annotated[Path | None, typer.Option(help="Table to write: a line a seed cell.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Which cells were seeds at which presentation, as the network organised itself.

    The run is learned once more, and must end with the same weights.

    Example: neuro-cnn organisation runs/letters --out organisation.png --csv seeds.csv
    """
    from neuro_cnn import viz
    from neuro_cnn.files import write_text
    from neuro_cnn.physiology import seed_cells, trained

    viz.drawable(out)
    saved, experiment = opened(run)
    params, classes = saved.state.params, saved.classes
    training = experiment.parts(experiment.load())[0]
    seeds = seed_cells(saved.net, saved.curriculum, training, experiment.seed, params)
    shown = max(each.presentation for each in seeds)
    grown = trained(seeds, shown)
    planes = {layer: saved.net.shapes(params, saved.in_shape)[layer][0] for layer in grown}
    events = {layer: [(s.presentation, s.plane, s.label) for s in seeds if s.layer == layer] for layer in grown}
    figure = viz.organisation(events, grown, planes, classes, title=f"{experiment.name}: seed cells as it learned")
    viz.save(figure, out)
    if csv is not None:
        write_text(csv, _csv(seeds, classes))
    if as_json:
        facts = [{**each._asdict(), "class": classes[each.label]} for each in seeds]
        told = {layer: each.tolist() for layer, each in grown.items()}
        emit({"run": str(run), "figure": str(out), "presentations": shown, "seeds": facts, "planes_trained": told})
        return
    rows = []
    for layer, each in grown.items():
        last = int((each < each[-1]).sum()) + 1
        chosen = f"{len(events[layer]) / shown:.1f}"
        rows.append([layer, str(planes[layer]), str(each[-1]), str(last), chosen])
    title = f"{shown} presentations; drawn in {out}"
    table(["layer", "planes", "trained", "the last at presentation", "seeds a presentation"], rows, title)


def _csv(seeds: list[Seed], classes: tuple[str, ...]) -> str:
    lines = ["presentation,class,layer,plane,row,column"]
    for each in seeds:
        place = (each.presentation, classes[each.label], each.layer, each.plane, each.row, each.column)
        lines.append(",".join(map(str, place)))
    return "\n".join(lines) + "\n"


def selectivity(
    out: Annotated[Path, typer.Option(help="Figure to draw (.png, .pdf, .svg).")],
    r: Annotated[float, typer.Option(help="Selectivity of the S-cell.")] = 1.5,
    overlap: Annotated[float, typer.Option(help="Cosine of the patterns to each other, 0 to 1.")] = 0.5,
    q: Annotated[float, typer.Option(help="How much a presentation adds to the weights.")] = 16.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the patterns.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """From which cosine on an S-cell answers, after one pattern and after several.

    Example: neuro-cnn selectivity --r 1.5 --overlap 0.5 --out selectivity.png
    """
    from neuro_cnn import viz
    from neuro_cnn.physiology import mixture, thresholds

    viz.drawable(out)
    mixed = [mixture(count, overlap, r, q, seed) for count in COUNTS]
    single = {each: mixture(1, overlap, each, q, seed) for each in sorted({0.5, r, 4.0, 8.0})}
    curves = {count: thresholds(count, r, q, seed) for count in COUNTS}
    viz.save(viz.selectivity(single, mixed, curves, r=r, overlap=overlap), out)
    if as_json:
        settings = {"r": r, "overlap": overlap, "q": q, "seed": seed, "figure": str(out)}
        by_r = [{"r": each, "law": one.law, "measured": one.measured} for each, one in single.items()]
        points = [{"patterns": count, **point._asdict()} for count, curve in curves.items() for point in curve]
        emit({**settings, "mixtures": [_mixture(each) for each in mixed], "one_pattern": by_r, "thresholds": points})
        return
    rows = []
    for each in mixed:
        measured = "silent" if each.measured is None else f"{each.measured:.3f}"
        rows.append([str(each.patterns), f"{each.law:.3f}", measured, f"{each.own[:, 1].mean():.3f}"])
    title = f"r = {r:g}, overlap {overlap:g}: threshold on the cosine to the sum; drawn in {out}"
    table(["patterns", "by the law", "measured", "response to its own patterns"], rows, title)


def _mixture(each: Mixture) -> dict[str, Any]:
    return {
        "patterns": each.patterns,
        "law": each.law,
        "measured": each.measured,
        "cosines": each.cosines.tolist(),
        "response_to_sum": each.to_sum.tolist(),
        "response_to_one": each.to_one.tolist(),
        "own": [{"cosine": float(cosine), "response": float(response)} for cosine, response in each.own],
    }
