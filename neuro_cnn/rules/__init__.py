"""Local rules: how one layer learns from its own activity. `AnyRule` is the union that plain data is read into."""

from typing import TypeAlias

from neuro_cnn.rules.add_if_silent import AddIfSilent
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.competition import KWTA, Competition, HardWTA, SeedCells, SoftWTA
from neuro_cnn.rules.edges import Edges
from neuro_cnn.rules.fukushima import Fukushima1980
from neuro_cnn.rules.hebbian import Hebbian
from neuro_cnn.rules.homeostasis import Conscience, Homeostasis, UnitNorm
from neuro_cnn.rules.imprint import Imprint
from neuro_cnn.rules.memorize import Memorize
from neuro_cnn.rules.name_cells import NameCells
from neuro_cnn.rules.plasticity import Hebb, Instar, Oja, Plasticity, SoftHebb
from neuro_cnn.rules.references import LabelledWTA, LearnReferences
from neuro_cnn.rules.ridge import Ridge
from neuro_cnn.rules.standardize import Standardize
from neuro_cnn.rules.supervised_wta import SupervisedWTA
from neuro_cnn.rules.taught import Taught
from neuro_cnn.rules.winners import WinnerKillLoser, WinnerTakeAll

AnyRule: TypeAlias = (
    AddIfSilent
    | Edges
    | Fukushima1980
    | Hebbian
    | Imprint
    | LabelledWTA
    | LearnReferences
    | Memorize
    | NameCells
    | Ridge
    | Standardize
    | SupervisedWTA
    | WinnerKillLoser
    | WinnerTakeAll
    | Taught
)

__all__ = [
    "KWTA",
    "AddIfSilent",
    "AnyRule",
    "Competition",
    "Conscience",
    "Edges",
    "Fukushima1980",
    "HardWTA",
    "Hebb",
    "Hebbian",
    "Homeostasis",
    "Imprint",
    "Instar",
    "LabelledWTA",
    "LearnReferences",
    "Memorize",
    "NameCells",
    "Oja",
    "Plasticity",
    "Ridge",
    "Rule",
    "SeedCells",
    "SoftHebb",
    "SoftWTA",
    "Standardize",
    "SupervisedWTA",
    "Taught",
    "UnitNorm",
    "WinnerKillLoser",
    "WinnerTakeAll",
]
