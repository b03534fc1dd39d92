"""Backends found, checked and loaded: one for each device type, on first use of a device of that type.

Two steps: discovery reads entry points and imports nothing; `load` imports one plugin, probes it, makes its backend and
checks what it got. Whatever a plugin does wrong ends in a `BackendError` that names its package, and concerns its own
device type only. A failure is not remembered, so the next use tries again.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from corelib.dispatcher.discovery import INSTALL, Entry, discover, is_device_type, normalized

if TYPE_CHECKING:
    from corelib.backend.base import Backend, KernelTable
    from corelib.dispatcher.packs import Pack


class BackendError(RuntimeError):
    """A device type cannot be used: nobody provides it, or its plugin does not work. The message says what to do.

    `reason` is the part of the message that a table with the device type and the package beside it needs.
    """

    def __init__(self, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason or message


class BackendInfo(NamedTuple):
    """One backend as `corelib backends` shows it; `reason` says why it is not available."""

    device_type: str
    provider: str
    version: str
    available: bool
    reason: str
    dtypes: dict[str, str]
    devices: list[str]
    capabilities: dict[str, Any]


_loaded: dict[str, Backend] = {}
_providers: dict[str, Entry] = {}
_packs: dict[str, list[Pack]] = {}
_loading: set[str] = set()
_locks: dict[str, threading.RLock] = {}


def entries() -> list[Entry]:
    """The well-formed claims to device types, of the packages installed now and of this process; imports no plugin."""
    from corelib.dispatcher.registration import REGISTERED

    return [*REGISTERED.values(), *[e for e in _discovered() if not e.problem]]


def load(device_type: str) -> Backend:
    """The backend of a device type, loaded and checked on the first call. Safe in threads.

    BackendError where no installed package provides it, two do, or the one that does fails; KeyboardInterrupt passes.
    """
    found = _loaded.get(device_type)
    if found is not None:
        return found
    with _locks.setdefault(device_type, threading.RLock()):
        found = _loaded.get(device_type)
        if found is not None:
            return found
        if device_type in _loading:  # the same thread again: the lock lets nobody else in
            raise BackendError(f"device {device_type!r}: its plugin uses the device while it is being loaded")
        _loading.add(device_type)
        try:
            backend, entry = _load(device_type)
            _providers[device_type] = entry
            _loaded[device_type] = backend
        finally:
            _loading.discard(device_type)
    return backend


def describe() -> list[BackendInfo]:
    """Every installed backend and what it offers, `meta` first; loads them all, and raises for none."""
    return [_meta(), *map(_describe, _discovered())]


def describe_packs() -> list[Pack]:
    """Every installed kernel pack; those of device types that were not loaded have not been tried."""
    from corelib.dispatcher.hookspecs import KERNELS
    from corelib.dispatcher.packs import Pack

    tried = {(p.provider, p.name): p for packs in _packs.values() for p in packs}
    return [
        tried.get((e.provider, e.name))
        or Pack(e.device_type, e.provider, e.version, e.name, 0, 0, e.problem or "not loaded, as its device is not")
        for e in discover(KERNELS)
    ]


def checked_hooks(entry: Entry, required: str) -> Any:
    """The hooks of one plugin, imported and checked against the specifications; BackendError for what is wrong.

    Each plugin has a manager of its own, so that one with faulty hooks cannot disturb another.
    """
    import pluggy

    from corelib.dispatcher import hookspecs

    try:
        module = entry.point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        raise BackendError(f"its module {entry.value!r} cannot be imported: {told(error)}") from error
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module, name=entry.value)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise BackendError(f"the hooks of its module {entry.value!r} are not valid: {told(error)}") from error
    if not getattr(manager.hook, required).get_hookimpls():
        unmarked = callable(getattr(module, required, None))
        raise BackendError(
            f"its module {entry.value!r} has a function {required}, but not marked as a hook: write @hookimpl above it "
            "(from corelib.backend import hookimpl)"
            if unmarked
            else f"its module {entry.value!r} has no hook {required} (corelib.dispatcher.hookspecs describes the hooks)"
        )
    return manager.hook


def api_problem(api_version: Any, entry: Entry) -> str:
    """Why a plugin of this API version cannot be used, or ""."""
    from corelib.backend.base import API_VERSION

    if not (
        isinstance(api_version, tuple) and len(api_version) == 2 and all(type(part) is int for part in api_version)
    ):
        return f"api_version must be two ints such as {API_VERSION}, got {api_version!r}"
    if api_version[0] == API_VERSION[0] and api_version[1] <= API_VERSION[1]:
        return ""
    from corelib import __version__

    theirs, ours = (".".join(map(str, v)) for v in (api_version, API_VERSION))
    said = f"it was written for plugin API {theirs}, and corelib {__version__} has plugin API {ours}"
    if api_version > API_VERSION:
        advice = f"install a corelib with plugin API {theirs} (pip install --upgrade corelib)"
        if api_version[0] == API_VERSION[0]:
            return f"{said}; {advice}"
        return f"{said}; {advice}, or a release of {entry.provider} for plugin API {API_VERSION[0]}"
    return (
        f"{said}; install a release of {entry.provider} for plugin API {API_VERSION[0]} "
        f"(pip install --upgrade {entry.provider}), or a corelib with plugin API {api_version[0]}"
    )


def kernel_problem(table: KernelTable) -> str:
    """What is wrong with a table of kernels, or ""."""
    from corelib import ops  # noqa: F401  (the ops declare themselves when imported)
    from corelib.dispatcher.op import TABLE

    unknown = sorted(set(table.table) - set(TABLE))
    if unknown:
        names = ", ".join(map(repr, unknown))
        return f"it has kernels for no op of corelib: {names}; a kernel has exactly its op's name"
    return ""


def told(error: BaseException) -> str:
    """An exception in one line: its type and what it says."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


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
        raise BackendError(_missing(device_type))
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
    text = f"device {device_type!r}: no installed package provides it. "
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
    _probe(hooks)
    backend = _guarded("its hook corelib_backend", hooks.corelib_backend)
    _check(backend, entry)
    count = _guarded("its function device_count", backend.device_count)
    if type(count) is not int or count < 0:
        raise BackendError(f"its function device_count must return a number of devices, got {count!r}")
    if count == 0:
        raise BackendError("it found no device of this type on this machine")
    own = _guarded("its function kernels", backend.kernels)
    from corelib.backend.base import KernelTable

    if not isinstance(own, KernelTable):
        raise BackendError(f"its function kernels must return a KernelTable, got {own!r}")
    problem = kernel_problem(own)
    if problem:
        raise BackendError(problem)
    from corelib.dispatcher import report
    from corelib.dispatcher.packs import merge_packs

    table, _packs[entry.device_type] = merge_packs(entry.device_type, own)
    # The runtime asks the backend for its kernels: from here on, the answer has those of the packs in it.
    backend.kernels = lambda: report.counted_table(table, entry.device_type) if report.enabled else table
    return backend  # type: ignore[no-any-return]


def _guarded(what: str, function: Any) -> Any:
    """What a plugin's function returns; BackendError for whatever it raises, KeyboardInterrupt excepted."""
    try:
        return function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        raise BackendError(f"{what} raised {told(error)}") from error


def _probe(hooks: Any) -> None:
    if not hooks.corelib_probe.get_hookimpls():
        return
    answer = _guarded("its hook corelib_probe", hooks.corelib_probe)
    if not (
        isinstance(answer, tuple) and len(answer) == 2 and type(answer[0]) is bool and isinstance(answer[1], str)
    ):
        raise BackendError(f"its hook corelib_probe must return a corelib.backend.Probe, got {answer!r}")
    if not answer[0]:
        raise BackendError(answer[1] or "its hook corelib_probe says so, without a reason")


def _check(backend: Any, entry: Entry) -> None:
    """Refuse what is no backend, or not the one that its entry point promised."""
    from corelib.backend.base import CAPABILITIES, STRIDED_KINDS, Backend
    from corelib.tensor.dtype import ALL

    if not isinstance(backend, Backend):
        raise BackendError(f"its hook corelib_backend must return a corelib.backend.Backend, got {backend!r}")
    problem = api_problem(backend.api_version, entry)
    if problem:
        raise BackendError(problem)
    device_type = getattr(backend, "device_type", None)
    if device_type != entry.device_type:
        raise BackendError(
            f"its backend says device_type (={device_type!r}), but its entry point is for {entry.device_type!r}"
        )
    if backend.strided not in STRIDED_KINDS:
        raise BackendError(f"its backend says strided (={backend.strided!r}); accepted are {_quoted(STRIDED_KINDS)}")
    if not isinstance(backend.dtypes, dict) or not backend.dtypes:
        raise BackendError(f"its backend must say in `dtypes` what it can do for each dtype, got {backend.dtypes!r}")
    names = {d.name for d in ALL}
    for name, capability in backend.dtypes.items():
        if name not in names or capability not in CAPABILITIES:
            raise BackendError(
                f"its backend says dtypes[{name!r}] (={capability!r}); accepted are corelib's dtypes by name, each "
                f"with one of {_quoted(CAPABILITIES)}"
            )


def _quoted(names: Any) -> str:
    return ", ".join(map(repr, names))


def _discovered() -> list[Entry]:
    from corelib.dispatcher.hookspecs import BACKENDS

    return discover(BACKENDS)


def _meta() -> BackendInfo:
    from corelib import __version__
    from corelib.backend.meta import MetaBackend

    backend = MetaBackend()
    return BackendInfo("meta", "corelib", __version__, True, "", dict(backend.dtypes), ["meta"], backend.capabilities())


def _describe(entry: Entry) -> BackendInfo:
    reason = entry.problem
    if not reason:
        try:
            backend = load(entry.device_type)
        except BackendError as error:
            reason = error.reason
        else:
            provider = _providers[entry.device_type]
            if provider[:5] == entry[:5]:
                devices = [_device(backend, index) for index in range(backend.device_count())]
                return BackendInfo(
                    entry.device_type, entry.provider, entry.version, True, "", dict(backend.dtypes), devices,
                    backend.capabilities(),
                )  # fmt: skip
            reason = f"{choice_variable(entry.device_type)} chooses {provider.provider}"
    return BackendInfo(entry.device_type, entry.provider, entry.version, False, reason, {}, [], {})


def _device(backend: Backend, index: int) -> str:
    name = f"{backend.device_type}:{index}" if backend.indexed else backend.device_type
    try:
        called = _guarded("device_name", lambda: backend.device_name(index))
    except BackendError as error:
        return f"{name} ({error})"
    return name if called == name else f"{name} ({called})"
