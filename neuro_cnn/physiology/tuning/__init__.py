"""How cells are tuned: protocols of gratings and bars, and how their curves are read."""
