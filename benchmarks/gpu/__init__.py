"""One command for a GPU: `python -m benchmarks.gpu`. docs/cuda.md says what it does and how to read its report."""
