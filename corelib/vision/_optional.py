"""Libraries that somebody may or may not have installed, asked for where they are used: Pillow above all."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def optional(module: str, who: str, install: str) -> Any:
    """A module of a library's; who: what needs it, and install: what brings it, for the ImportError where it is not there."""
    try:
        return import_module(module)
    except ImportError as error:
        raise type(error)(f"{who} needs {module.partition('.')[0]}, which is not installed: {install}") from error


def pillow(module: str, who: str) -> Any:
    """A module of Pillow's ("Image")."""
    try:
        return import_module(f"PIL.{module}")
    except ImportError as error:
        raise ImportError(f'{who} needs Pillow, which is not installed: pip install "corelib[vision]"') from error
