"""Part "environment": what is here."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from importlib import metadata

from benchmarks.gpu.part import Part


def main() -> None:
    """Write what is here; wrong is what the other parts cannot do without."""
    part = Part()
    part.fact("python", sys.version.split()[0])
    part.fact("system", f"{platform.platform()}, {os.cpu_count()} processors")
    for name in ("numpy", "pluggy", "importlib_metadata", "ml_dtypes", "pytest", "scikit-learn", "torch"):
        try:
            part.fact(name, metadata.version(name))
        except metadata.PackageNotFoundError:
            part.fact(name, "not installed")
    part.fact("compute-sanitizer", shutil.which("compute-sanitizer") or "not found")
    part.attempt("CuPy", lambda: cupy_facts(part))
    part.attempt("corelib", lambda: corelib_facts(part))
    if importlib.util.find_spec("torch") is not None:
        part.attempt("PyTorch", lambda: torch_facts(part))


def cupy_facts(part: Part) -> None:
    """CuPy, its runtime and the driver."""
    import cupy  # type: ignore  # no types, and need not be installed

    part.fact("cupy", cupy.__version__)
    runtime = cupy.cuda.runtime
    for name in ("runtimeGetVersion", "driverGetVersion"):
        part.fact(name, runtime.__dict__[name]() if name in runtime.__dict__ else getattr(runtime, name, lambda: "not told")())
    part.fact("built for", "ROCm" if getattr(runtime, "is_hip", False) else "CUDA")


def corelib_facts(part: Part) -> None:
    """The device as corelib sees it."""
    import corelib

    part.fact("corelib", corelib.__version__)
    device = corelib.device(part.device)
    module = getattr(corelib, device.type)
    if not module.is_available():
        reasons = [f"{b.provider}: {b.reason}" for b in corelib.backends.list() if b.device_type == device.type]
        raise RuntimeError(f"no device of type {device.type!r}: {'; '.join(reasons) or 'no backend was found'}")
    part.fact("devices", module.device_count())
    for name, value in vars(module.get_device_properties(device)).items():
        part.fact(name, value)
    part.fact("free memory, total memory", module.mem_get_info(device))


def torch_facts(part: Part) -> None:
    """Whether PyTorch has a GPU to be compared on."""
    import torch

    part.fact("torch.cuda", torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU for PyTorch: the cases are measured without it")


if __name__ == "__main__":
    main()
