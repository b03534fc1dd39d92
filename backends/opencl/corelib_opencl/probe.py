"""Whether a processor's driver survives code with vectors: asked of another process, for a compiler that aborts takes its own with it.

The answer is kept on disk for each device, driver and version of corelib. CORELIB_OPENCL_STYLE ("loop" or "grid") forgoes the question.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import corelib
import platformdirs
from corelib_opencl.devices import Device

_COMMAND = (sys.executable, "-m", "corelib_opencl.probe")
_SECONDS = 120
_FROM_OUTSIDE = {getattr(signal, name, 0) for name in ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")}
"""What ends a process for reasons of others': memory that is used up, a logout, Ctrl-C."""


def style(device: Device, index: int) -> str:
    """How kernels are to be written for a device: "loop" for processors whose driver can do it, else "grid"."""
    chosen = os.environ.get("CORELIB_OPENCL_STYLE")
    if chosen:
        if chosen not in ("loop", "grid"):
            raise RuntimeError(f"CORELIB_OPENCL_STYLE must be 'loop' or 'grid', got {chosen!r}")
        return chosen
    if not device.processor:
        return "grid"
    path = Path(platformdirs.user_cache_dir("corelib")) / "opencl.json"
    driver = device.device
    name = f"{driver.platform.name} {driver.platform.version} {driver.name} {driver.driver_version} corelib {corelib.__version__}"
    known = _read(path)
    if name not in known:
        known[name], lasting = _asked(index)
        if lasting:
            _write(path, known)
    if known[name]:
        warnings.warn(
            f"{device.name} ({driver.driver_version}) does not survive code with vectors ({known[name]}); corelib uses slower code without "
            f"them. Delete {path} to ask again.",
            RuntimeWarning,
            stacklevel=2,
        )
    return "grid" if known[name] else "loop"


def _asked(index: int) -> tuple[str, bool]:
    """What went wrong in another process, empty where nothing did; and whether that says something about the driver."""
    environment = {**os.environ, "CORELIB_OPENCL_STYLE": "loop"}
    try:
        done = subprocess.run([*_COMMAND, str(index)], env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"it took more than {_SECONDS} s", True
    if done.returncode == 0:
        return "", True
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return f"the process ended with {done.returncode}: {last}", -done.returncode not in _FROM_OUTSIDE


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there yet, or broken: it is asked again
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, known: dict[str, str]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps(known, indent=1), encoding="utf-8")
        scratch.replace(path)  # whole, whoever writes at the same time
    except OSError:  # a home that cannot be written: the next process asks again
        return


def run(index: int) -> bool:
    """Do what has vectors in it, and say whether it was right."""
    place = f"opencl:{index}"
    corelib.manual_seed(0)
    x = corelib.randn(70, 70)
    kinds = [corelib.float32, corelib.float16]
    if corelib.device(place).runtime.backend.dtypes.get("float64") == "native":
        kinds.append(corelib.float64)
    right = True
    for kind in kinds:
        y = x.to(kind)
        made = corelib.softmax(corelib.nn.functional.gelu(y.to(place) @ y.to(place)).tanh(), 1).cpu()
        want = corelib.softmax(corelib.nn.functional.gelu(y @ y).tanh(), 1)
        right = right and bool((made - want).abs().max() < 1e-2)
    return right


if __name__ == "__main__":
    sys.exit(0 if run(int(sys.argv[1])) else "the numbers are wrong")
