"""Kernel packs: plugins that add kernels to a device type which another plugin owns.

Each pack fills a table of its own. The tables are merged with the backend's by priority: the first kernel for an op and dtype stands in
the table as it is, and the chain beside it says which are asked in turn where one returns `NotImplemented`. A pack that fails takes no part: a warning and
`corelib backends` say why, and the device goes on working.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from corelib.as_torch.warned import warn
from corelib.contract.kernels import Chain, KernelTable
from corelib.dispatcher.plugins.checks import BackendError, api_problem, checked_hooks, kernel_problem, told
from corelib.dispatcher.plugins.discovery import KERNELS, Entry, discover
from corelib.tensor.dtype import dtype as DType


class PackWarning(UserWarning):
    """A kernel pack could not be loaded; its device works without it."""


class Pack(NamedTuple):
    """A kernel pack of a device type: how many kernels it brought and at which priority, or why it has no part."""

    device_type: str
    provider: str
    version: str
    name: str
    priority: int
    kernels: int
    problem: str


def merge_packs(device_type: str, own: KernelTable) -> tuple[KernelTable, list[Pack], list[Callable[[int], None]]]:
    """The backend's table with those of the packs for its device type, an account of each pack, and whom to tell how many threads there are."""
    account: list[Pack] = []
    tables: list[tuple[int, int, KernelTable, str]] = [(0, 0, own, "")]
    for order, entry in enumerate(e for e in discover(KERNELS) if e.device_type == device_type):
        table, problem = _load(entry, device_type)
        count = sum(len(by_dtype) for by_dtype in table.table.values())
        priority = table.priority if not problem else 0
        account.append(Pack(device_type, entry.provider, entry.version, entry.name, priority, count, problem or table.unavailable))
        if problem:
            warn(
                f"kernel pack {entry.name!r} of {entry.origin} is not used for device {device_type!r}: {problem}",
                PackWarning,
            )
        elif count:
            tables.append((-priority, order, table, entry.provider))
    if len(tables) == 1:
        return own, account, []
    tables.sort(key=lambda t: t[:2])
    return _merged([t[2:] for t in tables]), account, [t[2].set_num_threads for t in tables if t[2].set_num_threads is not None]


def _load(entry: Entry, device_type: str) -> tuple[KernelTable, str]:
    """A pack's table, and what went wrong; the table is then empty."""
    table = KernelTable()
    problem = entry.problem
    if not problem:
        try:
            hooks = checked_hooks(entry, "corelib_kernels")
            hooks.corelib_kernels(device_type=device_type, table=table)
            problem = api_problem(table.api_version, entry) or kernel_problem(table)
            if not problem and (type(table.priority) is not int or table.priority == 0):
                problem = f"table.priority must be an int other than 0, the backend's own, got {table.priority!r}"
        except BackendError as error:
            problem = str(error)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            problem = f"its hook corelib_kernels raised {told(error)}"
    return (KernelTable() if problem else table), problem


def _merged(tables: list[tuple[KernelTable, str]]) -> KernelTable:
    merged = KernelTable()
    merged.default = next((table.default for table, _ in tables if table.default is not None), None)
    for name in dict.fromkeys(name for table, _ in tables for name in table.table):
        chains: dict[DType, Chain] = {}
        for table, provider in tables:
            for dtype, kernel in table.table.get(name, {}).items():
                chains[dtype] = (*chains.get(dtype, ()), (kernel, provider))
        merged.table[name] = {dtype: chain[0][0] for dtype, chain in chains.items()}
        merged.chains[name] = {dtype: chain for dtype, chain in chains.items() if any(provider for _, provider in chain)}
    return merged
