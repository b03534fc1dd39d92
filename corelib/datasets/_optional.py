"""Packages that only some data sets need, imported where they are used."""

from __future__ import annotations

from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Any


def optional(name: str, user: str, extra: str) -> Any:
    """An object "package:name" of an optional package; ImportError with what to install where the package is not there."""
    package = name.partition(":")[0].partition(".")[0]
    if find_spec(package) is None:
        raise ImportError(f'{user} needs the {package} package: pip install "corelib[{extra}]" (or: pip install {package})')
    return resolve_name(name)
