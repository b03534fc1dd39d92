"""The same elements seen otherwise: views, slices, joins and splits, permutations, diagonals, combinations."""
