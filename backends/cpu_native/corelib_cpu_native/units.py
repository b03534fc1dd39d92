"""Texts to functions: a unit is a text with kernels in it, compiled and loaded when the first of them is called."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from corelib.backend.codegen.types import C
from corelib.tensor.dtype import dtype as DType
from corelib_cpu_native import blas, cache as kept, threads
from corelib_cpu_native.api import address, api, KIND, layout

_FASTCALL = 0x0080
_lock = threading.RLock()
_kept_alive: list[object] = []  # Python's functions point to these


class _Method(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = [("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p)]


_new_function = ctypes.pythonapi.PyCFunction_NewEx
_new_function.restype = ctypes.py_object
_new_function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]


@cache
def text_of(name: str) -> str:
    """A text of this package, such as core.h."""
    return files("corelib_cpu_native").joinpath("c", name).read_text("utf-8")


@cache
def _head() -> str:
    places = "".join(f"#define {name} {value}\n" for name, value in layout().items())
    return places + text_of("core.h")


def of_dtype(dtype: DType) -> str:
    """What a text that is compiled for a dtype begins with: `KIND`, the type `MEM` of an element in memory and `T` of a value, `LOAD` and `STORE`."""
    c = C[dtype]
    names = {"KIND": str(KIND[dtype]), "MEM": c.memory, "T": c.compute, "LOAD": f"load_{c.tag}", "STORE": f"store_{c.tag}", f"IS_{c.tag.upper()}": "1"}
    return text_of("math.h") + "".join(f"#define {name} {value}\n" for name, value in names.items())


@cache
def pool() -> ctypes.CDLL:
    """The object with the pool of threads, of which a process has one."""
    made = kept.load(_head() + text_of("pool.c"))
    python = [ctypes.pythonapi.PyEval_SaveThread, ctypes.pythonapi.PyEval_RestoreThread, ctypes.pythonapi.PyErr_CheckSignals]
    made.pool_init(*[ctypes.c_void_p(place) for place in (blas.thread_setter(), *map(address, python))])
    blas.share(address(made.pool_blas))
    threads.follow(made.pool_set)
    return made


@cache
def _table() -> ctypes.Structure:
    sgemm, dgemm = blas.gemms()
    found = pool()
    interrupted = ctypes.addressof(ctypes.c_int.in_dll(found, "pool_interrupted"))
    return api({"release": address(found.pool_release), "acquire": address(found.pool_acquire), "parallel": address(found.pool_run), "interrupted": interrupted, "threads": address(found.pool_get), "begin_product": address(found.pool_begin_product),
        "end_product": address(found.pool_end_product), "sgemm": sgemm, "dgemm": dgemm})


@cache
def any_can_be_made() -> bool:
    """Whether the compiler works at all."""
    try:
        kept.load("int corelib_works(void) { return 1; }\n")
    except (RuntimeError, OSError):
        return False
    return True


def functions(text: str, names: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
    """The kernels of a text, as Python's functions. RuntimeError or OSError where it cannot be compiled or loaded."""
    with _lock:
        table = _table()
        library = kept.load(_head() + text)
        library.corelib_attach(ctypes.byref(table))
        made = {}
        for name in names:
            method = _Method(name.encode(), address(getattr(library, f"k_{name}")), _FASTCALL, None)
            _kept_alive.extend([method, library])
            made[name] = _new_function(ctypes.addressof(method), None, None)
        return made
