"""`corelib backends`: a table of what is installed, or the same as JSON."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
import warnings
from collections.abc import Sequence

from corelib.contract.kernels import API_VERSION
from corelib.dispatcher.plugins.checks import BackendWarning
from corelib.dispatcher.plugins.discovery import INSTALL
from corelib.dispatcher.plugins.manager import BackendInfo, describe, describe_packs
from corelib.dispatcher.plugins.packs import Pack, PackWarning
from corelib.version import __version__

_HEADS = ("DEVICE TYPE", "PROVIDER", "STATUS", "DTYPES", "DEVICES")
_PACK_HEADS = ("KERNEL PACK", "PROVIDER", "STATUS")


def run(args: argparse.Namespace) -> int:
    """Print the table, or JSON with `args.json`."""
    if args.json:
        print(as_json(*found()))
    else:
        print(as_text(*found(), shutil.get_terminal_size((120, 24)).columns))
    return 0


def found() -> tuple[list[BackendInfo], list[Pack]]:
    """The installed backends and kernel packs, with what is wrong with each in its place and no warnings."""
    with warnings.catch_warnings():
        for told in (PackWarning, BackendWarning):
            warnings.simplefilter("ignore", told)
        return describe(), describe_packs()


def as_json(backends: list[BackendInfo], packs: list[Pack]) -> str:
    """The backends and kernel packs as a JSON object."""
    return json.dumps(
        {
            "corelib": __version__,
            "plugin_api": list(API_VERSION),
            "backends": [info._asdict() for info in backends],
            "kernel_packs": [pack._asdict() for pack in packs],
            "not_installed": _not_installed(backends),
        },
        indent=2,
    )


def as_text(backends: list[BackendInfo], packs: list[Pack], width: int) -> str:
    """The backends and kernel packs as tables at most `width` columns wide, and what else could be installed."""
    rows = [
        (
            info.device_type or "?",
            f"{info.provider} {info.version}".rstrip(),
            status(info),
            dtypes_text(info.dtypes),
            ", ".join(info.devices),
        )
        for info in backends
    ]
    parts = [table(_HEADS, rows, width)]
    if packs:
        pack_rows = [(p.name, f"{p.provider} {p.version}".rstrip(), _pack_status(p)) for p in packs]
        parts.append(table(_PACK_HEADS, pack_rows, width))
    missing = _not_installed(backends)
    if missing:
        parts.append("\n".join(f"Not installed: {name}. To get it: {command}" for name, command in missing.items()))
    return "\n\n".join(parts)


def status(info: BackendInfo) -> str:
    """Whether a backend can be used, or why not, and what is to be known of it."""
    if not info.available:
        return f"unavailable: {info.reason}"
    status = f"available, but lacks the primitives {', '.join(info.missing)}" if info.missing else "available"
    return f"{status}; {info.reason}" if info.reason else status


def dtypes_text(dtypes: dict[str, str]) -> str:
    """Dtypes by capability; the native ones need no word.

    >>> dtypes_text({"float32": "native", "int8": "native", "bfloat16": "emulated", "complex64": "absent"})
    'float32 int8; emulated: bfloat16'
    """
    by_capability = {c: " ".join(n for n, has in dtypes.items() if has == c) for c in ("native", "emulated", "storage")}
    return "; ".join(names if c == "native" else f"{c}: {names}" for c, names in by_capability.items() if names)


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], width: int) -> str:
    """Text in columns, with long cells wrapped so that lines keep within `width` where words allow it.

    >>> print(table(("A", "B"), [("x", "one two three")], 10))
    A  B
    -  -------
    x  one two
       three
    """
    widths = _widths(heads, rows, width)
    lines = []
    for row in (heads, tuple("-" * w for w in widths), *rows):
        cells = [textwrap.wrap(cell, w, break_on_hyphens=False) or [""] for cell, w in zip(row, widths, strict=True)]
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            lines.append("  ".join(part.ljust(w) for part, w in zip(parts, widths, strict=True)).rstrip())
    return "\n".join(lines)


def _widths(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], width: int) -> list[int]:
    """The columns' widths: as needed, with the widest ones narrowed, but no narrower than their longest word."""
    columns: list[tuple[str, ...]] = list(zip(heads, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    least = [max(len(word) for cell in column for word in (cell.split() or [""])) for column in columns]
    while sum(widths) + 2 * (len(widths) - 1) > width:
        narrowable = [i for i in range(len(widths)) if widths[i] > least[i]]
        if not narrowable:
            break
        widths[max(narrowable, key=lambda i: widths[i])] -= 1
    return widths


def _pack_status(pack: Pack) -> str:
    if pack.problem:
        return f"not used: {pack.problem}"
    return f"{pack.kernels} kernels for {pack.device_type}, priority {pack.priority}"


def _not_installed(backends: list[BackendInfo]) -> dict[str, str]:
    present = {info.device_type for info in backends}
    return {name: command for name, command in INSTALL.items() if name not in present}
