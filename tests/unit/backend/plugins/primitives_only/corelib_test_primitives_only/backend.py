"""Memory in NumPy arrays behind corelib's eight runtime functions, and one kernel for each primitive.

The kernels are those that corelib shares for NumPy-like modules. Each is checked at its door: what the backend's class
says that kernels do not take never reaches one, and no array of a dtype that is declared absent is ever made.
"""

import ml_dtypes  # noqa: F401  (registers bfloat16 with NumPy)
import numpy as np
from corelib.backend import Backend, KernelTable, xp

PRIMITIVES = """
    fill copy arange_
    neg bitwise_not sqrt exp log sin cos floor
    add sub mul true_div floor_divide remainder maximum lt eq
    bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift
    select_where sum prod amax amin batched_matmul take_rows put_rows
""".split()
FIRST_OPERAND_ONLY = ("fill", "arange_", "sum", "prod", "amax", "amin")  # the rest of their arguments are attributes
DTYPES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64".split()


class Guard:
    """NumPy without its floating-point warnings: infinities and NaN are results."""

    @staticmethod
    def run(function, *args, **names):
        with np.errstate(all="ignore"):
            return function(*args, **names)

    @staticmethod
    def unary(function):
        return lambda out, input: Guard.run(function, input, out)

    @staticmethod
    def binary(function):
        return lambda out, input, other: Guard.run(function, input, other, out=out)


class Bare(Backend):
    device_type = "bare"
    api_version = (1, 0)
    dtypes = dict.fromkeys(DTYPES, "native")  # noqa: RUF012

    def device_count(self):
        return 1

    def allocate(self, nbytes, index):
        return np.full(nbytes, 0xFF, np.uint8)  # NaN in every floating dtype: memory that nobody wrote is seen

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
        if dtype.name not in self.dtypes:
            raise AssertionError(f"an array of {dtype}, which {self.device_type} declares absent, was asked for")
        size = dtype.itemsize
        if 0 in shape:
            return np.ndarray(shape, dtype.np)
        return np.ndarray(shape, dtype.np, buffer, offset * size, [s * size for s in strides])

    def kernels(self):
        shared, made = KernelTable(), KernelTable()
        xp.register(shared, np, Guard)
        for name in PRIMITIVES:
            for dtype, kernel in shared[name].items():
                if dtype.name in self.dtypes:
                    made.register(name, dtype, self.checked(name, kernel))
        return made

    def checked(self, name, kernel):
        """A kernel that raises AssertionError for what this backend says it does not take."""
        return kernel


class Dense(Bare):
    device_type = "bare_dense"
    strided = "contiguous"

    def checked(self, name, kernel):
        if name == "copy":  # whose work is to make arrays contiguous
            return kernel

        def run(out, *args):
            for array in (out, *args):
                assert not isinstance(array, np.ndarray) or array.flags.c_contiguous, f"{name}: strides {array.strides}"
            return kernel(out, *args)

        return run


class Numberless(Bare):
    device_type = "bare_numberless"
    scalars = False

    def checked(self, name, kernel):
        if name in (*FIRST_OPERAND_ONLY, "copy", "take_rows", "put_rows"):
            return kernel

        def run(out, *args):
            assert all(isinstance(a, np.ndarray) for a in args), f"{name}: {[type(a).__name__ for a in args]}"
            return kernel(out, *args)

        return run


class Single(Bare):
    device_type = "bare_single"
    dtypes = {d: "native" for d in DTYPES if d not in ("float16", "bfloat16", "float64")}  # noqa: RUF012
