"""Local rules: how one layer learns from its own activity. `AnyRule` is the union that plain data is read into."""

from typing import TypeAlias

from neuro_cnn.rules.add_if_silent import AddIfSilent
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.competition import KWTA, Competition, HardWTA, SeedCells, SoftWTA
from neuro_cnn.rules.contrastive_divergence import Bernoulli, ContrastiveDivergence, Gaussian, Sparse, Visible
from neuro_cnn.rules.edges import Edges
from neuro_cnn.rules.fukushima import Fukushima1980
from neuro_cnn.rules.generative import Apart, Everywhere, FromChance, FromData, Initial, Views
from neuro_cnn.rules.hebbian import Hebbian
from neuro_cnn.rules.homeostasis import Conscience, Homeostasis, UnitNorm
from neuro_cnn.rules.imprint import Imprint
from neuro_cnn.rules.memorize import Memorize
from neuro_cnn.rules.name_cells import NameCells
from neuro_cnn.rules.plasticity import Hebb, Instar, Oja, Plasticity, SoftHebb
from neuro_cnn.rules.reconstruct import Code, LinearCode, LogisticCode, Reconstruct, RectifiedCode
from neuro_cnn.rules.references import LabelledWTA, LearnReferences
from neuro_cnn.rules.ridge import Ridge
from neuro_cnn.rules.standardize import Standardize
from neuro_cnn.rules.supervised_wta import SupervisedWTA
from neuro_cnn.rules.taught import Taught
from neuro_cnn.rules.winners import WinnerKillLoser, WinnerTakeAll

AnyRule: TypeAlias = (
    AddIfSilent
    | ContrastiveDivergence
    | Edges
    | Fukushima1980
    | Hebbian
    | Imprint
    | LabelledWTA
    | LearnReferences
    | Memorize
    | NameCells
    | Reconstruct
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
    "Apart",
    "Bernoulli",
    "Code",
    "Competition",
    "Conscience",
    "ContrastiveDivergence",
    "Edges",
    "Everywhere",
    "FromChance",
    "FromData",
    "Fukushima1980",
    "Gaussian",
    "HardWTA",
    "Hebb",
    "Hebbian",
    "Homeostasis",
    "Imprint",
    "Initial",
    "Instar",
    "LabelledWTA",
    "LearnReferences",
    "LinearCode",
    "LogisticCode",
    "Memorize",
    "NameCells",
    "Oja",
    "Plasticity",
    "Reconstruct",
    "RectifiedCode",
    "Ridge",
    "Rule",
    "SeedCells",
    "SoftHebb",
    "SoftWTA",
    "Sparse",
    "Standardize",
    "SupervisedWTA",
    "Taught",
    "UnitNorm",
    "Views",
    "Visible",
    "WinnerKillLoser",
    "WinnerTakeAll",
]
