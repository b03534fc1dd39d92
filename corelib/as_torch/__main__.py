"""Run a program whose `import torch` means corelib: `python -m corelib.as_torch [--report] (script.py | -m module | -c code | -) ARGS`."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType

from corelib.as_torch.report import report
from corelib.as_torch.torch import SHIM, install
from corelib.as_torch.tracebacks import shorten

USAGE = """usage: python -m corelib.as_torch [--report] (script.py | -m module | -c code | -) [arguments]

Runs a program with `import torch` meaning corelib.
  --report   at the end, print to stderr which names of PyTorch were asked for and are not here, and which operators ran on the host

A traceback shows the program's frames and those of corelib's modules, optimizers and loaders; with CORELIB_TRACEBACK=full in the environment all.
"""


def main(arguments: list[str]) -> None:
    """Do as the command line says."""
    if arguments[:1] == ["--report"]:
        arguments = arguments[1:]
        report()
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, end="", file=sys.stderr if not arguments else sys.stdout)
        raise SystemExit(0 if arguments else 2)
    what, rest = arguments[0], arguments[1:]
    if what in ("-m", "-c") and not rest:
        raise SystemExit(f"corelib.as_torch: {what} expects an argument")
    if what.startswith("-") and what not in ("-m", "-c", "-"):
        raise SystemExit(f"corelib.as_torch: unknown option {what}; accepted are --report, -m, -c and a script")
    install()
    if what == "-m":
        sys.argv = rest
        module = f"corelib.{rest[0][6:]}" if rest[0][:6] == "torch." else rest[0]  # PyTorch's own programs, as torch.utils.collect_env
        _shown(lambda: runpy.run_module(module, run_name="__main__", alter_sys=True))
    elif what == "-c":
        sys.argv = ["-c", *rest[1:]]
        _run(compile(rest[0], "<string>", "exec"), None)
    elif what == "-":
        sys.argv = ["-", *rest]
        _run(compile(sys.stdin.buffer.read(), "<stdin>", "exec"), None)
    else:
        script(what, rest)


def script(path: str, arguments: list[str]) -> None:
    """Run a file as `python path arguments` does."""
    sys.argv = [path, *arguments]
    if os.path.isdir(path):  # or an archive, with a __main__.py in it
        _shown(lambda: runpy.run_path(path, run_name="__main__"))
        return
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        raise SystemExit(f"corelib.as_torch: can't open file {path!r}: {error.strerror}") from None
    if source[:4] == b"PK\x03\x04":
        _shown(lambda: runpy.run_path(path, run_name="__main__"))
        return
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    _run(compile(source, path, "exec"), path)


def _run(code: CodeType, path: str | None) -> None:
    """The code as the module `__main__`, which stays so until the end: what the program leaves running finds its names."""
    module = sys.modules["__main__"] = ModuleType("__main__")
    module.__dict__.update(__file__=path, __loader__=SourceFileLoader("__main__", path), __builtins__=__builtins__) if path else None
    _shown(lambda: exec(code, module.__dict__))


def _shown(run: Callable[[], object]) -> None:
    """Run the program, and show what ends it without the frames of this file and of runpy."""
    try:
        run()
    except SystemExit:
        raise
    except BaseException as error:
        here = error.__traceback__
        while here is not None and here.tb_frame.f_code.co_filename in (__file__, runpy.__file__, "<frozen runpy>"):
            here = here.tb_next
        error.__traceback__ = here or error.__traceback__
        shorten(error)
        sys.excepthook(type(error), error, error.__traceback__)
        if isinstance(error, KeyboardInterrupt):  # by which Python ends itself, as it was asked to
            sys.excepthook = lambda *told: None
            raise
        raise SystemExit(1) from None


if __name__ == "__main__":
    if sys.path[0] == SHIM:
        del sys.path[0]
    main(sys.argv[1:])
