"""How receptive fields are mapped: by single pixels, spots, patches and noise."""
