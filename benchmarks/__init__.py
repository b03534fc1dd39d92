"""How corelib's speed compares with PyTorch's; `python -m benchmarks` runs it and prints a table of ratios."""
