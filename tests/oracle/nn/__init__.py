"""Modules and what works on them."""
