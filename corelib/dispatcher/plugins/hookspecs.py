"""The hooks of plugins. Imported with pluggy when a device is first used, never by `import corelib`.

A backend is an import-light module with `corelib_backend` and, if the device may be missing, `corelib_probe`:

    [project.entry-points."corelib.backends"]
    mydevice = "my_package"                      # the device type = the module

    # my_package/__init__.py
    from corelib.backend import Probe, hookimpl

    @hookimpl
    def corelib_probe():
        return Probe(False, "no mydevice driver found")

    @hookimpl
    def corelib_backend():
        from my_package.backend import MyBackend     # the driver is imported here, not above
        return MyBackend()

A kernel pack adds kernels to a device type that another package owns:

    [project.entry-points."corelib.kernels"]
    "mydevice.fast" = "my_kernels"               # the device type, and a name where there are several = the module

    # my_kernels/__init__.py
    @hookimpl
    def corelib_kernels(device_type, table):
        table.priority = 20
        table.register("add", ("float32",), fast_add)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from corelib.contract.backend import Backend, Probe
    from corelib.contract.kernels import KernelTable

PROJECT = "corelib"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def corelib_probe() -> Probe | None:
    """Whether the device type can be used on this machine. Optional; without it the answer is yes.

    Called before `corelib_backend`. It should be quick, must not raise for a missing driver or device, and must leave
    no trace, for the device may never be used. Return `Probe(True)`, with a remark that
    `corelib backends` shows if there is something to know, or `Probe(False, "why not, and what to do")`.
    """


@hookspec(firstresult=True)
def corelib_backend() -> Backend:
    """The backend of the entry point's device type: one object, made once, on the first use of a device.

    Raise what went wrong: core tells the user, with the package's name, and every other device goes on working.
    """
    raise NotImplementedError  # a specification: it is never run


@hookspec
def corelib_kernels(device_type: str, table: KernelTable) -> None:
    """Register kernels for a device type in `table`, which is this pack's own and empty. For kernel packs.

    Called once, when a device of the type is first used, after its backend was loaded. `table.priority` (10 unless
    set; the backend's own kernels are at 0) orders packs, higher first. Register nothing for a device that the
    kernels do not suit.
    """
