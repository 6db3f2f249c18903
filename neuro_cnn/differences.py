"""What one system has over another, and over its own control, paired over learning seeds and splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from neuro_cnn.settings import OF_DATA
from neuro_cnn.statistics import paired

FEW = 4
"""Systems that are compared each with each; of more, each with the first (our choice)."""
NAMES = ("model", "variant", "learning", "control")
Row: TypeAlias = Mapping[str, Any]


def differences(rows: Sequence[Row], vary: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Paired differences of accuracy: every system's gain over its control; then over each other, or over the first.

    A pair is two runs of one seed and split. Systems that learn from other data, or another number of images or
    labels, where those are varied, are not compared with each other, nor those without a common seed and split.
    """
    found = []
    for group in _alike(rows, vary):
        systems: dict[tuple[str, str, bool], list[Row]] = {}
        for row in group:
            systems.setdefault((row["model"], row["variant"], row["control"]), []).append(row)
        learned = [mine for key, mine in systems.items() if not key[2]]
        pairs = [(mine, systems.get((mine[0]["model"], mine[0]["variant"], True), [])) for mine in learned]
        several = learned if len(learned) <= FEW else learned[:1]
        pairs += [(ours, theirs) for place, theirs in enumerate(several) for ours in learned[place + 1 :]]
        found += [each for ours, theirs in pairs for each in _difference(ours, theirs)]
    return found


def _alike(rows: Sequence[Row], vary: Mapping[str, Sequence[Any]]) -> list[list[Row]]:
    """Rows by what is varied of their data."""
    keys = ["n_train" if key == "train_size" else key for key in OF_DATA if key in vary]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return list(groups.values())


def _difference(ours: Sequence[Row], theirs: Sequence[Row]) -> Iterator[dict[str, Any]]:
    other = {(row["seed"], row["split"]): row["accuracy"] for row in theirs}
    pairs = [(row["accuracy"], other[place]) for row in ours if (place := (row["seed"], row["split"])) in other]
    if pairs:
        found = paired([after for after, _ in pairs], [before for _, before in pairs])
        names = {key: ours[0][key] for key in NAMES}
        yield {**names, "against": {key: theirs[0][key] for key in NAMES}, **found._asdict()}
