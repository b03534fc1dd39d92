"""Tensors from numbers, sequences, sizes and other tensors' shapes."""
