"""Each element by itself: arithmetic, comparisons, roots and exponentials, special functions, choices between two."""
