"""A first backend: memory in bytearrays, three kernels. In a package of your own this is the module behind the entry point

    [project.entry-points."corelib.backends"]
    tiny = "your_module"

and `corelib.device("tiny")` finds it. Here the hook is called by hand at the end.
"""

import numpy as np
from corelib.backend.base import Backend, KernelTable


class Tiny(Backend):
    """One device whose kernels are NumPy expressions over the buffers."""

    device_type = "tiny"
    api_version = (1, 0)
    indexed = False
    dtypes = {"float32": "native", "bool": "native", "int64": "storage"}

    def device_count(self):
        return 1

    def allocate(self, nbytes, index):
        return bytearray(nbytes)

    def free(self, buffer, index):
        pass  # the bytearray goes with its last reference

    def host_to_device(self, buffer, offset, data, index):
        buffer[offset : offset + data.nbytes] = data.tobytes()

    def device_to_host(self, buffer, offset, nbytes, index):
        return np.frombuffer(buffer, np.uint8, nbytes, offset).copy()

    def device_to_device(self, target, to, source, start, nbytes, index):
        target[to : to + nbytes] = source[start : start + nbytes]

    def synchronize(self, index):
        pass  # everything is done when it returns

    def native(self, buffer, dtype, shape, strides, offset, index):
        size = dtype.itemsize
        return np.ndarray(shape, dtype.np, buffer, offset * size, [s * size for s in strides])

    def kernels(self):
        table = KernelTable()
        table.register("fill", ["float32", "bool", "int64"], lambda out, value: out.fill(value))
        table.register("copy", ["float32", "bool", "int64"], lambda out, x: np.copyto(out, x, casting="unsafe"))
        table.register("add", ["float32"], lambda out, a, b: np.add(a, b, out))
        table.register("mul", ["float32"], lambda out, a, b: np.multiply(a, b, out))
        return table


def corelib_backend():
    """The hook that a plugin provides (marked with `corelib.backend.hookimpl`)."""
    return Tiny()
