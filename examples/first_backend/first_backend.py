"""A first backend: device type `first`, its memory in Python's bytearrays, its kernels by NumPy."""

import numpy as np
from corelib.backend import Backend, KernelTable, hookimpl

NUMBERS, ALL = ("float32", "int64"), ("float32", "int64", "bool")
kernels = KernelTable()
kernels.register("fill", ALL, lambda out, value: out.fill(value))
kernels.register("copy", ALL, lambda out, x: np.copyto(out, x, casting="unsafe"))
kernels.register("sum", NUMBERS, lambda out, x, dims, keepdim: np.add.reduce(x, dims, None, out, keepdim))
for name, ufunc in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "mm": np.matmul}.items():
    kernels.register(name, NUMBERS, lambda out, a, b, ufunc=ufunc: ufunc(a, b, out))


class First(Backend):
    device_type, api_version, dtypes = "first", (1, 0), dict.fromkeys(ALL, "native")

    def device_count(self): return 1
    def allocate(self, nbytes, index): return bytearray(nbytes)
    def free(self, buffer, index): pass  # a bytearray goes with its last reference
    def host_to_device(self, buffer, offset, data, index): buffer[offset : offset + data.nbytes] = data.tobytes()
    def device_to_host(self, buffer, offset, nbytes, index): return np.frombuffer(buffer, np.uint8, nbytes, offset).copy()
    def device_to_device(self, to, i, source, j, nbytes, index): to[i : i + nbytes] = source[j : j + nbytes]
    def synchronize(self, index): pass  # everything is done when it returns
    def native(self, buffer, dtype, shape, strides, offset, index):
        size = dtype.itemsize
        return np.ndarray(shape, dtype.np, buffer, offset * size, [s * size for s in strides])
    def kernels(self): return kernels


@hookimpl
def corelib_backend(): return First()
