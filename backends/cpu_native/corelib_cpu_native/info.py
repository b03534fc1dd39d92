"""What `corelib info` says of this package: the compiler, the cache of compiled kernels, and the threads."""

from __future__ import annotations

import subprocess

from corelib_cpu_native import cache, pack, threads
from corelib_cpu_native.compilers import compiler, flags


def facts() -> dict[str, str]:
    """By name; where there can be no kernels, why not."""
    kept = cache.kept()
    size = sum(bytes_ for _, bytes_ in kept) + cache.zigs()
    found = {"cache": f"{cache.folder()}: {len(kept)} compiled texts, {size / 1e6:.1f} MB", "threads": str(threads.number())}
    reason = pack.unavailable()
    if reason:
        return {"not used": reason, **found}
    return {"compiler": " ".join(compiler().command), "its version": _version(), "flags for the processor": " ".join(f for f in flags() if f.startswith("-m")), **found}


def _version() -> str:
    try:
        done = subprocess.run([*compiler().command, "--version"], capture_output=True, text=True, errors="replace", timeout=30, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it does not say: {error}"
    return (done.stdout or done.stderr).strip().partition("\n")[0] or "it does not say"
