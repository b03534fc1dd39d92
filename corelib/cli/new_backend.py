"""`corelib new-backend`: a backend's project, written and ready to be filled in.

What is written works from the first minute: it installs, is listed by `corelib backends`, holds and copies tensors, and adds them; its
conformance test says level by level what is missing.
"""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from pathlib import Path
from string import Template

from corelib.dispatcher.plugins.discovery import INSTALL, is_device_type
from corelib.dispatcher.plugins.manager import entries

HELP = "write the project of a new backend"
_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("name", metavar="NAME", help="the distribution's name, such as corelib-acme")
    parser.add_argument("--device-type", required=True, metavar="T", help="what users write: device='T'")
    parser.add_argument("--into", type=Path, default=Path(), metavar="DIR", help="the folder in which the project's folder is made (default: here)")


def run(args: argparse.Namespace) -> int:
    """Write the project; 2 where a name or the folder will not do."""
    try:
        folder, files = create(args.name, args.device_type, args.into)
    except ValueError as error:
        print(f"corelib new-backend: {error}", file=sys.stderr)
        return 2
    print(f"{folder}: {len(files)} files. Next:\n    pip install -e {folder}\n    corelib backends\n    corelib conformance --device {args.device_type}")
    return 0


def create(name: str, device_type: str, into: Path) -> tuple[Path, list[Path]]:
    """Write the project and return its folder and files; ValueError for a name, a device type or a folder that is taken or malformed."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"argument NAME (={name!r}) must be lower-case letters, digits and single hyphens, such as corelib-acme")
    package = name.replace("-", "_")
    if keyword.iskeyword(package) or package in sys.stdlib_module_names or package == "corelib":
        raise ValueError(f"argument NAME (={name!r}) would make a package {package!r}, which Python or corelib has already")
    if not is_device_type(device_type):
        raise ValueError(f"argument --device-type (={device_type!r}) must be lower-case letters, digits and underscores, a letter first")
    owners = dict.fromkeys(INSTALL, "corelib's own backends") | {"meta": "corelib"} | {e.device_type: e.provider for e in entries()}
    if device_type in owners:
        raise ValueError(f"argument --device-type (={device_type!r}) is taken: it belongs to {owners[device_type]}")
    folder = into / name
    if folder.exists():
        raise ValueError(f"{folder} is there already, and nothing is written over it")
    words = {"name": name, "package": package, "device_type": device_type, "Class": "".join(w.capitalize() for w in name.removeprefix("corelib-").split("-")) + "Backend"}
    files = []
    for source in sorted(_TEMPLATES.rglob("*.txt")):
        relative = str(source.relative_to(_TEMPLATES))[:-4].replace("PACKAGE", package).replace("DOT", ".")
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
        files.append(target)
    return folder, files
