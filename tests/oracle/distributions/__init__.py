"""corelib.distributions beside PyTorch's: every family, constraint, transform and divergence, with gradients and seeded samples."""
