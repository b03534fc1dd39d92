"""The `corelib` command.

`corelib quickstart` trains a first network, `corelib backends` lists what is installed, `corelib info` says what to send with a bug report,
`corelib new-backend` writes a backend's project, `corelib conformance` says whether a device can be trusted (from the package
corelib-conformance), `corelib --version` says which corelib this is. Alone it is a page of help.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from corelib.cli import backends, new_backend
from corelib.dispatcher.plugins.discovery import installed_modules
from corelib.dispatcher.plugins.checks import BackendError
from corelib.tensor.device import device
from corelib.version import __version__

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (by default the process's) and return its exit code.

    A device that cannot be used is told on standard error and gives 1; wrong arguments give argparse's 2, an interrupt gives 130.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        print(f"\ncorelib {' '.join(arguments[:1])}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # of `corelib backends | head`, which has read enough
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it ends
        return 141


def _run(arguments: list[str]) -> int:
    parser, names = _parser(arguments[0] if arguments else "")
    if arguments and not arguments[0].startswith("-") and arguments[0] not in names:
        near = difflib.get_close_matches(arguments[0], names, 1)
        said = f"; did you mean {near[0]!r}?" if near else ""
        if arguments[0].endswith(".py"):
            said = f"; to run a program that says `import torch`: python -m corelib.as_torch {arguments[0]}"
        parser.error(f"there is no command {arguments[0]!r}{said} (choose from {', '.join(map(repr, names))})")
    args = parser.parse_args(arguments)
    if args.command is None:
        parser.print_help()
        return 0
    try:
        if getattr(args, "device", None) is not None:
            _check_device(parser, args.device)
        return int(args.run(args))
    except BackendError as error:
        print(f"corelib {args.command}: {error}", file=sys.stderr)
        return 1


def _check_device(parser: argparse.ArgumentParser, name: str) -> None:
    """End the command for what names no device; BackendError for one that cannot be used."""
    try:
        _ = device(name).runtime
    except BackendError:
        raise
    except RuntimeError as error:
        parser.error(f"argument --device: {error}")


_EPILOG = """\
first steps:
  corelib quickstart           a network learns to read digits, in a few seconds
  python                       >>> import corelib as torch
                               >>> torch.ones(2, 3) @ torch.ones(3)
                               tensor([3., 3.])
  python -m corelib.as_torch PROGRAM.py
                               runs a program that says `import torch`

`corelib COMMAND --help` says what a command takes; help(corelib.softmax), in Python, what a function does.
"""


def _parser(command_name: str) -> tuple[argparse.ArgumentParser, list[str]]:
    """The parser and the names of its commands; only the named command's options are added, for its module may load much else."""
    parser = argparse.ArgumentParser(
        prog="corelib", usage="corelib COMMAND [options]", description="PyTorch's tensors, autograd, nn and optim, on any device with a plugin.", epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"corelib {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND [options]", title="commands", prog="corelib")

    first = commands.add_parser(
        "quickstart",
        help="train a small network on handwritten digits",
        description="Train a small network on handwritten digits, save it, load it and predict one image.",
    )
    if command_name == "quickstart":
        from corelib.cli import quickstart  # with nn, optim and data, 70 ms that no other command needs

        quickstart.add_arguments(first)
        first.set_defaults(run=quickstart.run)

    listing = commands.add_parser(
        "backends",
        help="list the installed backends: device type, provider, availability, dtypes, devices",
        description="List the installed backends. One that does not work is listed with the reason.",
    )
    listing.add_argument("--json", action="store_true", help="print JSON, for programs")
    listing.set_defaults(run=backends.run)

    about = commands.add_parser("info", help="versions, devices, threads, compiler and settings: what to send with a bug report")
    if command_name == "info":
        from corelib.cli import info  # with the collector of facts, which no other command needs

        info.add_arguments(about)
        about.set_defaults(run=info.run)

    new = commands.add_parser("new-backend", help="write the project of a new backend")
    if command_name == "new-backend":
        new_backend.add_arguments(new)
        new.set_defaults(run=new_backend.run)
    _add_installed(commands, command_name)
    return parser, list(commands.choices)


def _add_installed(commands: argparse._SubParsersAction[argparse.ArgumentParser], command_name: str) -> None:
    """Commands that other packages bring, by entry points in the group `corelib.commands`: a module with HELP, `add_arguments`
    and `run`. `conformance` is always there, and says what to install where its package is not."""
    found = installed_modules("corelib.commands")
    if "conformance" not in found:
        missing = commands.add_parser("conformance", help="say whether a device can be trusted (pip install corelib-conformance)")
        missing.add_argument("rest", nargs=argparse.REMAINDER)
        missing.set_defaults(run=_without_conformance)
    for name, point in found.items():
        if name != command_name:
            commands.add_parser(name, help=_help(point) if command_name in ("", "-h", "--help") else None)
            continue
        module = point.load()
        added = commands.add_parser(name, help=module.HELP)
        module.add_arguments(added)
        added.set_defaults(run=module.run)


def _help(point: EntryPoint) -> str:
    """What another package's command does, in its own words where these can be had."""
    try:
        return str(point.load().HELP)
    except Exception:  # the page is there for the other commands
        return f"from the package {point.dist.name}" if point.dist else ""


def _without_conformance(args: argparse.Namespace) -> int:
    print("corelib conformance: the suite is a package of its own: pip install corelib-conformance", file=sys.stderr)
    return 1
