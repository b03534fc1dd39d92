"""Libraries that PyTorch may be built with and corelib is not: each module says so, as a PyTorch without it does."""
