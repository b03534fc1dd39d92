"""Random numbers that a device makes itself: Philox is keyed on the element's index, so they are the host's bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corelib.dispatcher.calls.fallback import missing
from corelib.dispatcher.calls.outcome import computed
from corelib.dispatcher.declare import op
from corelib.dispatcher.op import TABLE
from corelib.ops.construction.construct import _from_array
from corelib.ops.conversion.copying import copy_elements
from corelib.ops.random.generator import Generator
from corelib.ops.random.philox import Philox
from corelib.ops.random.sampling import Sampler, check_uniform_bounds
from corelib.tensor import dtype as D
from corelib.tensor.device import cpu, device as Device
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.size import NATIVE_DIMS, Shape, is_dense
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    from corelib.ops.random.sampling import Array


def room_of(t: Tensor) -> Array | None:
    """The flat memory of a float32 tensor that lies on the host without gaps, for numbers to be drawn right into it; else None."""
    place = t._device
    if t._dtype is not D.float32 or place.type == "meta":
        return None
    runtime = place.runtime
    if not runtime.backend.host_memory or t._key is not runtime.key or len(t._shape) > NATIVE_DIMS:
        return None
    if t._strides is not None:
        if not is_dense(t._shape, t._strides):
            return None
        t = t._as_view((t._numel,), None, t._offset, t._numel)
    array = t._array()
    return array.reshape(-1) if type(array) is np.ndarray and array.flags.c_contiguous and array.flags.writeable else None


def filled(t: Tensor, array: Array, by_memory: bool = True) -> Tensor:
    """Put drawn numbers into a tensor: in the order of its memory where that is dense (and `by_memory`), else of elements."""
    if t._numel and t._device.type != "meta":
        if len(t._shape) > NATIVE_DIMS or (by_memory and t._strides is not None and is_dense(t._shape, t._strides)):
            filled(t._as_view((t._numel,), None, t._offset, t._numel), array)
            return t
        drawn = _from_array(np.ascontiguousarray(array).reshape(t._shape), t._device, copy=False)
        copy_elements(t, drawn)
    return t


def drawn_tensor(device: Device, dtype: DType, shape: Shape, array: Array) -> Tensor:
    """A tensor of drawn numbers, in the order of its elements: over the array itself where it lies on the host and has the dtype."""
    if device is cpu.runtime.device and array.dtype == dtype.np and 0 < len(shape) <= NATIVE_DIMS and array.size and array.flags.owndata:
        return _from_array(array.reshape(shape), device, copy=False)
    return filled(Tensor._empty(device, dtype, shape), array, by_memory=False)


@op(kind="creation", on=())
def philox(out: Tensor, seed: int, offset: int, distribution: str, low: float, high: float) -> None:
    """Fill `out`, in row-major order, from draw `offset` of `seed`; corelib.ops.random.philox says which numbers these are.

    distribution: "uniform" from `low` to `high`; "bernoulli", 1 with probability `low`; "integers" from `low` up to `high`.
    """
    stream = Philox(seed)
    stream.offset = offset
    sampler, n, dtype = Sampler(stream), out._numel, out._dtype.np
    if distribution == "uniform":
        array = sampler.random_uniform(n, dtype, low, high)
    elif distribution == "bernoulli":
        array = sampler.bernoulli(low, n, dtype)
    else:
        array = sampler.random_integers(n, int(low), int(high), dtype)
    filled(out, array, by_memory=False)


def drawn_there(t: Tensor, source: Generator, distribution: str, low: float = 0, high: float = 1) -> bool:
    """Fill a tensor on its device, where that has a kernel and the generator's algorithm is the one of devices.

    The arguments have been checked, but for the bounds of "uniform" (RuntimeError).
    """
    if source.algorithm != "philox":
        return False
    kernel = TABLE["philox"].kernel_for(t._key, t._dtype)
    if kernel is None or (distribution == "integers" and t._dtype not in D.INTEGERS):
        return False
    if t._strides is not None:
        if not is_dense(t._shape, t._strides):
            return False
        t = t._as_view((t._numel,), None, t._offset, t._numel)  # numbers stand in the order of memory
    if distribution == "uniform" and (low != 0 or high != 1):
        check_uniform_bounds(low, high, t._dtype.name)
    seed, offset = source.reserve()
    if t._numel:
        if not computed(TABLE["philox"], kernel, t._device, t._dtype, t._array(), seed, offset, distribution, low, high):
            missing(TABLE["philox"], t._device, t._dtype, (t,))  # raises: the numbers have been reserved
    return True
