"""Backends found, checked and loaded: one for each device type, on first use of a device of that type.

Two steps: discovery reads entry points and imports nothing; `load` imports one plugin, probes it, makes its backend and
checks what it got. Whatever a plugin does wrong ends in a `BackendError` that names its package, and concerns its own
device type only. A failure is not remembered, so the next use tries again.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from corelib.as_torch.finder import LOADING
from corelib.contract.backend import Backend
from corelib.contract.forks import free_in_child
from corelib.contract.kernels import KernelTable
from corelib.contract.meta import MetaBackend
from corelib.dispatcher.plugins.checks import (
    BackendError, NoDeviceError, check_backend, check_devices, checked_hooks, guarded, kernel_problem, missing_primitives, tell_missing, told,
)
from corelib.dispatcher.plugins.discovery import BACKENDS, INSTALL, KERNELS, Entry, discover, is_device_type, normalized
from corelib.dispatcher.plugins.loaded import REGISTERED
from corelib.dispatcher.plugins.packs import Pack, merge_packs
from corelib.tensor.device import DEVICE_TYPES
from corelib.version import __version__

if TYPE_CHECKING:  # start-up: only plugins need it
    import pluggy


class BackendInfo(NamedTuple):
    """One backend as `corelib backends` shows it; `reason` says why it is not available, or what is to be known of it."""

    device_type: str
    provider: str
    version: str
    available: bool
    reason: str
    dtypes: dict[str, str]
    devices: list[str]
    capabilities: dict[str, Any]
    missing: tuple[str, ...] = ()
    """The primitives that it lacks."""


_loaded: dict[str, Backend] = {}
_providers: dict[str, Entry] = {}
_packs: dict[str, list[Pack]] = {}
_lacking: dict[str, tuple[str, ...]] = {}
_remarks: dict[str, str] = {}  # what a plugin's probe says of a device type that can be used
_loading: set[tuple[str, int]] = set()  # with the thread that does it: in a forked child it may not exist
_locks: dict[str, threading.RLock] = {}


def entries() -> list[Entry]:
    """The well-formed claims to device types, of the packages installed now and of this process; imports no plugin."""
    return [*REGISTERED.values(), *[e for e in _discovered() if not e.problem]]


@DEVICE_TYPES.fill
def device_types() -> list[str]:
    """The device types that are claimed."""
    return [entry.device_type for entry in entries()]


def load(device_type: str) -> Backend:
    """The backend of a device type, loaded and checked on the first call. Safe in threads.

    BackendError where no installed package provides it, two do, or the one that does fails; KeyboardInterrupt passes.
    """
    found = _loaded.get(device_type)
    if found is not None:
        return found
    with LOADING, _locks.setdefault(device_type, free_in_child(threading.RLock())):  # in this order everywhere
        found = _loaded.get(device_type)
        if found is not None:
            return found
        mark = (device_type, threading.get_ident())
        if mark in _loading:  # the same thread again: the lock lets nobody else in
            raise BackendError(f"device {device_type!r}: its plugin uses the device while it is being loaded")
        _loading.add(mark)
        try:
            backend, entry = _load(device_type)
            _providers[device_type] = entry
            _loaded[device_type] = backend
        finally:
            _loading.discard(mark)
    return backend


def describe() -> list[BackendInfo]:
    """Every installed backend and what it offers, `meta` first; loads them all, and raises for none."""
    return [_meta(), *map(_describe, _discovered())]


def describe_packs() -> list[Pack]:
    """Every installed kernel pack; those of device types that were not loaded have not been tried."""
    tried = {(p.provider, p.name): p for packs in _packs.values() for p in packs}
    return [
        tried.get((e.provider, e.name))
        or Pack(e.device_type, e.provider, e.version, e.name, 0, 0, e.problem or "not loaded, as its device is not")
        for e in discover(KERNELS)
    ]


def choice_variable(device_type: str) -> str:
    """The environment variable that chooses among several providers of a device type."""
    return f"CORELIB_BACKEND_{device_type.upper()}"


def _load(device_type: str) -> tuple[Backend, Entry]:
    if not isinstance(device_type, str) or not is_device_type(device_type):
        raise BackendError(
            f"device type {device_type!r} is malformed: accepted are lower-case letters, digits and underscores, with "
            "a letter first"
        )
    entry = _choose(device_type, [e for e in entries() if e.device_type == device_type])
    try:
        return _open(entry), entry
    except BackendError as error:
        # The cause is what the plugin itself raised.
        raise BackendError(
            f"device {device_type!r}: its backend {entry.origin} is installed but unavailable: {error}", error.reason
        ) from error.__cause__


def _choose(device_type: str, claims: list[Entry]) -> Entry:
    """The claim that counts."""
    chosen = os.environ.get(choice_variable(device_type))
    if chosen:
        for entry in claims:
            if normalized(entry.provider) == normalized(chosen):
                return entry
        raise BackendError(
            f"device {device_type!r}: the environment variable {choice_variable(device_type)} chooses {chosen!r}, "
            f"which does not provide it; these do: {', '.join(e.provider for e in claims) or 'none that is installed'}"
        )
    if not claims:
        raise NoDeviceError(_missing(device_type))
    if len(claims) > 1:
        raise BackendError(
            f"device {device_type!r}: {len(claims)} installed packages provide it: "
            f"{', '.join(e.origin for e in claims)}. Uninstall all but one, or choose one with the environment "
            f"variable {choice_variable(device_type)}={claims[0].provider}"
        )
    return claims[0]


def _missing(device_type: str) -> str:
    installed = ", ".join(sorted({"meta", *(e.device_type for e in entries())}))
    broken = [e for e in _discovered() if e.problem and e.device_type in (device_type, "")]
    told = "" if device_type == "cpu" else f"Torch not compiled with {device_type.upper()} enabled: "
    text = f"{told}device {device_type!r}: no installed package provides it. "
    if device_type in INSTALL:
        text += f"Install one with: {INSTALL[device_type]} (device types installed here: {installed})"
    else:
        text += (
            f"Device types installed here: {installed}. A backend is a package with an entry point named "
            f"{device_type!r} in the group 'corelib.backends'"
        )
    for entry in broken:
        text += f". Not usable: {entry.origin}: {entry.problem}"
    return text


def _open(entry: Entry) -> Backend:
    """Import a plugin, probe it, make its backend and check all that core relies on."""
    hooks = checked_hooks(entry, "corelib_backend")
    _remarks[entry.device_type] = _probe(hooks)
    backend = check_backend(guarded("its hook corelib_backend", hooks.corelib_backend), entry)
    count = guarded("its function device_count", backend.device_count)
    if type(count) is not int or count < 0:
        raise BackendError(f"its function device_count must return a number of devices, got {count!r}")
    if count == 0:
        raise BackendError("it found no device of this type on this machine")
    check_devices(backend)
    own = guarded("its function kernels", backend.kernels)
    if not isinstance(own, KernelTable):
        raise BackendError(f"its function kernels must return a KernelTable, got {own!r}")
    problem = kernel_problem(own)
    if problem:
        raise BackendError(problem)
    table, _packs[entry.device_type], hearers = merge_packs(entry.device_type, own)
    # The runtime asks the backend for its kernels: from here on, the answer has those of the packs in it.
    _lacking[entry.device_type] = missing_primitives(backend, table)
    tell_missing(entry.device_type, _lacking[entry.device_type])
    whole: Any = backend
    whole.kernels = lambda: table
    if hearers:
        own_threads = backend.set_num_threads

        def set_num_threads(n: int) -> bool:
            for tell in hearers:
                tell(n)
            own_threads(n)
            return True

        whole.set_num_threads = set_num_threads
    return backend


def _probe(hooks: pluggy.HookRelay) -> str:
    """What a plugin's probe says of a device type that can be used; BackendError for another."""
    if not hooks.corelib_probe.get_hookimpls():
        return ""
    answer = guarded("its hook corelib_probe", hooks.corelib_probe)
    if not (
        isinstance(answer, tuple) and len(answer) == 2 and type(answer[0]) is bool and isinstance(answer[1], str)
    ):
        raise BackendError(f"its hook corelib_probe must return a corelib.backend.Probe, got {answer!r}")
    if not answer[0]:
        raise BackendError(answer[1] or "its hook corelib_probe says so, without a reason")
    return answer[1]


def _discovered() -> list[Entry]:
    return discover(BACKENDS)


def _meta() -> BackendInfo:
    backend = MetaBackend()
    return BackendInfo("meta", "corelib", __version__, True, "", dict(backend.dtypes), ["meta"], backend.capabilities())


def _describe(entry: Entry) -> BackendInfo:
    reason = entry.problem
    if not reason:
        try:
            backend = load(entry.device_type)
            provider = _providers[entry.device_type]
            if provider[:5] == entry[:5]:
                devices = [_device(backend, index) for index in range(guarded("its function device_count", backend.device_count))]
                return BackendInfo(
                    entry.device_type, entry.provider, entry.version, True, _remarks.get(entry.device_type, ""), dict(backend.dtypes), devices,
                    guarded("its function capabilities", backend.capabilities), _lacking.get(entry.device_type, ()),
                )  # fmt: skip
            reason = f"{choice_variable(entry.device_type)} chooses {provider.provider}"
        except BackendError as error:
            reason = error.reason
        except Exception as error:  # what it raises where no check of ours expects it
            reason = told(error)
    return BackendInfo(entry.device_type, entry.provider, entry.version, False, reason, {}, [], {})


def _device(backend: Backend, index: int) -> str:
    name = f"{backend.device_type}:{index}" if backend.indexed else backend.device_type
    try:
        called = guarded("device_name", lambda: backend.device_name(index))
    except BackendError as error:
        return f"{name} ({error})"
    return name if called == name else f"{name} ({called})"
