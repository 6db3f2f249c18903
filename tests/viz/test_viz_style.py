"""How figures become files: formats, equal bytes, ids that can share a page, independence of settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from neuro_cnn import viz
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.viz import style

WEIGHTS = np.random.default_rng(0).normal(size=(6, 1, 5, 5))


def figure():
    return viz.filters(WEIGHTS, title="S1", notes=["-->"])


@pytest.mark.parametrize(
    ("suffix", "start"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml"), (".PNG", b"\x89PNG")]
)
def test_the_suffix_chooses_the_format_and_a_figure_drawn_again_gives_the_same_bytes(tmp_path, suffix, start):
    paths = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    for path in paths:
        viz.save(figure(), path)
    first, second = (path.read_bytes() for path in paths)
    assert first.startswith(start)
    assert first == second


@pytest.mark.parametrize("name", ["fields.jpg", "fields"])
def test_another_suffix_is_refused_and_the_three_that_work_are_named(tmp_path, name):
    with pytest.raises(UsageError, match=rf"{name}.*\.png, \.pdf or \.svg"):
        viz.save(figure(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_bytes_do_not_depend_on_the_order_of_hashes_and_pyplot_stays_unloaded():
    program = """
import hashlib, pathlib, sys, tempfile
from neuro_cnn import viz
figure = viz.confusion([[3, 0], [1, 2]], ["a", "b"])
with tempfile.TemporaryDirectory() as folder:
    for name in ("figure.pdf", "figure.svg"):
        viz.save(figure, path := pathlib.Path(folder, name))
        print(hashlib.sha256(path.read_bytes()).hexdigest())
assert "matplotlib.pyplot" not in sys.modules
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    first, second = (
        subprocess.check_output([sys.executable, "-c", program], env=environment | {"PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    )
    assert first == second


def test_the_users_own_matplotlib_settings_change_nothing_and_are_left_alone():
    plain = viz.to_svg(figure())
    with mpl.rc_context({"axes.grid": True, "font.size": 20, "image.cmap": "jet", "svg.fonttype": "none"}):
        before = dict(mpl.rcParams)
        assert viz.to_svg(figure()) == plain
        assert dict(mpl.rcParams) == before


def test_an_inline_svg_is_one_element_without_network_addresses_in_its_links():
    svg = viz.to_svg(figure())
    assert svg.startswith("<svg")
    root = ElementTree.fromstring(svg)
    links = [value for each in root.iter() for key, value in each.attrib.items() if key.endswith("href")]
    assert links
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)


def test_ids_are_unique_every_reference_finds_one_and_two_figures_share_none():
    svgs = [viz.to_svg(figure()), viz.to_svg(viz.filters(-WEIGHTS, title="S1"))]
    ids = [re.findall(r'\bid="([^"]+)"', svg) for svg in svgs]
    for svg, names in zip(svgs, ids, strict=True):
        assert len(names) == len(set(names))
        assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg)) <= {
            pair for name in names for pair in ((name, ""), ("", name))
        }
    assert not set(ids[0]) & set(ids[1])


def test_the_first_35_systems_have_35_looks():
    assert len({tuple(style.look(index).values()) for index in range(35)}) == 35


@pytest.mark.parametrize("bad", [np.full((2, 1, 3, 3), np.nan), np.zeros((0, 1, 3, 3)), np.zeros((3, 3))])
def test_arrays_that_cannot_be_drawn_are_refused_by_name(bad):
    with pytest.raises(DataError, match="cannot draw weights"):
        viz.filters(bad, title="S1")
