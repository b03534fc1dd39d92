"""Kernels: their texts as the executor compiled them, their arguments as CUDA reads them, and the limits of an sm_80."""

from __future__ import annotations

import ctypes
import re
from typing import NamedTuple

from executor import Module

from simulated_cuda.errors import FOUND, INVALID_HANDLE, INVALID_VALUE, CudaError, StandinFault
from simulated_cuda.machine import MACHINE, Device
from simulated_cuda.order import Use

THREADS, BLOCK, GRID, SHARED, SHARED_OPT_IN = 1024, (1024, 1024, 64), (2**31 - 1, 65535, 65535), 48 << 10, 163 << 10
ARGUMENT_BYTES = 4096

_SIZES = {
    "bool": 1, "char": 1, "signed char": 1, "unsigned char": 1, "i8": 1, "u8": 1, "short": 2, "unsigned short": 2, "i16": 2, "u16": 2, "half": 2, "int": 4,
    "unsigned int": 4, "unsigned": 4, "i32": 4, "u32": 4, "float": 4, "f32": 4, "long long": 8, "unsigned long long": 8, "i64": 8, "u64": 8,
    "double": 8, "f64": 8,
}  # fmt: skip
_WORDS = re.compile(r"\b(?:GLOBAL|__restrict__|const|struct|__grid_constant__)\b")


class Parameter(NamedTuple):
    """One parameter of a kernel: its bytes, and whether it is a pointer to what the kernel may write, or only reads."""

    nbytes: int
    pointer: bool
    constant: bool


def parameters(text: str, name: str) -> list[Parameter]:
    """The parameters of a kernel, from its text."""
    found = re.search(r"__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?" + re.escape(name) + r"\s*\(([^)]*)\)", text)
    if found is None:
        raise CudaError(INVALID_HANDLE, f"there is no kernel {name}")
    made = []
    for part in filter(None, (p.strip() for p in found[1].split(","))):
        if "*" in part:
            made.append(Parameter(8, True, "const" in part.split("*")[0]))
            continue
        kind = " ".join(_WORDS.sub(" ", part).split()[:-1])
        made.append(Parameter(size_of(text, kind)[0], False, True))
    return made


def size_of(text: str, kind: str) -> tuple[int, int]:
    """(size, alignment) of a type by C's rules, structs of the text included."""
    if kind in _SIZES:
        return _SIZES[kind], _SIZES[kind]
    found = re.search(r"typedef\s+struct\s*\w*\s*\{([^}]*)\}\s*" + re.escape(kind) + r"\s*;", text) or re.search(r"struct\s+" + re.escape(kind) + r"\s*\{([^}]*)\}", text)
    if found is None:
        raise StandinFault(f"the stand-in does not know the size of {kind!r}")
    at, widest = 0, 1
    for field in filter(None, (f.strip() for f in found[1].split(";"))):
        first, *more = field.split(",")
        words = _WORDS.sub(" ", first)
        pointer = "*" in words
        *base, last = words.replace("*", " ").split()
        size, alignment = (8, 8) if pointer else size_of(text, " ".join(base))
        for declared in (last, *more):
            count = 1
            for n in re.findall(r"\[(\d+)\]", declared):
                count *= int(n)
            at = -(-at // alignment) * alignment + size * count
        widest = max(widest, alignment)
    return -(-at // widest) * widest, widest


def static_shared(text: str) -> int:
    """The bytes of shared memory that a text declares for a block."""
    total = 0
    for kind, names in re.findall(r"(?<!extern )__shared__\s+([\w ]+?)\s+(\w+\s*\[[^;]*);", text):
        for dimensions in re.findall(r"\w+\s*((?:\[\s*\d+\s*\])+)", names):
            count = 1
            for n in re.findall(r"\d+", dimensions):
                count *= int(n)
            total += count * size_of(text, kind)[0]
    return total


class Loaded:
    """A kernel that was loaded on a device."""

    def __init__(self, device: Device, text: str, name: str, module: Module) -> None:
        self.device = device
        self.name = name
        self.parameters = parameters(text, name)
        self.shared = static_shared(text)
        self.most_dynamic = SHARED - self.shared
        self._function = module.function(name)
        if sum(p.nbytes for p in self.parameters) > ARGUMENT_BYTES:
            raise CudaError(INVALID_VALUE, f"{name} takes more than {ARGUMENT_BYTES} bytes of arguments")

    def launch(self, grid: tuple[int, int, int], block: tuple[int, int, int], dynamic: int, handle: int, places: int) -> None:
        """Queue it: the arguments' bytes are read now, everything else comes later."""
        stream = MACHINE.stream(handle)
        if stream.device is not MACHINE.current or self.device is not stream.device:
            where = f"{self.name} was loaded on device {self.device.index}, the stream is of device {stream.device.index}"
            raise CudaError(INVALID_HANDLE, f"{where}, and device {MACHINE.current.index} is current")
        threads = block[0] * block[1] * block[2]
        if not all(1 <= n <= most for n, most in zip((*grid, *block), (*GRID, *BLOCK), strict=True)) or threads > THREADS:
            raise CudaError(INVALID_VALUE, f"{self.name}: a grid of {grid} blocks of {block} threads; at most {GRID} of {BLOCK} and {THREADS} threads")
        if dynamic > self.most_dynamic:
            raise CudaError(INVALID_VALUE, f"{self.name}: {self.shared} + {dynamic} bytes of shared memory; at most {self.shared + self.most_dynamic}")
        pointers = (ctypes.c_void_p * len(self.parameters)).from_address(places) if self.parameters else []
        arguments = [ctypes.string_at(at, p.nbytes) for at, p in zip(pointers, self.parameters, strict=True)]
        uses = []
        for argument, p in zip(arguments, self.parameters, strict=True):
            address = int.from_bytes(argument, "little") if p.pointer else 0
            if not address:
                continue
            held = MACHINE.device_at(address).allocations.holding(address)
            if held is not None:
                uses.append(Use(*held, not p.constant))
        arenas = [MACHINE.devices[i].arena for i in (stream.device.index, *sorted(stream.device.peers))]
        seed = MACHINE.random.getrandbits(32)

        def run() -> None:
            try:
                self._function.launch(arenas, grid, block, arguments, dynamic, seed)
            except RuntimeError as error:
                FOUND.append(error)
                error.add_note(f"in {self.name}, launched with a grid of {grid} blocks of {block} threads")
                raise

        MACHINE.scheduler.queue(stream, f"kernel {self.name}", run, uses, 1000 * grid[0] * grid[1] * grid[2])
