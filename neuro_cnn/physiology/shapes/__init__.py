"""The shape of fields: weights on what cells look at, and Gabor functions fitted to them."""
