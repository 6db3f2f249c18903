"""Checkpoints: whole, the same bytes for the same state, and refused in one line when they are not ours."""

import json

import numpy as np
import pytest
from learning_examples import PROBLEMS, bars
from safetensors import safe_open
from safetensors.numpy import save_file

import neuro_cnn as nc
from neuro_cnn.checkpoint import Checkpoint, load, save
from neuro_cnn.errors import DataError
from neuro_cnn.tree import leaves

DATA = bars()
NET, CURRICULUM = PROBLEMS["two layers of softhebb"]


def checkpoint(batches):
    """The checkpoint after so many batches."""
    progress = next(p for n, p in enumerate(nc.train(NET, CURRICULUM, DATA, seed=0), 1) if n == batches)
    return Checkpoint(NET, CURRICULUM, progress.state, DATA.shape, DATA.classes)


@pytest.fixture(scope="module")
def made():
    return checkpoint(2)


@pytest.fixture
def path(tmp_path, made):
    save(tmp_path / "it.safetensors", made)
    return tmp_path / "it.safetensors"


def contents(path):
    """The arrays by name, and what the metadata says."""
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["neuro_cnn"])  # noqa: SIM118


@pytest.mark.parametrize("name", PROBLEMS)
def test_wiring_curriculum_place_and_weights_read_back(name, tmp_path):
    net, curriculum = PROBLEMS[name]
    for progress in nc.train(net, curriculum, DATA, seed=0):
        save(tmp_path / "it", Checkpoint(net, curriculum, progress.state, DATA.shape, DATA.classes))
        kept = load(tmp_path / "it")
        assert kept[:2] == (net, curriculum)
        assert kept[3:] == (DATA.shape, DATA.classes)
        assert kept.state[2:] == tuple(progress.state)[2:]
        assert [name for name, _ in leaves(kept.state.params)] == [name for name, _ in leaves(progress.params)]
        for (_, a), (_, b) in zip(leaves(kept.state.params), leaves(progress.params), strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_same_state_gives_the_same_bytes_also_after_reading(tmp_path, made, path):
    save(tmp_path / "again", made)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
    kept = load(path)
    save(tmp_path / "third", kept._replace(state=kept.state._replace(learner=made.state.learner)))
    assert (tmp_path / "third").read_bytes() == path.read_bytes()


def test_arrays_are_named_by_layer_and_role(path):
    arrays, facts = contents(path)
    assert {"params.S1.weight", "params.R.kernel", "params.N2.mean", "params.out.bias"} <= set(arrays)
    assert {"learner.S1.step", "learner.S1.homeostasis.1.share"} <= set(arrays)
    assert facts["place"] == [0, 0, 2]
    assert facts["schema_version"] == 1


def test_weights_that_grew_read_back(tmp_path):
    net, curriculum = PROBLEMS["nearest neighbour"]
    *_, last = nc.train(net, curriculum, DATA, seed=0)
    save(tmp_path / "it", Checkpoint(net, curriculum, last.state, DATA.shape, DATA.classes))
    kept = load(tmp_path / "it").state.params["out"].fixed
    assert kept.templates.shape == (26, 36)
    np.testing.assert_array_equal(kept.labels, last.params["out"].fixed.labels)


def test_nothing_is_left_beside_the_file(path):
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def refused(path, message):
    with pytest.raises(DataError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused_with_the_remedy(tmp_path):
    refused(tmp_path / "none", "no such checkpoint; name a run folder that `neuro-cnn train` has made")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_a_truncated_file_is_refused(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path, "not a checkpoint of neuro_cnn, or damaged")


def test_a_damaged_header_is_refused(path):
    content = path.read_bytes()
    path.write_bytes(content[:8] + b"x" + content[9:])
    refused(path, "not a checkpoint of neuro_cnn, or damaged")


def test_a_folder_and_a_foreign_file_are_refused(tmp_path):
    refused(tmp_path, "not a checkpoint of neuro_cnn, or damaged")
    for name, metadata in (("bare", None), ("other", {"format": "pt"}), ("list", {"neuro_cnn": "[]"})):
        save_file({"weight": np.zeros(3, np.float32)}, tmp_path / name, metadata)
        refused(tmp_path / name, "not a checkpoint of neuro_cnn, or damaged")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, facts: arrays.pop("params.S2.weight"), "damaged.*S2.weight"),
        (lambda arrays, facts: facts.pop("network"), "damaged.*network"),
        (lambda arrays, facts: facts.update(schema_version=2), "written in format 2, but this version reads 1"),
        (lambda arrays, facts: facts["network"]["layers"][0][1].update(kind="eye"), r"damaged.*layers\.0"),
        (lambda arrays, facts: facts.update(in_shape=[3, 6, 6]), r"damaged.*weights of layer S1 do not fit"),
        (lambda arrays, facts: facts.update(place=None), "damaged"),
    ],
)
def test_a_file_that_does_not_hold_together_is_refused(path, change, message):
    arrays, facts = contents(path)
    change(arrays, facts)
    save_file(arrays, path, {"neuro_cnn": json.dumps(facts)})
    refused(path, message)


def test_a_state_that_does_not_fit_the_rule_is_refused(path):
    arrays, facts = contents(path)
    del arrays["learner.S1.step"]
    save_file(arrays, path, {"neuro_cnn": json.dumps(facts)})
    with pytest.raises(DataError, match=r"state of phase 'S1: hebbian' lacks 'S1\.step'; the file is damaged"):
        next(iter(nc.train(NET, CURRICULUM, DATA, seed=0, resume=load(path).state)))
