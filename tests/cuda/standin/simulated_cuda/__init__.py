"""The machine behind the stand-in for CuPy: devices with memory of their own, streams as queues whose work is delayed, and what CUDA forbids.

Only for tests. `CORELIB_CUDA_STANDIN` has to be set, to nothing or to settings such as "seed=3,devices=2,memory=1G": without it the stand-in
refuses to be imported, so that it can never pass for a GPU.
"""

from __future__ import annotations

import os

SETTINGS = "CORELIB_CUDA_STANDIN"
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def settings() -> dict[str, int]:
    """What the environment asks for: seed, devices, memory (bytes a device), checked (0: kernels without the executor's checks)."""
    text = os.environ.get(SETTINGS)
    if text is None:
        raise ImportError(f"this cupy is a stand-in for tests, without a GPU: set {SETTINGS} to use it")
    found = {"seed": 0, "devices": 2, "memory": 2 << 30, "checked": 1}
    for part in text.split(","):
        name, given, value = part.partition("=")
        if not given and not name:
            continue
        if name not in found:
            raise ImportError(f"{SETTINGS}: unknown setting {name!r}; accepted are {', '.join(found)}")
        unit = _UNITS.get(value[-1:].upper())
        found[name] = int(value[:-1]) * unit if unit else int(value)
    return found
