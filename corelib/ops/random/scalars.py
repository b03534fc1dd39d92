"""Single random numbers as Python's: what a tensor of one element would hold, from the same words, without the tensor.

For what draws its parameters one by one, as transforms of images do.
"""

from __future__ import annotations

from struct import Struct

from corelib.ops.construction.creation import empty
from corelib.ops.random.generator import default_of
from corelib.ops.random.mt19937 import Mt19937
from corelib.ops.random.random import randint
from corelib.tensor.device import cpu, get_default_device
from corelib.tensor.dtype import float32
from corelib.tensor.promotion import get_default_dtype

_SINGLE = Struct("f")
_UNIT24 = 2.0**-24


def _single(x: float) -> float:
    """The nearest float32."""
    found: float = _SINGLE.unpack(_SINGLE.pack(x))[0]
    return found


def _stream() -> Mt19937 | None:
    """The words that a tensor made now, of the default dtype on the default device, would be drawn from, if they are the host's and it is float32."""
    if get_default_dtype() is not float32 or get_default_device() != cpu:
        return None
    stream = default_of(cpu)._stream
    return stream if isinstance(stream, Mt19937) else None


def uniform(low: float = 0.0, high: float = 1.0) -> float:
    """`torch.empty(1).uniform_(low, high).item()`, in a tenth of its time.

    >>> import corelib as torch
    >>> from corelib.ops.random.scalars import uniform
    >>> _ = torch.manual_seed(0); one = uniform(1, 3)
    >>> _ = torch.manual_seed(0); one == torch.empty(1).uniform_(1, 3).item()
    True
    """
    stream = _stream()
    if stream is not None and low == 0.0 and high == 1.0:  # 24 bits are a float32 as they are
        with default_of(cpu)._lock:
            return (int(stream._words(1)[0]) & 0xFFFFFF) * _UNIT24
    start, end = (low, high) if stream is None else (_single(low), _single(high))
    if stream is None or not start < end or not end - start < 3e38:
        return float(empty(1).uniform_(low, high).item())
    with default_of(cpu)._lock:
        word = int(stream._words(1)[0]) & 0xFFFFFF
    made = _single(word * (_UNIT24 * _single(end - start)) + start)
    return start if made == end else made


def integer(low: int, high: int) -> int:
    """`torch.randint(low, high, (1,)).item()`, in a tenth of its time.

    >>> import corelib as torch
    >>> from corelib.ops.random.scalars import integer
    >>> _ = torch.manual_seed(0); integer(0, 10)
    4
    """
    stream = _stream() if 0 < high - low < 1 << 24 else None
    if stream is None:
        return int(randint(low, high, (1,)).item())
    with default_of(cpu)._lock:
        return low + int(stream._words(1)[0]) % (high - low)
