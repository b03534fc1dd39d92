"""Reductions, orders and statistics."""
