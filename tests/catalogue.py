"""Which systems of the catalogue see digits, and what the others were made for."""

from neuro_cnn.models import CATALOGUE

OF_DIGITS = [name for name, kind in CATALOGUE.items() if not hasattr(kind, "for_images")]
"""Systems for images of any size, quick to learn from digits; the others were made for ImageNet."""


def images_of(name):
    """The shape of the images that a system was made for."""
    return getattr(CATALOGUE[name], "for_images", (1, 28, 28))
