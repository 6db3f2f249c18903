"""What LeNet-5 reaches, as it was in 1998 and as it is today, on images as they are and on moved ones."""

from pathlib import Path

import pytest

from neuro_cnn.compare import Study, summarize
from neuro_cnn.experiment import Epoch
from neuro_cnn.study import conduct, load_splits, sources, tasks_of

CLOTHES = Path("/usr/share/datasets/fashion-mnist")  # Debian's package dataset-fashion-mnist
MOVED = "augment=1,epochs=60"


def accuracies(*systems, **settings):
    """The mean accuracy of each system, by how it is written."""
    study = Study(systems, shift=(), **settings)
    splits = load_splits(study)
    steps = conduct(tasks_of(study, sources(study)[0], splits), splits, study.deformed, "cpu", 1)
    rows = summarize([step[1].row for step in steps if not isinstance(step, Epoch)])
    return {":".join(filter(None, (row["model"], row["variant"]))): row["accuracy_mean"] for row in rows}


def test_500_digits_are_enough_for_the_form_of_1998():
    assert accuracies("lenet5-1998", train_size=500)["lenet5-1998"] >= 0.8


@pytest.fixture(scope="module")
def digits():
    return accuracies("lenet5-1998", "lenet5", f"lenet5:{MOVED}", seeds=3)


@pytest.mark.slow
@pytest.mark.parametrize(("system", "least"), [("lenet5-1998", 0.95), ("lenet5", 0.962), (f"lenet5:{MOVED}", 0.975)])
def test_4000_digits_are_enough_for(digits, system, least):
    assert digits[system] >= least


@pytest.mark.slow
def test_planes_of_c3_that_see_one_plane_each_still_read_digits():
    found = accuracies("lenet5-1998:table=direct", "lenet5-1998")
    assert found["lenet5-1998:table=direct"] >= 0.93


@pytest.mark.slow
@pytest.mark.skipif(not CLOTHES.is_dir(), reason="needs all of Fashion-MNIST; apt-get install dataset-fashion-mnist")
def test_60000_clothes_are_enough_for_lenet5():
    system = "lenet5:augment=1,epochs=15"
    assert accuracies(system, data=f"idx:{CLOTHES}")[system] >= 0.905
