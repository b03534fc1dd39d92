"""Pillow, asked for where pictures are read, written or drawn: it is optional."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def pillow(module: str, what: str) -> Any:
    """A module of Pillow's ("Image"); what: who needs it, for the ImportError where Pillow is not installed."""
    try:
        return import_module(f"PIL.{module}")
    except ImportError as error:
        raise ImportError(f'{what} needs Pillow, which is not installed: pip install "corelib[vision]"') from error
