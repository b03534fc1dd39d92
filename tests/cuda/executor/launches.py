"""Modules, their kernels and launches, by the words of CUDA's driver; and the record of what was executed."""

from __future__ import annotations

import ctypes
import random
import subprocess
from collections.abc import Sequence

from . import units
from .faults import Fault, KINDS
from .memory import Arena, LOCK
from .runtime import available, Launch, library, Variable
from .texts import parameters, read

MOST_THREADS, MOST_SHARED = 1024, 48 << 10
MOST_BLOCK, MOST_GRID = (1024, 1024, 64), (2**31 - 1, 65535, 65535)
"""Of an sm_80, without the attribute that asks for more shared memory."""

SECONDS = 120.0
"""Of the processor, after which a kernel is taken for one that does not end."""


class Record:
    """What was compiled and executed, over texts; for reports."""

    def __init__(self) -> None:
        self.compiled: set[str] = set()
        self.executed: set[str] = set()
        self.checked: set[str] = set()
        self.launches = 0
        self.threads = 0
        self.conversions: dict[str, int] = {}
        """Of floating-point numbers that the integer cannot hold, whose result C leaves open, by kernel."""
        self.replaced: dict[str, int] = {}
        """How many of the texts use functions that were not executed as they are written."""

    def __str__(self) -> str:
        said = ", ".join(f"{name} in {count}" for name, count in sorted(self.replaced.items())) or "none"
        return (
            f"texts compiled {len(self.compiled)}, executed {len(self.executed)} (checked {len(self.checked)}); launches {self.launches}, "
            f"threads {self.threads}; not executed as written: {said}; "
            f"conversions to integers that C leaves open: {', '.join(f'{name} {count}' for name, count in sorted(self.conversions.items())) or 'none'}"
        )


executed = Record()


class Module:
    """A text, compiled; RuntimeError with the compiler's words where it does not compile, or names PTX that the executor lacks.

    checked: whether every access is looked up (see runtime.h); without, kernels run several times as fast and find nothing.
    """

    def __init__(self, text: str, checked: bool = True) -> None:
        why = available()
        if why:
            raise RuntimeError(f"texts cannot be executed here: {why}")
        self.text = read(text)
        self.hash = units.digest(text)
        self.checked = checked
        self._unit = units.unit_of(text, checked)
        if self.hash not in executed.compiled:
            executed.compiled.add(self.hash)
            for name in self.text.replaced:
                if name in self.text.source or name.startswith("extern"):
                    executed.replaced[name] = executed.replaced.get(name, 0) + 1

    def function(self, name: str) -> Function:
        """A kernel of the text; RuntimeError where there is none of that name."""
        if name not in self.text.kernels:
            raise RuntimeError(f"no kernel {name!r}; the text has {', '.join(self.text.kernels) or 'none'}")
        return Function(self, name, self._unit)


class Function:
    """A kernel that can be launched."""

    def __init__(self, module: Module, name: str, unit: units.Unit) -> None:
        self.module = module
        self.name = name
        self.parameters = parameters(module.text.source, name)
        """The C declaration of each."""
        own = units.own_name(name, unit.numbers[module.hash])
        lib, self._sections = units.loaded(unit.path)
        self._path = unit.path
        entry = units.Kernel.in_dll(lib, f"entry_{own}")
        self._call = entry.call
        self.nparams = entry.count
        self.sizes = tuple(entry.sizes[n] for n in range(entry.count))
        self._kinds = tuple(entry.kinds[n] for n in range(entry.count))
        self._shared = [(self._sections[0] + start, size) for start, size in unit.shared.get(own, [])]
        self.shared_bytes = sum(size for _, size in self._shared)
        """Of static shared memory."""

    def launch(
        self, arenas: Sequence[Arena], grid: tuple[int, int, int], block: tuple[int, int, int], arguments: Sequence[bytes], shared: int = 0,
        seed: int | None = None, warp: int = 32,
    ) -> None:
        """Run all threads, and return when they have. `arguments` are each parameter's bytes, as cuLaunchKernel gets them: a pointer is a
        device's address, of one of `arenas`. `seed` decides the order of blocks and threads. Fault where something is wrong.
        """
        self._limits(grid, block, shared, warp)
        self._accepted(arguments)
        with LOCK:
            held = ctypes.create_string_buffer(16 + sum(-(-size // 16) * 16 for size in self.sizes))
            at, places = (ctypes.addressof(held) + 15) // 16 * 16, (ctypes.c_void_p * (self.nparams + 1))()
            for n, data in enumerate(arguments):  # each where a value of any type may lie
                ctypes.memmove(at, self._translated(arenas, n, data), len(data))
                places[n] = at
                at += -(-len(data) // 16) * 16
            handles = (ctypes.c_void_p * max(len(arenas), 1))(*[arena.handle for arena in arenas])
            dynamic = ctypes.create_string_buffer(shared + 256) if shared else None
            begin = (ctypes.addressof(dynamic) + 255) // 256 * 256 if dynamic is not None else 0
            variables = [*self._shared, *([(begin, shared)] if shared else [])]
            all_shared = (Variable * max(len(variables), 1))(*variables)
            run = Launch(
                entry=self._call, arguments=ctypes.addressof(places), grid=(ctypes.c_uint32 * 3)(*grid), block=(ctypes.c_uint32 * 3)(*block),
                plain=not self.module.text.meets, warp=warp, seed=random.getrandbits(62) if seed is None else seed, arenas=ctypes.addressof(handles),
                narenas=len(arenas), shared=ctypes.addressof(all_shared), nshared=len(variables), low=self._sections[0], high=self._sections[1],
                dynamic=begin, dynamic_size=shared, constant_low=self._sections[2], constant_high=self._sections[3], seconds=SECONDS,
            )
            library().corelib_run(ctypes.addressof(run))
            executed.launches += 1
            executed.threads += run.threads_run
            if run.conversions:
                executed.conversions[self.name] = executed.conversions.get(self.name, 0) + run.conversions
            if run.fault.kind:
                raise self._told(run, arenas, arguments)
            executed.executed.add(self.module.hash)
            if self.module.checked:
                executed.checked.add(self.module.hash)
            else:
                for kind, data in zip(self._kinds, arguments, strict=True):
                    address = int.from_bytes(data, "little")
                    for arena in arenas if kind == 2 else ():
                        if arena.holds(address):
                            arena.mark_written(address)

    def _limits(self, grid: tuple[int, int, int], block: tuple[int, int, int], shared: int, warp: int) -> None:
        wrong = ""
        threads = block[0] * block[1] * block[2]
        if threads > MOST_THREADS or any(n > most for n, most in zip(block, MOST_BLOCK, strict=True)):
            wrong = f"a block of {block}, {threads} threads: at most {MOST_BLOCK}, {MOST_THREADS} threads"
        elif threads > self.module.text.bounds.get(self.name, threads):
            wrong = f"a block of {threads} threads: its launch bounds are {self.module.text.bounds[self.name]}"
        elif min(*grid, *block) < 1:
            wrong = f"a grid of {grid} blocks of {block} threads: at least one of each"
        elif any(n > most for n, most in zip(grid, MOST_GRID, strict=True)):
            wrong = f"a grid of {grid} blocks: at most {MOST_GRID}"
        elif self.shared_bytes + shared > MOST_SHARED:
            wrong = f"{self.shared_bytes} + {shared} bytes of shared memory: at most {MOST_SHARED}"
        elif warp not in (32, 64):
            wrong = f"warps of {warp} threads: 32 (CUDA) or 64 (HIP)"
        if wrong:
            raise Fault("limits", f"{self.name}: launched with {wrong}", self.name)

    def _accepted(self, arguments: Sequence[bytes]) -> None:
        if len(arguments) != self.nparams:
            raise Fault("arguments", f"{self.name}: launched with {len(arguments)} arguments; it has {self.nparams}: {', '.join(self.parameters)}", self.name)
        for n, (data, size) in enumerate(zip(arguments, self.sizes, strict=True)):
            if len(data) != size:
                raise Fault("arguments", f"{self.name}: argument {n} has {len(data)} bytes; `{self.parameters[n]}` has {size}", self.name)

    def _translated(self, arenas: Sequence[Arena], n: int, data: bytes) -> bytes:
        """A parameter's bytes with a device's address as the place that stands for it; others, null among them, stay and fault when used."""
        if self._kinds[n]:
            address = int.from_bytes(data, "little")
            for arena in arenas:
                if arena.holds(address):
                    return (library().arena_memory(arena.handle) + address - arena.base).to_bytes(8, "little")
        return data

    def _told(self, run: Launch, arenas: Sequence[Arena], arguments: Sequence[bytes]) -> Fault:
        """What the runtime found, in words."""
        found = run.fault
        kind = KINDS[found.kind]
        line = found.line or (self._line(found.place) if found.place else 0)
        where = "shared memory" if found.memory == 1 else ""
        if found.memory == 0 and found.address:
            owner = next((arena for arena in arenas if arena.holds(found.address)), None)
            if owner is not None:
                if kind == "outside" and owner.freed(found.address) and owner.array_at(found.address) is None:
                    kind = "freed"
                where = f"{found.address:#x}, {owner.described(found.address)}{self._argument(owner, found.address, arguments)}"
            else:
                where = f"{found.address:#x}, which is in no array of the device"
        elif found.memory == 1:
            where = f"shared memory at byte {found.address} of {self.shared_bytes}" if kind != "outside" else "shared memory, outside of the kernel's variables"
        elif found.address:
            where = f"{found.address:#x}, which is in no array of the device"
        act = f"{'write' if found.write else 'read'} of {found.size} bytes"
        other = self._who(found.other, run.warp)
        text = found.text.decode()
        said = {
            "outside": f"{act} outside of every array: {where}" if found.kind != 10 else f"an array's {text} is outside of it",
            "freed": f"{act} of freed memory: {where}", "unwritten": f"read of what was never written: {where}",
            "race": f"{act} and another of {other} without a barrier between: {where}",
            "race between blocks": f"{act} and another of a different block ({other}): {where}",
            "misaligned": f"misaligned access: {where}, to be a multiple of {found.size}", "division": f"integer division by zero {text}",
            "shift": f"shift {text}, past the width", "crash": f"{text}", "unsupported": text, "endless": f"it had not ended after {SECONDS:g} s",
        }
        divergent = {
            6: f"{found.waiting} of {found.number} threads wait at a barrier, the others have returned",
            7: f"thread {found.other} waits at another barrier", 8: f"waits in a function of its warp for thread {found.other}, which has returned",
            9: "waits in a function of its warp for lanes of the mask that do not come to it",
        }  # fmt: skip
        message = divergent.get(found.kind) or said[kind]
        at = f", line {line}" if line else ""
        code = f"\n  {self._code(line)}" if line else ""
        return Fault(kind, f"{self.name}: {kind}: {message}; block {self._three(found.block, run.grid)}, thread {self._three(found.thread, run.block)}{at}{code}", self.name, line)

    @staticmethod
    def _three(number: int, of: Sequence[int]) -> str:
        return f"({number % of[0]}, {number // of[0] % of[1]}, {number // of[0] // of[1]})"

    @staticmethod
    def _who(other: int, warp: int) -> str:
        return f"thread {other}" if other < 1024 else "several threads" if other == 0xFFF else f"several threads of warp {other - 1024}"

    def _argument(self, arena: Arena, address: int, arguments: Sequence[bytes]) -> str:
        """Which parameters point to the array that an address lies in."""
        array = arena.array_at(address)
        names = [
            self.parameters[n] for n, (kind, data) in enumerate(zip(self._kinds, arguments, strict=True))
            if kind and array is not None and arena.array_at(int.from_bytes(data, "little")) == array
        ]
        return f" (`{'`, `'.join(names)}`)" if names else ""

    def _line(self, place: int) -> int:
        """The line of the text that code belongs to; 0 where it is the prelude's or not known."""
        told = subprocess.run(["addr2line", "-i", "-e", self._path, hex(place)], capture_output=True, text=True, check=False).stdout
        for line in told.splitlines():  # the innermost first; the kernel is behind the functions that were put into it
            file, _, number = line.split(" ")[0].rpartition(":")
            if file.rpartition("/")[2].startswith("text") and number.isdigit():
                return int(number)
        return 0

    def _code(self, line: int) -> str:
        lines = self.module.text.source.splitlines()
        at = line - self.module.text.lines - 1
        return lines[at].strip()[:160] if 0 <= at < len(lines) else ""
