"""Many elements to fewer: sums, norms, statistics, running sums, and comparisons of whole tensors."""
