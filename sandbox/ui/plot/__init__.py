"""The drawing toolkit: plots, their layers, axes, ranges and colours; it knows nothing of experiments."""
