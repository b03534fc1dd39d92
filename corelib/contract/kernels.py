"""KernelTable: what a backend or a kernel pack fills with plain functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from corelib.tensor.device import Native as Native
from corelib.tensor.dtype import ALL, dtype as DType

API_VERSION = (1, 0)
"""The plugin API of this core, (major, minor): another major is refused, and so is a newer minor."""

DTypes: TypeAlias = DType | str | Iterable[DType | str]
"""One dtype or several, as objects or by name."""
Kernel: TypeAlias = Callable[..., Any]
"""`kernel(out, *inputs, *attributes)`, all by position: writes into `out`; returns None, or NotImplemented to pass to the next."""


Chain: TypeAlias = tuple[tuple[Kernel, str], ...]
"""Kernels in the order in which they are asked, each with the package of its kernel pack, or "" for the backend's own."""


class LinAlgError(RuntimeError):
    """A matrix for which there is no such factorization or solution; `torch.linalg.LinAlgError`."""


class KernelTable:
    """Kernels by op name and dtype: `table["add"][corelib.float32]` is a function `kernel(out, *inputs, *attributes)`, all by position.

    A kernel has its op's name, writes into `out`, and returns nothing, or `NotImplemented` (before it has written
    anything) to pass to the next: a kernel pack of lower priority, the backend's own, the op's body.

    >>> from corelib.backend import KernelTable
    >>> kernels = KernelTable()
    >>> @kernels("neg", dtypes=("float32", "float64"))
    ... def neg(out, x):
    ...     out[...] = -x
    >>> sorted(str(dtype) for dtype in kernels.table["neg"])
    ['torch.float32', 'torch.float64']
    """

    def __init__(self) -> None:
        self.table: dict[str, dict[DType, Kernel]] = {}
        self.priority = 10
        """For kernel packs: higher is asked first, and the backend's own kernels, at 0, come between."""
        self.default: Kernel | None = None
        """The kernel of every op and dtype that is not in the table, for a device that computes nothing, such as meta."""
        self.api_version = API_VERSION
        """For kernel packs: the plugin API they were written for, as a literal."""
        self.unavailable = ""
        """For kernel packs: why it has no kernels on this machine, where that is no error; `corelib backends` shows it."""
        self.set_num_threads: Callable[[int], None] | None = None
        """For kernel packs: what is told when somebody sets how many threads one operation may use."""
        self.chains: dict[str, dict[DType, Chain]] = {}
        """Where kernel packs take part: what stands in `table`, and what is asked when that passes. Filled by core."""

    def register(self, op_name: str, dtypes: DTypes, fn: Kernel) -> None:
        """Make `fn` the kernel of an op for some dtypes, in place of what was registered before.

        dtypes: one dtype or several, as objects or by name ("float32"). ValueError for a name that is no dtype's,
        TypeError for a kernel that cannot be called. Whether the op exists is checked when core loads the table.
        """
        if not callable(fn):
            raise TypeError(f"KernelTable.register(): the kernel of {op_name!r} must be callable, got {fn!r}")
        by_dtype = self.table.setdefault(op_name, {})
        for dtype in _dtypes(op_name, dtypes):
            by_dtype[dtype] = fn

    def __call__(self, op_name: str, dtypes: DTypes) -> Callable[[Kernel], Kernel]:
        """`register` as a decorator."""

        def registered(fn: Kernel) -> Kernel:
            self.register(op_name, dtypes, fn)
            return fn

        return registered

    def __getitem__(self, op_name: str) -> dict[DType, Kernel]:
        return self.table[op_name]

    def __contains__(self, op_name: object) -> bool:
        return op_name in self.table


class Later:
    """A kernel that is made at its first call: `make()` returns it. Once made it stands in the tables itself, so that no call pays for this.

    >>> def make():
    ...     print("made")
    ...     return lambda out, x: out.append(x)
    >>> kernel, out = Later(make), []
    >>> kernel(out, 1), kernel(out, 2), out
    made
    (None, None, [1, 2])
    """

    def __init__(self, make: Callable[[], Kernel]) -> None:
        self._make = make
        self._made: Kernel | None = None
        self.places: list[tuple[dict[DType, Kernel], DType]] = []
        """The tables that it stands in, and under which dtype. Filled by core."""

    def made(self) -> Kernel:
        """The kernel, made now where it is not yet."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def __call__(self, *args: object) -> Any:
        kernel = self.made()
        for by_dtype, dtype in self.places:
            if by_dtype.get(dtype) is self:  # not while calls are counted
                by_dtype[dtype] = kernel
        return kernel(*args)


def _dtypes(op_name: str, dtypes: DTypes) -> Iterable[DType]:
    by_name = {d.name: d for d in ALL}
    for one in (dtypes,) if isinstance(dtypes, (str, DType)) else dtypes:
        found = by_name.get(one) if isinstance(one, str) else one
        if not isinstance(found, DType):
            raise ValueError(
                f"KernelTable.register(): kernel {op_name!r} is given for dtype {one!r}; accepted are corelib's dtypes "
                f"and their names: {', '.join(by_name)}"
            )
        yield found
