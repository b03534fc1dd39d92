"""Fourier transforms, spectra over time, and windows."""
