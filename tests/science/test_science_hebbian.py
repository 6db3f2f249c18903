"""What learning without a teacher reaches on real digits, layer upon layer, and that its layers are well."""

import pytest
from test_science_digits import summary

from neuro_cnn.compare import Study

PRESETS = ("hebbian-wta", "softhebb", "kmeans-features", "hpca", "autoencoder", "rbm")


# Half a minute: 400 digits, 16 planes, wide margins


@pytest.fixture(scope="module")
def few():
    return summary(Study(PRESETS, train_size=400, shift=(), options={"planes": 16, "layers": 2}))


@pytest.mark.parametrize("model", PRESETS)
def test_400_digits_teach_two_layers_that_are_no_worse_than_random_ones_and_in_use(few, model):
    row = few[model, False]
    assert row["accuracy_mean"] >= 0.88
    assert row["gain_mean"] >= -0.03
    assert row["dead_units"] < 0.2
    assert row["redundancy"] < 0.97


# Minutes: all 4,000 digits


@pytest.mark.slow
@pytest.mark.parametrize("model", PRESETS)
def test_fewer_than_1_of_20_planes_of_96_is_dead_and_filters_differ(model):
    options = {} if model == "hpca" else {"planes": 96}
    row = summary(Study((model,), shift=(), options=options))[model, False]
    assert row["dead_units"] < 0.05
    assert row["redundancy"] < 0.95
    assert row["accuracy_mean"] >= 0.955


@pytest.mark.slow
@pytest.mark.parametrize(("labels", "least"), [(None, 0.97), (10, 0.875)])
def test_two_layers_read_all_digits_and_do_with_ten_labels_a_class(labels, least):
    study = Study(("hebbian-wta:layers=2",), labels_per_class=labels, shift=())
    assert summary(study)["hebbian-wta", False]["accuracy_mean"] >= least
