"""Tensors to other dtypes, devices and libraries, and to text."""
