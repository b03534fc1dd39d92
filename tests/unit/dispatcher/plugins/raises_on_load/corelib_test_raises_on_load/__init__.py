"""Backends that fail when they are made or first asked."""
