"""Stand-in for CuPy, only for tests; see cupy/__init__.py."""
