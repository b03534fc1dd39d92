"""Runs a program from a seed and records its losses: the value of each tensor that `backward` is called on.

    python launch.py RECORD.json LOSSES (float32|float64) program.py ARGUMENTS

`import torch` is PyTorch here, or corelib under `python -m corelib.as_torch launch.py ...`. The program's file is executed as it
is; after LOSSES losses it is stopped (0: never). The record holds the losses and which of the stand-in modules it imported.

    python launch.py --serve

imports torch once and runs each program in a process forked from that: a line of input is a JSON list of the folder, the files for stdout and
stderr, the seconds it may take and the arguments above; a line of output is its exit status. So the import is paid for once.
"""

import json
import os
import random
import signal
import sys
import traceback
import types
from importlib.machinery import PathFinder

import numpy as np
import torch

SEED = 1234
STANDINS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "standins")


class Standins:
    """Stands before all finders, so that `torchvision` is the stand-in in both libraries' runs: as_torch would find corelib.vision."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        found = PathFinder.find_spec(name, [STANDINS] if path is None else path)
        where = found is not None and (found.origin or next(iter(found.submodule_search_locations or ()), ""))
        return found if where and where.startswith(STANDINS) else None


sys.meta_path.insert(0, Standins)


def watch(losses, most):
    """Let Tensor.backward write down what it is called on, and end the program after `most`."""
    backward = torch.Tensor.backward

    def recorded(self, *arguments, **named):
        losses.append(float(self.detach().sum().item()))
        backward(self, *arguments, **named)
        if len(losses) == most:
            raise SystemExit(0)

    torch.Tensor.backward = recorded


def main():
    record, most, dtype, path = sys.argv[1:5]
    sys.argv = sys.argv[4:]
    losses = []
    watch(losses, int(most))
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    if dtype != "float32":
        torch.set_default_dtype(getattr(torch, dtype))
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__dict__.update(__file__=path, __builtins__=__builtins__)
    process = os.getpid()
    try:
        exec(code, module.__dict__)
    finally:
        if os.getpid() == process:
            files = [str(getattr(each, "__file__", None)) for each in list(sys.modules.values())]
            stands = sorted({os.path.relpath(each, STANDINS).split(os.sep)[0].removesuffix(".py") for each in files if each.startswith(STANDINS)})
            with open(record, "w") as file:
                json.dump({"losses": losses, "stands": [each for each in stands if each != "generated"]}, file)


def serve():
    """Run what the lines of input say, one after another."""
    for line in sys.stdin:
        folder, out, error, seconds, arguments = json.loads(line)
        child = os.fork()
        if not child:
            status = 1
            try:
                signal.alarm(seconds)
                os.chdir(folder)
                for path, descriptor in ((os.devnull, 0), (out, 1), (error, 2)):
                    os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), descriptor)
                sys.argv = [sys.argv[0], *arguments]
                main()
                status = 0
            except SystemExit as stop:
                status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
                if isinstance(stop.code, str):
                    print(stop.code, file=sys.stderr)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["--serve"] else main()
