"""The device under test: what it declares, and how tensors and calls reach it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import corelib
from corelib.dispatcher.op import TABLE, Op
from corelib_conformance.result import Failure, Unsupported
from corelib_conformance.samples.declare import OPS


class Target:
    """A device, by name, with what its backend declares. RuntimeError where nothing can be made on it."""

    def __init__(self, device: str, seed: int = 0) -> None:
        self.device = corelib.zeros((), device=device).device
        self.name = str(self.device)
        self.seed = seed
        self.runtime = self.device.runtime
        self.backend = self.runtime.backend
        self.tier = self.backend.tier
        unknown = sorted({key.partition("/")[0] for key in self.backend.unsupported} - {"*", *OPS, *TABLE})
        if unknown:
            raise RuntimeError(f"the backend's `unsupported` names what is neither an op nor one of the suite's: {', '.join(map(repr, unknown))}")
        self.kept: Any = None

    def declared(self, dtype: str) -> str:
        """What the device says of a dtype: native, emulated, storage or absent."""
        return str(self.backend.dtypes.get(dtype, "absent"))

    def reason(self, op: str, dtype: str, direction: str = "") -> str:
        """Why the backend says that it does not support an op for a dtype; "" where it says nothing."""
        said: dict[str, str] = self.backend.unsupported
        keys = (op, f"{op}/{dtype}", f"{op}/{dtype}/{direction}", f"*/{dtype}", f"*/{dtype}/{direction}")
        return next((said[key] for key in keys if key in said), "")

    def require(self, dtype: str) -> None:
        """Unsupported where the dtype is declared absent and refused; Failure where it is declared so and works."""
        if self.declared(dtype) != "absent":
            return
        kind = getattr(corelib, dtype)
        makers: tuple[tuple[str, Callable[[], Any]], ...] = (
            ("empty", lambda: corelib.empty(2, dtype=kind, device=self.name)),
            ("to", lambda: corelib.zeros(2, device=self.name).to(kind)),
            ("a copy from the host", lambda: corelib.zeros(2, dtype=kind).to(self.name)),
        )
        for what, make in makers:
            try:
                make()
            except (RuntimeError, TypeError, NotImplementedError) as error:
                if not re.search(dtype, str(error)):
                    raise Failure(f"{dtype} is declared absent, and {what} refuses it without naming it: {error}") from None
                continue
            raise Failure(f"{dtype} is declared absent, but {what} makes a tensor of it")
        raise Unsupported(f"{self.device.type} has no {dtype}")

    def settle(self, op: str, dtype: str, direction: str, run: Callable[[], float]) -> float:
        """Run a check of an op as the manifest has it: declared unsupported, it must be refused, and otherwise work."""
        self.require(dtype)
        if op in OPS:
            self.require(OPS[op].needs.get(dtype, dtype))
        reason = self.reason(op, dtype, direction)
        storage = self.declared(dtype) == "storage" and op not in ("copy", "fill")
        if not reason and not storage:
            return run()
        try:
            run()
        except NotImplementedError:
            raise Unsupported(reason or f"{dtype} is held, not computed, by {self.device.type}") from None
        raise Failure(f"{op} of {dtype} is declared unsupported, but it works")

    def kernel(self, op: Op, dtype: Any) -> Any:
        """The device's kernel of an op and dtype, or None."""
        return op.kernel_for(self.runtime.key, dtype)


class Placed:
    """corelib as a program sees it, with a device of its own for what is made from nothing or from NumPy."""

    def __init__(self, device: str) -> None:
        self._device = device

    def __getattr__(self, name: str) -> Any:
        return getattr(corelib, name)

    def from_numpy(self, array: Any) -> Any:
        return corelib.from_numpy(array).to(self._device)

    def Generator(self) -> Any:
        return corelib.Generator(self._device)

    def attempt(self, function: Any) -> tuple[Any, Exception | None]:
        """The result and the exception, one of them None."""
        before = corelib.get_default_device()
        corelib.set_default_device(self._device)
        try:
            return function(), None
        except Exception as error:
            return None, error
        finally:
            corelib.set_default_device(before)


def op_of(name: str) -> Op | None:
    """The op of the table that a sample's name calls, where it is one."""
    return TABLE.get(name)
