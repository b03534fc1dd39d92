"""The runtime of the tiny device: memory in Python's bytearrays. Eight short methods, and everything else is kernels."""

import numpy as np  # the host's side of a copy; the device itself computes without it
from corelib.backend import Backend
from corelib_tiny_backend import kernels


class TinyBackend(Backend):
    device_type = "tiny"
    api_version = (1, 0)
    dtypes = dict.fromkeys(kernels.FORMATS, "native")  # what is not listed is absent, and refused

    def device_count(self):
        return 1

    def allocate(self, nbytes, index):
        if nbytes > 1 << 40:  # Python would rather be killed than say so
            raise MemoryError(f"{nbytes} bytes")
        return bytearray(nbytes)

    def free(self, buffer, index):
        pass  # a bytearray goes with its last reference

    def host_to_device(self, buffer, offset, data, index):
        buffer[offset : offset + data.nbytes] = data.tobytes()

    def device_to_host(self, buffer, offset, nbytes, index):
        return np.frombuffer(bytes(buffer[offset : offset + nbytes]), np.uint8).copy()

    def device_to_device(self, target, to, source, start, nbytes, index):
        target[to : to + nbytes] = source[start : start + nbytes]

    def synchronize(self, index):
        pass  # everything is done when a kernel returns

    def kernels(self):
        return kernels.table
