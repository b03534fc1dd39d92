"""Signals, images and volumes: convolution, pooling, padding, interpolation, sampling on grids."""
