"""What ran where, and the policy for what goes to the host.

Host fallbacks are always counted: each is slow and rare. Counting the calls of kernels and bodies would cost every call
something, so it happens only between `enable()` and `disable()`: `enable` puts a counting function in front of every
kernel in the table, and `disable` takes it away, so that the path of a call knows nothing of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from corelib.contract.forks import free_in_child
from corelib.contract.kernels import Kernel
from corelib.dispatcher.op import TABLE
from corelib.dispatcher.warned import is_warn_always_enabled, warn
from corelib.tensor.named import NamedTuple

PATHS = ("native", "pack", "body", "host")
POLICIES = ("error", "warn", "allow")

enabled = False
_policy = "warn"
_lock = free_in_child(threading.Lock())
_counts: dict[tuple[str, str, str], list[int]] = {}
_warned: set[tuple[str, str]] = set()


class FallbackWarning(UserWarning):
    """An op ran on the host because its device has neither a kernel nor a body for it."""


class FallbackError(NotImplementedError):
    """An op could run only on the host, which the policy "error" forbids."""


class Row(NamedTuple):
    """One line of the report. `device` is a device type; `path` is "native", "pack NAME" (a kernel pack's kernel), "body" or
    "host"; `nbytes` is what went between device and host, both ways."""

    op: str
    device: str
    path: str
    calls: int
    nbytes: int


class Report:
    """What ran, and where: `rows`, ordered by device, path and op. `str()` makes a table of it."""

    def __init__(self, rows: list[Row], complete: bool) -> None:
        self.rows = rows
        self.complete = complete

    def ops(self, path: str, device: str | None = None) -> list[str]:
        """The ops that took a path ("native", "pack NAME", "body" or "host"), on one device type or on all."""
        return sorted({r.op for r in self.rows if r.path == path and device in (None, r.device)})

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        lines = []
        if self.rows:
            cells = [("device", "path", "op", "calls", "bytes moved")]
            cells += [(r.device, r.path, r.op, str(r.calls), str(r.nbytes)) for r in self.rows]
            widths = [max(len(row[i]) for row in cells) for i in range(5)]
            for row in cells:
                left = [c.ljust(w) for c, w in zip(row[:3], widths, strict=False)]
                right = [c.rjust(w) for c, w in zip(row[3:], widths[3:], strict=True)]
                lines.append("  ".join(left + right))
        else:
            lines.append("Nothing to report.")
        if not self.complete:
            lines.append(
                "Only host fallbacks are counted; corelib.backends.set_report(True) counts kernels and bodies too."
            )
        return "\n".join(lines)

    __repr__ = __str__


def record(op: str, device: str, path: str, nbytes: int) -> None:
    """Count one call of an op on a device ("cuda:0" or "cuda"); `path` is one of `PATHS`."""
    key = (op, device.partition(":")[0], path)
    with _lock:
        count = _counts.get(key)
        if count is None:
            count = _counts[key] = [0, 0]
        count[0] += 1
        count[1] += nbytes


def report() -> Report:
    """What was counted since the start or the last `reset`."""
    with _lock:
        rows = [Row(*key, *count) for key, count in _counts.items()]
    return Report(sorted(rows, key=lambda r: (r.device, PATHS.index(r.path.partition(" ")[0]), r.op)), enabled)


def reset() -> None:
    """Set all counts to zero, and let each op and device warn of its fallback once more."""
    with _lock:
        _counts.clear()
        _warned.clear()


def get_policy() -> str:
    """The policy for host fallbacks: "error", "warn" or "allow"."""
    return _policy


def set_policy(policy: str) -> str:
    """Set the policy for host fallbacks and return the one before; ValueError for any but the three."""
    global _policy
    if policy not in POLICIES:
        raise ValueError(f"set_fallback(): policy must be one of {', '.join(map(repr, POLICIES))}, got {policy!r}")
    before, _policy = _policy, policy
    return before


def on_fallback(op: str, device: str, nbytes: int) -> None:
    """Apply the policy to an op that is about to run on the host; `nbytes` is the size of its inputs."""
    if _policy == "allow":
        return
    if _policy == "error":
        raise FallbackError(
            f"{op}(): device {device} has no kernel for it, and running it on the host ({nbytes} bytes to move there) "
            'is forbidden by corelib.backends.set_fallback("error"); "warn" or "allow" would let it'
        )
    with _lock:
        if (op, device) in _warned and not is_warn_always_enabled():
            return
        _warned.add((op, device))
    warn(
        f"{op}(): device {device} has no kernel for it, so it runs on the host; this call moves {nbytes} bytes there, "
        f"and the result back. This is said once for {op} on {device}. "
        'corelib.backends.set_fallback("allow") silences it, set_fallback("error") forbids it.',
        FallbackWarning,
    )


def enable() -> None:
    """Count kernels and bodies from now on, in all threads."""
    global enabled
    if not enabled:
        enabled = True
        _replace(counting)


def disable() -> None:
    """Count only host fallbacks from now on."""
    global enabled
    if enabled:
        enabled = False
        _replace(lambda op, device, kernel, pack: getattr(kernel, "_counted", kernel))


def path_of(pack: str) -> str:
    """The path of a kernel: of a pack, or with "" of the backend itself."""
    return f"pack {pack}" if pack else "native"


def counting(op: str, device_type: str, kernel: Kernel, pack: str = "") -> Kernel:
    """A function that runs a kernel and counts it, unless it passes to the next."""
    if hasattr(kernel, "_counted"):
        return kernel

    def counted(*args: object) -> Any:
        result = kernel(*args)
        if result is not NotImplemented:
            record(op, device_type, path_of(pack), 0)
        return result

    vars(counted)["_counted"] = kernel
    return counted


def _replace(change: Callable[[str, str, Kernel, str], Kernel]) -> None:
    for op in TABLE.values():
        for key, by_dtype in op.kernels.items():
            for dtype in list(by_dtype):  # the meta device's tables list nothing: there nothing is computed
                chain = op.chains.get((key.device_type, dtype))
                by_dtype[dtype] = change(op.name, key.device_type, by_dtype[dtype], chain[0][1] if chain else "")


def count_new() -> None:
    """Count the kernels that were installed just now too, where calls are counted."""
    if enabled:
        _replace(counting)
