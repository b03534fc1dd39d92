"""Public programs written for PyTorch, run unchanged: once by PyTorch, once by `python -m corelib.as_torch`, from the same seed."""
