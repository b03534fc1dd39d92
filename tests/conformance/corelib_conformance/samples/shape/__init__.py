"""Tensors made, seen otherwise, indexed and joined."""
