"""Says whether a device of corelib can be trusted: `pytest --pyargs corelib_conformance --device DEVICE`."""

__version__ = "0.1.0"
