"""Which plugins are installed: entry points are read here and no plugin is imported.

A distribution with unreadable metadata becomes an entry with a `problem`; it hides nobody else's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

BACKENDS = "corelib.backends"
"""The group of entry points of backends."""
KERNELS = "corelib.kernels"
"""The group of entry points of kernel packs."""

# Where corelib's own backends come from: device type -> what to install.
INSTALL = {name: f'pip install "corelib[{name}]"' for name in ("cpu", "cuda", "opencl")}

_DEVICE_TYPE = re.compile(r"[a-z][a-z0-9_]*")


class Entry(NamedTuple):
    """One plugin's claim: `provider` and `version` are the distribution's, `value` is the module."""

    device_type: str
    name: str
    value: str
    provider: str
    version: str
    problem: str
    point: Any

    @property
    def origin(self) -> str:
        """The distribution as people write it: name and version."""
        return f"{self.provider} {self.version}".rstrip()


def is_device_type(name: str) -> bool:
    """Whether a name is well-formed as a device type."""
    return _DEVICE_TYPE.fullmatch(name) is not None


def normalized(distribution: str) -> str:
    """A distribution's name as package indexes compare it.

    >>> normalized("Corelib_CPU.numpy")
    'corelib-cpu-numpy'
    """
    return re.sub(r"[-_.]+", "-", distribution).lower()


def discover(group: str) -> list[Entry]:
    """Every entry point in a group, those with a problem included, by device type and provider.

    Where a distribution is installed twice, the one that Python would import counts.
    """
    import importlib_metadata

    found: dict[tuple[str, str], Entry] = {}
    seen: dict[str, str] = {}
    for distribution in importlib_metadata.distributions():
        where = str(getattr(distribution, "_path", ""))
        try:
            points = list(distribution.entry_points.select(group=group))
            if not points:
                continue
            provider, version = str(distribution.name), str(distribution.version)
        except Exception as error:
            if group in _entry_text(distribution):
                problem = f"its metadata ({where}) cannot be read: {type(error).__name__}: {error}"
                found["", where] = Entry("", "", "", _name(distribution, where), "", problem, None)
            continue
        if seen.setdefault(normalized(provider), where) != where:
            continue
        for point in points:
            device_type, problem = _claim(point.name, group)
            found[provider, point.name] = Entry(device_type, point.name, point.value, provider, version, problem, point)
    return sorted(found.values(), key=lambda e: (e.device_type, normalized(e.provider), e.name))


def _entry_text(distribution: Any) -> str:
    try:
        return str(distribution.read_text("entry_points.txt") or "")
    except Exception:
        return ""


def _name(distribution: Any, where: str) -> str:
    try:
        return str(distribution.name)
    except Exception:
        return where.replace("\\", "/").rpartition("/")[2]


def _claim(name: str, group: str) -> tuple[str, str]:
    """The device type that an entry point's name claims, and what is wrong with it."""
    device_type = name.partition(".")[0] if group == KERNELS else name
    if not is_device_type(device_type):
        return device_type, (
            f"its entry point is named {name!r}, which is no device type: lower-case letters, digits and underscores, "
            "with a letter first"
        )
    if device_type == "meta":
        return device_type, "the device type 'meta' is built into corelib, and no plugin can have it"
    return device_type, ""


def installed_modules(group: str) -> dict[str, EntryPoint]:
    """Entry points of a group by name, as importlib_metadata has them; none is imported, and unreadable packages are left out."""
    import importlib_metadata

    found: dict[str, EntryPoint] = {}
    for distribution in importlib_metadata.distributions():
        try:
            points = list(distribution.entry_points.select(group=group))
        except Exception:
            continue
        for point in points:
            found.setdefault(point.name, point)
    return found
