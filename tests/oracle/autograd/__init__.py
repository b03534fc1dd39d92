"""Derivatives, hooks, modes and the graph that users see."""
