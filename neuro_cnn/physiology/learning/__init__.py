"""Layers as learners: health, responders, seeds, maps, and the step beside backpropagation's."""
