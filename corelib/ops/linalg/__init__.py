"""Linear algebra: factorizations, systems, norms of matrices."""
