"""Which backends are installed, what they did, and what may run on the host in their place; and below it, a module a library or device, what
PyTorch's programs ask and set of the libraries that PyTorch is built with: corelib has none of them, and answers as a PyTorch without them.

>>> import corelib as torch
>>> torch.backends.available()[0]
'meta'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corelib.as_torch.finder import become as _become, paths_below as _paths_below
from corelib.backends._settings import Settings as _Settings, precision as _precision
from corelib.contract.backend import Backend as _Backend
from corelib.dispatcher import report as _report
from corelib.dispatcher.plugins import manager as _plugins, registration as _registration
from corelib.dispatcher.plugins.checks import BackendError as BackendError, BackendWarning as BackendWarning
from corelib.dispatcher.plugins.manager import BackendInfo as BackendInfo
from corelib.dispatcher.report import FallbackError as FallbackError, FallbackWarning as FallbackWarning

__all__ = [  # PyTorch's, which below it are modules; what is corelib's own has names of Python's
    "cpu", "cuda", "cudnn", "cusparselt", "kleidiai", "mha", "miopen", "mkl", "mkldnn", "mps", "nnpack", "openmp", "opt_einsum", "quantized",
    "xnnpack",
]

if TYPE_CHECKING:
    import builtins  # `list` here is a function of this module

fp32_precision: str


def list() -> builtins.list[BackendInfo]:
    """Every installed backend, `meta` first: device type, provider, version, availability, dtypes and devices.

    It loads them all, as `corelib backends` does. A backend that fails is listed with `available` False and its
    `reason`; nothing is raised for it.

    >>> import corelib as torch
    >>> [(b.device_type, b.provider, b.devices) for b in torch.backends.list()][0]
    ('meta', 'corelib', ['meta'])
    """
    return _plugins.describe()


def available() -> builtins.list[str]:
    """The device types that can be used here, `meta` first. It loads every installed backend."""
    return [info.device_type for info in list() if info.available]


def register(backend: _Backend) -> _registration.Registration:
    """Use a backend object for its device type in this process, without a plugin: for tests, and while one is written.

    What is returned takes it back, by `undo()` or as a context manager. `BackendError` for a device type that an
    installed package provides, and for whatever a plugin would be refused for.

    >>> import corelib as torch
    >>> from corelib.contract.meta import MetaBackend
    >>> class Paper(MetaBackend):
    ...     device_type = "paper"
    >>> with torch.backends.register(Paper()):
    ...     (torch.zeros(2, device="paper") + 1).shape
    torch.Size([2])
    """
    return _registration.register(backend)


def set_fallback(policy: str) -> str:
    """Say what happens to an op for which a device has neither a kernel nor a body, and which the host could run.

    "error": NotImplementedError. "warn", the default: it runs on the host, with one warning an op and device, which
    tells the bytes moved. "allow": it runs on the host. Returns the policy before; ValueError for any other.

    >>> import corelib as torch
    >>> before = torch.backends.set_fallback("error")
    >>> torch.backends.get_fallback(), torch.backends.set_fallback(before)
    ('error', 'error')
    """
    return _report.set_policy(policy)


def get_fallback() -> str:
    """The policy for host fallbacks: "error", "warn" or "allow"."""
    return _report.get_policy()


def set_report(enabled: bool) -> bool:
    """Count, or stop counting, the calls of kernels and bodies; returns whether they were counted before.

    Counting costs each call about a microsecond while it is on and nothing while it is off. Host fallbacks are always
    counted.
    """
    before = _report.enabled
    if enabled:
        _report.enable()
    else:
        _report.disable()
    return before


def report() -> _report.Report:
    """Which ops ran a kernel of their device ("native"), their body ("body"), or on the host ("host").

    Rows of (op, device type, path, calls, nbytes), where nbytes is what went between device and host; printed, a table.
    Kernels and bodies are counted while `set_report(True)`; the ops that a body calls have rows of their own.

    >>> import corelib as torch
    >>> _ = torch.backends.set_report(True), torch.backends.reset_report()
    >>> x = torch.ones(3) + 1
    >>> print(torch.backends.report())
    device  path    op    calls  bytes moved
    cpu     native  add       1            0
    cpu     native  fill      1            0
    >>> _ = torch.backends.set_report(False)
    """
    return _report.report()


def reset_report() -> None:
    """Set all counts to zero; each op and device will warn of its fallback once more."""
    _report.reset()


@_become(__name__)
class _Backends(_Settings):
    """`fp32_precision` is how exact float32 products may be in all libraries: "none" (each its own default), "ieee", "tf32" or "bf16"."""

    fp32_precision = _precision("generic", "all")


_paths_below(__name__)
