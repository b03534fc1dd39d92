"""`corelib info`: what a report of a bug should say of an installation, as text or as JSON. Whatever cannot be found out is a line that says so."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from typing import Any

from corelib.cli.backends import dtypes_text, found, status
from corelib.dispatcher.plugins.checks import told
from corelib.dispatcher.plugins.discovery import installed_modules
from corelib.dispatcher.plugins.manager import BackendInfo
from corelib.machine.threads import get_num_threads
from corelib.tensor.device import device as Device
from corelib.utils import collect_env
from corelib.version import __version__

HELP = "versions, devices, threads, compiler and settings: what to send with a bug report"
_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "CC", "CUDA_VISIBLE_DEVICES", "CUDA_PATH", "OCL_ICD_VENDORS", "PYOPENCL_CTX",
    "POCL_DEVICES", "JAX_PLATFORMS", "TORCH_HOME", "XDG_CACHE_HOME", "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD",
)  # fmt: skip
"""What matters beside variables that begin with CORELIB_."""
_CLOSING = (
    "With a bug report, send all of this, the shortest program that shows the error, the whole of what it printed (of a program run by "
    "`python -m corelib.as_torch`, with CORELIB_TRACEBACK=full in its environment), and what you expected instead. Look through the paths and "
    "names above first: they are sent as they stand."
)

Facts = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.description = "Print versions, devices, threads, compiler and settings: what to send with a bug report."
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(args: argparse.Namespace) -> int:
    """Print what is known; always 0."""
    facts = collected()
    if args.json:
        print(json.dumps(facts, indent=2, default=str))
    else:
        print(as_text(facts, shutil.get_terminal_size((100, 24)).columns))
    return 0


def collected() -> Facts:
    """What is known, by section; a text in the place of what could not be found out."""
    backends, packs = _asked(found), []
    if isinstance(backends, tuple):
        backends, packs = backends
    return {
        "versions": _asked(_versions),
        "devices": backends if isinstance(backends, str) else _devices(backends),
        "kernel_packs": {f"{p.name} ({p.provider} {p.version})": p.problem or f"{p.kernels} kernels, priority {p.priority}" for p in packs},
        "threads": _asked(_threads),
        **_of_packages(),
        "environment": {name: value for name, value in sorted(os.environ.items()) if name.startswith("CORELIB_") or name in _VARIABLES},
        "with_a_bug_report": _CLOSING,
    }


def _asked(question: Callable[[], Any]) -> Any:
    """The answer, or a text that says why there is none: plugins and systems may raise anything."""
    try:
        return question()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"could not be found out: {told(error)}"


def _versions() -> Facts:
    packages = dict(collect_env.installed_packages())
    ours = {name: version for name, version in packages.items() if name.startswith("corelib") and name != "corelib"}
    return {
        "corelib": __version__, **ours, "Python": f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})",
        **{name: version for name, version in packages.items() if name not in ours and name not in ("corelib", "numpy")},
        "NumPy": _asked(_numpy), "system": _asked(collect_env.get_os), "C library": _asked(lambda: " ".join(platform.libc_ver()) or "unknown"),
        "processor": _asked(_processor),
    }  # fmt: skip


def _numpy() -> str:
    import numpy  # the host's arrays: without it little works, and this says so

    return numpy.__version__


def _processor() -> str:
    lines = (collect_env.get_cpu_info() or "unknown").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("Model name")), lines[0])


def _devices(backends: list[BackendInfo]) -> Facts:
    """The backends by device type; with the package too, where several claim one."""
    found: Facts = {}
    for info in backends:
        name = info.device_type or "unreadable"
        found[name if name not in found else f"{name} ({info.provider})"] = _asked(partial(_backend, info))
    return found


def _backend(info: BackendInfo) -> Facts:
    said: Facts = {"provider": f"{info.provider} {info.version}".rstrip(), "status": status(info)}
    if info.available:
        said |= {"dtypes": dtypes_text(info.dtypes), "devices": info.devices}
        for index in range(len(info.devices)) if info.device_type != "meta" else ():
            facts = _asked(partial(_device, info, index))
            if facts:
                said[info.devices[index].partition(" (")[0]] = facts
    return said


def _device(info: BackendInfo, index: int) -> Any:
    """What a device says of itself, beside its name."""
    backend: Any = Device(info.device_type).runtime.backend
    facts = dict(backend.device_facts(index))
    if info.capabilities.get("memory_info"):
        free, total = backend.memory_info(index)
        facts["memory"] = f"{free / 2**30:.1f} GiB free of {total / 2**30:.1f}"
    return facts


def _threads() -> Facts:
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else "unknown"
    return {"of an operation on the cpu": _asked(get_num_threads), "processors": os.cpu_count(), "processors this process may use": mine}


def _of_packages() -> Facts:
    """What other packages say of themselves, by entry points in the group `corelib.info`: a module with `facts() -> dict[str, str]`."""
    points = _asked(partial(installed_modules, "corelib.info"))
    if isinstance(points, str):
        return {"packages": points}
    return {name: _asked(partial(_said, point)) for name, point in points.items()}


def _said(point: Any) -> Any:
    return point.load().facts()


def as_text(facts: Facts, width: int) -> str:
    """The facts in lines of at most `width` characters, where words allow it."""
    parts = []
    for title, section in facts.items():
        if title == "with_a_bug_report":
            parts.append(textwrap.fill(str(section), max(width, 40)))
        elif section or title == "environment":
            shown = section if section else "none of the variables that matter is set"
            parts.append("\n".join([title.replace("_", " ").capitalize() if title.islower() else title, *_lines(shown, width, 2)]))
    return "\n\n".join(parts)


def _lines(value: Any, width: int, indent: int) -> list[str]:
    """A section: its facts, each with its name before it."""
    if not isinstance(value, dict):
        return _wrapped("", value, width, indent)
    found: list[str] = []
    longest = max((len(str(name)) for name, inner in value.items() if not isinstance(inner, dict)), default=0)
    for name, inner in value.items():
        if isinstance(inner, dict):
            found += [f"{' ' * indent}{name}", *_lines(inner, width, indent + 2)]
        else:
            found += _wrapped(f"{name!s:{longest}}  ", inner, width, indent)
    return found


def _wrapped(head: str, value: Any, width: int, indent: int) -> list[str]:
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    margin = " " * (indent + len(head))
    room = max(width, len(margin) + 20)
    lines = textwrap.wrap(text, room, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False) or [margin]
    return [" " * indent + head + lines[0][len(margin) :], *lines[1:]]
