"""The smallest backend that can hold, move, fill, copy and add tensors: NumPy arrays behind a lock of none."""

import numpy as np
from corelib.backend import Backend, KernelTable

DTYPES = ("float32", "float64", "int64")
kernels = KernelTable()


@kernels("fill", dtypes=DTYPES)
def fill(out, value):
    out[...] = value


@kernels("copy", dtypes=(*DTYPES, "bool"))
def copy(out, x):
    out[...] = x


@kernels("add", dtypes=DTYPES)
def add(out, x, y):
    np.add(x, y, out=out)


class GoodBackend(Backend):
    device_type = "good"
    api_version = (1, 0)
    dtypes = {**dict.fromkeys(DTYPES, "native"), "bool": "storage"}  # noqa: RUF012

    def device_count(self):
        return 2

    def device_name(self, index):
        return f"Good {index}"

    def allocate(self, nbytes, index):
        return np.empty(nbytes, np.uint8)

    def free(self, buffer, index):
        pass  # the array goes with its last reference

    def host_to_device(self, buffer, offset, data, index):
        buffer[offset : offset + data.nbytes] = data

    def device_to_host(self, buffer, offset, nbytes, index):
        return buffer[offset : offset + nbytes].copy()

    def device_to_device(self, target, to, source, start, nbytes, index):
        target[to : to + nbytes] = source[start : start + nbytes]

    def synchronize(self, index):
        pass  # NumPy has finished when it returns

    def native(self, buffer, dtype, shape, strides, offset, index):
        size = dtype.itemsize
        return np.ndarray(shape, dtype.np, buffer, offset * size, [s * size for s in strides])

    def kernels(self):
        return kernels
