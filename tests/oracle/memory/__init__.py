"""Where results lie: overlap, out=, strides, beside PyTorch."""
