"""neuro-cnn fields: by every method, with its numbers, its figure and what it refuses."""

import csv

import numpy as np
import pytest
from command import call, refused

from neuro_cnn.cli import mapping, planes
from neuro_cnn.cli.fields import METHODS


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """A neocognitron of 1980 that has learned four letters."""
    folder = tmp_path_factory.mktemp("runs") / "letters"
    assert call("train", "neocognitron-1980", "--data", "glyphs:XYTZ,shift=1,count=6", "--out", folder).code == 0
    return folder


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """A CNN that has learned two colours."""
    where = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    images = rng.random((60, 16, 16, 3)) * np.where(labels, 1, 0.3)[:, None, None, None]
    shown = (255 * images).astype(np.uint8)
    np.savez(where / "c.npz", train_images=shown, train_labels=labels, test_images=shown, test_labels=labels)
    how = ("--data", f"npz:{where / 'c.npz'}", "--set", "epochs=1")
    assert call("train", "lenet5", *how, "--out", where / "run").code == 0
    return where / "run"


def fields(run, method, out, *words):
    explains = ("--image", 0) if "image" in METHODS[method].reads else ()
    return call("fields", run, "--method", method, *explains, "--out", out, *words)


QUICK = [
    ("letters", "backprojection"),
    ("letters", "subspace"),
    ("letters", "patches"),
    ("letters", "occlusion"),
    ("colours", "guided"),
]
CASES = [(network, method) for network in ("letters", "colours") for method in METHODS]


@pytest.mark.parametrize(
    ("network", "method"), [pytest.param(*case, marks=() if case in QUICK else pytest.mark.slow) for case in CASES]
)
def test_every_method_draws_a_layer_of_a_neocognitron_and_of_a_cnn_in_colour(method, network, request, tmp_path):
    run = request.getfixturevalue(network)
    low = METHODS[method].draw in (planes.weights, mapping.mapped)  # what deeper cells see leaves these images
    layer = "S1" if low else "C2" if network == "letters" else "S2"
    found = fields(run, method, tmp_path / "f.png", "--layer", layer, "--csv", tmp_path / "f.csv", "--json").json
    assert (found["method"], found["layer"]) == (method, layer)
    rows = found.get("cells") or found["planes"]
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    table = list(csv.DictReader((tmp_path / "f.csv").read_text(encoding="utf-8").splitlines()))
    assert len(table) == len(rows)
    if "response" in rows[0]:
        assert [float(row["response"]) for row in table] == [row["response"] for row in rows]


def test_maps_by_stimuli_have_the_numbers_of_the_protocol_and_the_map_of_every_plane(letters, tmp_path):
    how = ("--layer", "S1", "--csv", tmp_path / "f.csv", "--json")
    found = fields(letters, "subspace", tmp_path / "f.png", *how).json
    assert len(found["planes"]) == found["summary"]["of"] == 24
    top, left, bottom, right = found["stimuli"]["box"]
    assert found["corner"] == [top, left]
    for plane in found["planes"]:
        assert np.shape(plane["map"]) == (bottom - top, right - left)
        assert set(found["measures"]) < set(plane)
        assert (plane["flag"] == "ok") == (plane["reason"] == "")
    probed = call("probe", letters, "--layer", "S1", "--protocol", "subspace", "--out", tmp_path / "p", "--json").json
    assert [{k: v for k, v in plane.items() if k != "map"} for plane in found["planes"]] == probed["units"]
    table = list(csv.DictReader((tmp_path / "f.csv").read_text(encoding="utf-8").splitlines()))
    assert list(table[0]) == list(probed["units"][0])


@pytest.mark.parametrize(("method", "suffix"), [("patches", "pdf"), ("saliency", "svg")])
def test_figures_are_drawn_for_print_too(letters, method, suffix, tmp_path):
    assert fields(letters, method, tmp_path / f"f.{suffix}").code == 0
    assert (tmp_path / f"f.{suffix}").stat().st_size > 1000


def test_patches_tell_which_test_images_won_and_where(letters, tmp_path):
    found = fields(letters, "patches", tmp_path / "f.png", "--layer", "S2", "--json").json
    assert len(found["planes"]) == 24
    for plane in found["planes"]:
        assert plane["responses"] == sorted(plane["responses"], reverse=True)
        assert len(set(plane["images"])) == len(plane["images"]) <= 4  # test images
        assert plane["silent"] == (not plane["images"])
    awake = [plane for plane in found["planes"] if not plane["silent"]]
    best = max(awake, key=lambda plane: plane["responses"][0])
    cell = "/".join(map(str, ("S2", best["plane"], *best["places"][0])))
    how = ("--image", best["images"][0], "--cell", cell, "--out", tmp_path / "s.png", "--json")
    one = call("fields", letters, "--method", "saliency", *how).json["cells"]
    assert [each["cell"] for each in one] == [cell]
    assert one[0]["response"] == pytest.approx(best["responses"][0], rel=1e-4)


@pytest.mark.parametrize("method", ["saliency", "guided", "deconvnet"])
def test_maps_carry_the_check_with_weights_drawn_anew(letters, method, tmp_path):
    found = fields(letters, method, tmp_path / "f.png", "--layer", "C2", "--json").json
    steps = found["randomisation"]["steps"]
    assert [step["layer"] for step in steps] == ["S2", "S1"]
    notes = " ".join(found["notes"]).replace("\N{MINUS SIGN}", "-")
    assert "Sanity check (Adebayo et al. 2018): rank correlation" in notes
    assert f"S2 {steps[0]['alike']:.2f} ({steps[0]['signed']:.2f})" in notes
    assert all(set(cell["alike"]) == {"S2", "S1"} for cell in found["cells"])
    assert found["image"].startswith("test image 0, a ")
    assert ("Inhibition of S-cells, divisive or subtractive, is ignored" in notes) == (method == "deconvnet")


def test_a_preferred_stimulus_states_contrast_start_and_agreement(letters, tmp_path):
    how = ("--cell", "S1/5/8/8", "--contrast", 0.8, "--json")
    (cell,) = fields(letters, "preferred", tmp_path / "f.png", *how).json["cells"]
    assert cell["cell"] == "S1/5/8/8"
    assert cell["start"] in ("noise", "back-projection", "image")
    assert cell["contrast"] == pytest.approx(0.8, rel=0.05)
    assert len(cell["responses"]) == 5
    assert cell["response"] == pytest.approx(np.mean(cell["responses"]))
    assert -1 <= cell["agreement"] <= 1


def test_what_cannot_be_explained_is_refused(letters, colours, tmp_path):
    from PIL import Image

    out = ("--out", tmp_path / "f.png")
    told = refused(2, "fields", letters, "--method", "salience", *out)
    assert told.startswith("unknown method 'salience'; did you mean 'saliency'?")
    told = refused(2, "fields", letters, "--method", "saliency", *out)
    assert told == "--method saliency explains one image; name it, such as --image 0, the first test image"
    told = refused(2, "fields", letters, "--method", "patches", "--image", 0, *out)
    assert told == "--image says nothing to --method patches; it is for deconvnet, saliency, guided, occlusion"
    about = ("fields", letters, "--method", "saliency", "--image")
    assert "unknown layer 'S9'; did you mean" in refused(2, *about, 0, "--layer", "S9", *out)
    assert "plane 99 of layer S1, which has 0 to 23" in refused(2, *about, 0, "--cell", "S1/99/0/0", *out)
    assert "row 77 of layer S1, which has 0 to 15" in refused(2, *about, 0, "--cell", "S1/0/77/0", *out)
    assert refused(2, *about, 0, "--layer", "S2", "--cell", "S1/0/0/0", *out).endswith("leave out --layer")
    told = refused(2, *about, 0, "--cell", "S1/0/0/0", *out)
    assert told.startswith("cell S1/0/0/0 is silent at test image 0, a ")
    assert "name one that answers, such as S1/" in told
    assert "there are 4, numbered from 0" in refused(2, *about, 4, *out)
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "small.png")
    assert "is an image of (1, 9, 9), but the run sees (1, 16, 16)" in refused(2, *about, tmp_path / "small.png", *out)
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / "dark.png")
    told = refused(2, *about, tmp_path / "dark.png", *out)
    assert told == "all cells of S1 are silent at dark.png; choose another image or layer"
    told = refused(2, "fields", letters, "--method", "occlusion", "--image", 0, "--side", 9, *out)
    assert "squares of 9 pixels over the" in told
    told = refused(2, "fields", letters, "--method", "spots", "--cell", "S1/0/0/0", *out)
    assert told.startswith("--cell says nothing to --method spots; it is for ")
    told = refused(2, "fields", colours, "--method", "spots", "--layer", "out", *out)
    assert told.endswith("choose a layer below; `neuro-cnn probe` has --row, --column and --canvas for that")
    told = refused(2, "fields", letters, "--method", "preferred", "--contrast", 2, *out)
    assert told == "contrast 2 of a preferred stimulus; give more than 0, and 1 at most"
    told = refused(2, "fields", letters, "--method", "deconvnet", "--image", 0, "--layer", "out", *out)
    assert told.startswith("no linear path leads down through layer out")
    assert not (tmp_path / "f.png").exists()
