"""Pictures: plain arrays and dicts in, matplotlib Figures out; no windows and no global state."""

from neuro_cnn.viz.accuracy import accuracy_under
from neuro_cnn.viz.activity import responses
from neuro_cnn.viz.angles import angles
from neuro_cnn.viz.animation import aligned, animatable, frames, gif
from neuro_cnn.viz.contact import images
from neuro_cnn.viz.costs import costs
from neuro_cnn.viz.counts import confusion
from neuro_cnn.viz.curves import learning_curves
from neuro_cnn.viz.explained import explained
from neuro_cnn.viz.flips import flips
from neuro_cnn.viz.formation import formation
from neuro_cnn.viz.found import found
from neuro_cnn.viz.frontispiece import overview
from neuro_cnn.viz.gabor import gabors
from neuro_cnn.viz.health import health
from neuro_cnn.viz.hw62 import hw62
from neuro_cnn.viz.invariance import invariance
from neuro_cnn.viz.lesions import lesions
from neuro_cnn.viz.maps import maps
from neuro_cnn.viz.nature import nature
from neuro_cnn.viz.network_view import network_view
from neuro_cnn.viz.organisation import organisation
from neuro_cnn.viz.path import path
from neuro_cnn.viz.picture_rows import picture_rows
from neuro_cnn.viz.regions import regions
from neuro_cnn.viz.responders import responder_table
from neuro_cnn.viz.selectivity import selectivity
from neuro_cnn.viz.similarity import similarity
from neuro_cnn.viz.speed import speed
from neuro_cnn.viz.style import drawable, save, to_svg
from neuro_cnn.viz.sweep import sweep
from neuro_cnn.viz.topography import topography
from neuro_cnn.viz.tuning import tuning
from neuro_cnn.viz.v1 import v1
from neuro_cnn.viz.vary import against_option
from neuro_cnn.viz.weights import filters
from neuro_cnn.viz.worksheet import worksheet

__all__ = [
    "accuracy_under",
    "against_option",
    "aligned",
    "angles",
    "animatable",
    "confusion",
    "costs",
    "drawable",
    "explained",
    "filters",
    "flips",
    "formation",
    "found",
    "frames",
    "gabors",
    "gif",
    "health",
    "hw62",
    "images",
    "invariance",
    "learning_curves",
    "lesions",
    "maps",
    "nature",
    "network_view",
    "organisation",
    "overview",
    "path",
    "picture_rows",
    "regions",
    "responder_table",
    "responses",
    "save",
    "selectivity",
    "similarity",
    "speed",
    "sweep",
    "to_svg",
    "topography",
    "tuning",
    "v1",
    "worksheet",
]
