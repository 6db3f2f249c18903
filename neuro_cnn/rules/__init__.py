"""Local rules: how one layer learns from its own activity. `AnyRule` is the union that plain data is read into."""

from typing import TypeAlias

from neuro_cnn.rules.add_if_silent import AddIfSilent
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.competition import KWTA, Everyone, HardWTA, SoftWTA
from neuro_cnn.rules.contrastive_divergence import Bernoulli, ContrastiveDivergence, Gaussian, Sparse, Visible
from neuro_cnn.rules.delta import LMS, ErrorCorrection, MadalineI
from neuro_cnn.rules.divergence import check_norms
from neuro_cnn.rules.edges import Edges
from neuro_cnn.rules.fukushima import Fukushima1980
from neuro_cnn.rules.generative import Apart, Everywhere, FromChance, FromData, Initial, Views
from neuro_cnn.rules.hebbian import Competition, Hebbian
from neuro_cnn.rules.homeostasis import (
    AdaptiveThreshold,
    Conscience,
    EqualPower,
    Homeostasis,
    NormDependentRate,
    TrackedMoments,
    UnitNorm,
)
from neuro_cnn.rules.imprint import Imprint
from neuro_cnn.rules.kmeans import KMeans
from neuro_cnn.rules.lateral import AntiHebbian
from neuro_cnn.rules.memorize import Memorize
from neuro_cnn.rules.name_cells import NameCells
from neuro_cnn.rules.plasticity import BCM, Hebb, Instar, KrotovHopfield, Oja, Plasticity, Sanger, SoftHebb, Trace
from neuro_cnn.rules.reconstruct import Code, LinearCode, LogisticCode, Reconstruct, RectifiedCode
from neuro_cnn.rules.references import LabelledWTA, LearnReferences
from neuro_cnn.rules.ridge import Ridge
from neuro_cnn.rules.seed_cells import SeedCells
from neuro_cnn.rules.set_threshold import SetThreshold
from neuro_cnn.rules.sheet import Neighbourhood
from neuro_cnn.rules.spatial import PerImage, Surround
from neuro_cnn.rules.standardize import Standardize
from neuro_cnn.rules.supervised_wta import SupervisedWTA
from neuro_cnn.rules.taught import Taught
from neuro_cnn.rules.whiten import Centre, Whiten
from neuro_cnn.rules.winners import WinnerKillLoser, WinnerTakeAll

AnyRule: TypeAlias = (
    AddIfSilent
    | Centre
    | ContrastiveDivergence
    | Edges
    | ErrorCorrection
    | Fukushima1980
    | Hebbian
    | Imprint
    | KMeans
    | LMS
    | LabelledWTA
    | LearnReferences
    | MadalineI
    | Memorize
    | NameCells
    | Reconstruct
    | Ridge
    | SetThreshold
    | Standardize
    | SupervisedWTA
    | Whiten
    | WinnerKillLoser
    | WinnerTakeAll
    | Taught
)

__all__ = [
    "BCM",
    "KWTA",
    "LMS",
    "AdaptiveThreshold",
    "AddIfSilent",
    "AntiHebbian",
    "AnyRule",
    "Apart",
    "Bernoulli",
    "Centre",
    "Code",
    "Competition",
    "Conscience",
    "ContrastiveDivergence",
    "Edges",
    "EqualPower",
    "ErrorCorrection",
    "Everyone",
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
    "KMeans",
    "KrotovHopfield",
    "LabelledWTA",
    "LearnReferences",
    "LinearCode",
    "LogisticCode",
    "MadalineI",
    "Memorize",
    "NameCells",
    "Neighbourhood",
    "NormDependentRate",
    "Oja",
    "PerImage",
    "Plasticity",
    "Reconstruct",
    "RectifiedCode",
    "Ridge",
    "Rule",
    "Sanger",
    "SeedCells",
    "SetThreshold",
    "SoftHebb",
    "SoftWTA",
    "Sparse",
    "Standardize",
    "SupervisedWTA",
    "Surround",
    "Taught",
    "Trace",
    "TrackedMoments",
    "UnitNorm",
    "Views",
    "Visible",
    "Whiten",
    "WinnerKillLoser",
    "WinnerTakeAll",
    "check_norms",
]
