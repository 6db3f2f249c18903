"""Cells beside macaque V1 and beside controls, and what they become in the world that they grow up in."""
