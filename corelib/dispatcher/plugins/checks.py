"""What plugins are checked for before they are used. Whatever is wrong becomes a `BackendError` or a text that says so."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from corelib.as_torch.warned import warn
from corelib.contract.backend import CAPABILITIES, DIRECTIONS, STRIDED_KINDS, TIERS, Backend
from corelib.contract.kernels import API_VERSION, KernelTable
from corelib.dispatcher.namespaces import NAMESPACES
from corelib.dispatcher.op import TABLE
from corelib.dispatcher.plugins.discovery import Entry
from corelib.tensor.dtype import ALL
from corelib.tensor.tensor import Tensor
from corelib.version import __version__

if TYPE_CHECKING:  # start-up: as below
    import pluggy

T = TypeVar("T")


class BackendWarning(UserWarning):
    """A backend lacks primitives: it loads, and what needs them will fail."""


class BackendError(RuntimeError):
    """A device type cannot be used: nobody provides it, or its plugin does not work. The message says what to do.

    `reason` is the part of the message that a table with the device type and the package beside it needs.
    """

    def __init__(self, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason or message


class NoDeviceError(AssertionError, BackendError):
    """There is no device of the type here. PyTorch raises AssertionError where it is built without, RuntimeError where there is no driver: it is both."""


def checked_hooks(entry: Entry, required: str) -> pluggy.HookRelay:
    """The hooks of one plugin, imported and checked against the specifications; BackendError for what is wrong.

    Each plugin has a manager of its own, so that one with faulty hooks cannot disturb another.
    """
    import pluggy

    from corelib.dispatcher.plugins import hookspecs  # start-up: it needs pluggy, as plugins do, and nothing else

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
            else f"its module {entry.value!r} has no hook {required} (corelib.dispatcher.plugins.hookspecs describes the hooks)"
        )
    return manager.hook


def api_problem(api_version: object, entry: Entry) -> str:
    """Why a plugin of this API version cannot be used, or ""."""
    if not (
        isinstance(api_version, tuple) and len(api_version) == 2 and all(type(part) is int for part in api_version)
    ):
        return f"api_version must be two ints such as {API_VERSION}, got {api_version!r}"
    if api_version[0] == API_VERSION[0] and api_version[1] <= API_VERSION[1]:
        return ""
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
    unknown = sorted(set(table.table) - set(TABLE))
    if unknown:
        names = ", ".join(map(repr, unknown))
        return f"it has kernels for no op of corelib: {names}; a kernel has exactly its op's name"
    for name, kernels in table.table.items():
        for kind, kernel in kernels.items():
            if not callable(kernel):
                return f"its kernel {name!r} of {kind} must be a function, got {kernel!r}"
    return ""


def told(error: BaseException) -> str:
    """An exception in one line: its type and what it says."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def guarded(what: str, function: Callable[[], T]) -> T:
    """What a plugin's function returns; BackendError for whatever it raises, KeyboardInterrupt excepted."""
    try:
        return function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        raise BackendError(f"{what} raised {told(error)}") from error


def check_backend(backend: object, entry: Entry) -> Backend:
    """The backend; refused where it is none, or not the one that its entry point promised."""
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
    for fact, accepted in (("strided", STRIDED_KINDS), ("tier", TIERS)):
        if getattr(backend, fact) not in accepted:
            raise BackendError(f"its backend says {fact} (={getattr(backend, fact)!r}); accepted are {_quoted(accepted)}")
    for fact in ("asynchronous", "deterministic", "scalars", "host_memory", "counted_buffers", "indexed"):
        if type(getattr(backend, fact)) is not bool:
            raise BackendError(f"its backend says {fact} (={getattr(backend, fact)!r}); accepted are True and False")
    if type(backend.small_limit) is not int or backend.small_limit < 0:
        raise BackendError(f"its backend says small_limit (={backend.small_limit!r}); accepted is a number of elements")
    if backend.small_allocation is not None and not callable(backend.small_allocation):
        raise BackendError(f"its backend says small_allocation (={backend.small_allocation!r}); accepted are None and a function")
    if backend.array_over is not None and not callable(backend.array_over):
        raise BackendError(f"its backend says array_over (={backend.array_over!r}); accepted are None and a function")
    if not isinstance(backend.dtypes, dict) or not backend.dtypes:
        raise BackendError(f"its backend must say in `dtypes` what it can do for each dtype, got {backend.dtypes!r}")
    names = {d.name for d in ALL}
    for name, capability in backend.dtypes.items():
        if name not in names or capability not in CAPABILITIES:
            raise BackendError(
                f"its backend says dtypes[{name!r}] (={capability!r}); accepted are corelib's dtypes by name, each "
                f"with one of {_quoted(CAPABILITIES)}"
            )
    _check_unsupported(backend.unsupported)
    if backend.asynchronous and type(backend).default_queue is Backend.default_queue:
        raise BackendError("its backend says that it is asynchronous, and has no function default_queue, which such a one must have")
    return backend


def takes_index(function: Callable[..., object]) -> bool:
    """Whether a `small_allocation` is told the device: its third parameter is `index`, or there are any."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # of a function in C, which knows of no devices
        return False
    third = found[2] if len(found) > 2 else None
    return any(p.kind is p.VAR_POSITIONAL for p in found) or (
        third is not None and (third.name == "index" or (third.default is third.empty and third.kind is not third.KEYWORD_ONLY))
    )


def check_devices(backend: Backend) -> None:
    """BackendError where there are several devices, and they have no indices, or the function that makes small results is not told one."""
    count, made = backend.device_count(), backend.small_allocation
    if count > 1 and not backend.indexed:
        raise BackendError(f"its backend has {count} devices, and says indexed (=False), which is for a type that stands for its only device")
    if made is not None and count > 1 and not takes_index(made):
        raise BackendError(
            f"its backend has {count} devices, and its small_allocation does not take one: write "
            "small_allocation(shape, numpy_dtype, index)"
        )


def _check_unsupported(unsupported: object) -> None:
    """BackendError for an entry of `Backend.unsupported` that names nothing, and so would say nothing."""
    if not isinstance(unsupported, dict):
        raise BackendError(f"its backend must say in `unsupported` what it refuses, {{'op/dtype': 'reason'}}, got {unsupported!r}")
    dtypes = [d.name for d in ALL]
    for key, reason in unsupported.items():
        op, *rest = key.split("/") if isinstance(key, str) else ("",)
        wrong = ""
        if not isinstance(key, str) or not op or len(rest) > 2:
            wrong = "accepted keys are 'op', 'op/dtype' and 'op/dtype/direction', with '*' for every op"
        elif rest and rest[0] not in dtypes:
            wrong = f"there is no dtype {rest[0]!r}; accepted are {_quoted(dtypes)}"
        elif rest[1:] and rest[1] not in DIRECTIONS:
            wrong = f"there is no direction {rest[1]!r}; accepted are {_quoted(DIRECTIONS)}"
        elif op == "*" and not rest:
            wrong = "'*' needs a dtype, such as '*/float64'"
        elif op != "*" and not _known(op):
            near = difflib.get_close_matches(op, _names(), 3)
            wrong = f"there is no op {op!r}" + (f"; did you mean {' or '.join(map(repr, near))}?" if near else "")
        elif not isinstance(reason, str) or not reason:
            wrong = f"the reason must be a text, got {reason!r}"
        if wrong:
            raise BackendError(f"its backend says unsupported[{key!r}]: {wrong}")


def _names() -> set[str]:
    """What users call ops and functions by."""
    return {*TABLE, *dir(Tensor), *(name for shown in NAMESPACES.values() for name in shown)}


def _known(op: str) -> bool:
    """Whether a name is an op's or a function's, or a variant's of one ("cdist_2", "complex_sum"), as the conformance suite has them."""
    names, stem = _names(), op.removeprefix("complex_").removeprefix("linalg_")
    while stem:
        if stem in names:
            return True
        stem = stem.rpartition("_")[0]
    return op in names


def missing_primitives(backend: Backend, table: KernelTable) -> tuple[str, ...]:
    """The primitives of which a backend has no kernel for any dtype, and does not say so itself."""
    if table.default is not None:
        return ()
    return tuple(sorted(op.name for op in TABLE.values() if op.primitive and not table.table.get(op.name) and op.name not in backend.unsupported))


def tell_missing(device_type: str, missing: Sequence[str]) -> None:
    """BackendWarning of primitives that a backend lacks."""
    if missing:
        warn(
            f"Missing primitives: the backend of device {device_type!r} has no kernels for {', '.join(missing)}, which every backend must "
            "have. What is made of them fails on it; docs/kernel_contract.md says what each computes",
            BackendWarning,
        )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
