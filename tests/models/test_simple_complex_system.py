"""The system of simple and complex cells."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.models import build, control, learning
from neuro_cnn.physiology import Electrode
from neuro_cnn.training import train


def learned(images, **options):
    net, curriculum = build("simple-complex", images.shape, len(images.classes), **options)
    return net, [step.params for step in train(net, curriculum, images, seed=0)][-1]


@pytest.fixture(scope="module")
def natural():
    return load("natural:size=32,count=200").train


def test_of_images_without_labels_the_complex_cells_are_kept_and_the_read_out_is_not():
    net, curriculum = build("simple-complex", (1, 32, 32), 0, threshold=0.5)
    assert net.names == ("R", "N1", "S1", "T1", "C1", "P")
    assert [phase.layers for phase in curriculum] == [("N1",), ("S1",), ("T1",)]
    assert learning(curriculum) == "hebbian"


def test_its_control_keeps_thresholds_and_has_random_weights():
    curriculum = build("simple-complex", (1, 28, 28), 10, threshold=0.5)[1]
    assert [phase.layers for phase in control(curriculum)] == [("N1",), ("T1",), ("out",)]


def test_views_lie_within_the_image():
    for eye in ("olshausen-field", "retina"):
        rows = describe(build("simple-complex", (1, 28, 28), 10, eye=eye)[0], (1, 28, 28))
        facts = next(row for row in rows if row.name == "S1")
        last = [
            start + step * (side - 1)
            for start, step, side in zip(facts.start, facts.stride, facts.out_shape[1:], strict=True)
        ]
        assert min(facts.start) >= 0
        assert [at + reach for at, reach in zip(last, facts.receptive_field, strict=True)] == [28, 28]


@pytest.mark.parametrize(("size", "pool", "seen"), [(9, 5, 27), (11, 5, 29), (9, 7, 29), (11, 7, 31)])
def test_a_complex_cell_sees_what_its_eye_its_view_and_its_pool_reach_together(size, pool, seen):
    rows = describe(build("simple-complex", (1, 35, 35), 10, size=size, pool=pool)[0], (1, 35, 35))
    assert next(row for row in rows if row.name == "C1").receptive_field == (seen, seen)


def test_diffuse_light_drives_no_cell_of_the_whitening_eye(natural):
    net, params = learned(natural, planes=8)
    electrode = Electrode(net, params, (1, 32, 32), "S1")
    assert np.abs(electrode.respond(np.float32([-1, -0.2, 0.3, 1])[:, None, None] * np.ones((32, 32)))).max() < 1e-5
    assert np.abs(params["S1"].learned.weight.mean(axis=(1, 2, 3))).max() < 1e-6


def test_weights_on_the_retina_are_not_negative(natural):
    assert learned(natural, planes=8, eye="retina")[1]["S1"].learned.weight.min() >= 0


def test_a_complex_cell_of_both_polarities_cannot_tell_an_image_from_its_negative(natural):
    net, params = learned(natural, planes=8, polarities=2)
    noise = np.random.default_rng(0).normal(0, 0.3, (20, 32, 32)).astype(np.float32)
    simple, complex_ = (Electrode(net, params, (1, 32, 32), layer) for layer in ("T1", "C1"))
    assert (simple.planes, complex_.planes) == (16, 8)
    np.testing.assert_allclose(complex_.respond(noise), complex_.respond(-noise), atol=1e-4)
    assert np.abs(simple.respond(noise) - simple.respond(-noise)).max() > 0.5


def test_images_too_small_are_refused_with_the_least_that_would_do():
    with pytest.raises(UsageError, match=r"simple-complex cannot see images of 1 x 16 x 16.*at least 1 x 28 x 28"):
        build("simple-complex", (1, 16, 16), 10)
