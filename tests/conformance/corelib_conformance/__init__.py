"""Says whether a device of corelib can be trusted: `corelib conformance --device DEVICE`.

`check_device` does the same from Python, and `pytest --pyargs corelib_conformance --device DEVICE` from pytest.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["check_device"]


def __getattr__(name: str) -> Any:
    if name == "check_device":  # corelib is imported when it is needed: pytest loads this package in every run
        from corelib_conformance.run import check_device

        return check_device
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
