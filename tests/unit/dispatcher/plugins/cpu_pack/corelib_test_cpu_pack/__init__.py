"""A kernel pack that replaces one op of the cpu device, and passes small calls on."""

from corelib.backend import hookimpl


@hookimpl
def corelib_kernels(device_type, table):
    import numpy as np

    table.priority = 20
    table.api_version = (1, 0)

    @table("tanh", ("float32",))
    def tanh(out, input):
        if input.size <= 2:
            return NotImplemented
        e = np.exp(-2 * np.abs(input))
        out[...] = np.copysign((1 - e) / (1 + e), input)
        return None
