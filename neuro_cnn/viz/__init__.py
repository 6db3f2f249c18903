"""Pictures: plain arrays and dicts in, matplotlib Figures out; no windows and no global state."""

from neuro_cnn.viz.accuracy import accuracy_under
from neuro_cnn.viz.activity import responses
from neuro_cnn.viz.angles import angles
from neuro_cnn.viz.animation import aligned, animatable, frames, gif
from neuro_cnn.viz.contact import images
from neuro_cnn.viz.costs import costs
from neuro_cnn.viz.counts import confusion
from neuro_cnn.viz.curves import learning_curves
from neuro_cnn.viz.flips import flips
from neuro_cnn.viz.formation import formation
from neuro_cnn.viz.frontispiece import overview
from neuro_cnn.viz.health import health
from neuro_cnn.viz.hw62 import hw62
from neuro_cnn.viz.network_view import network_view
from neuro_cnn.viz.organisation import organisation
from neuro_cnn.viz.regions import regions
from neuro_cnn.viz.responders import responder_table
from neuro_cnn.viz.selectivity import selectivity
from neuro_cnn.viz.speed import speed
from neuro_cnn.viz.style import drawable, save, to_svg
from neuro_cnn.viz.topography import topography
from neuro_cnn.viz.vary import against_option
from neuro_cnn.viz.weights import filters

__all__ = [
    "accuracy_under",
    "against_option",
    "aligned",
    "angles",
    "animatable",
    "confusion",
    "costs",
    "drawable",
    "filters",
    "flips",
    "formation",
    "frames",
    "gif",
    "health",
    "hw62",
    "images",
    "learning_curves",
    "network_view",
    "organisation",
    "overview",
    "regions",
    "responder_table",
    "responses",
    "save",
    "selectivity",
    "speed",
    "to_svg",
    "topography",
]
