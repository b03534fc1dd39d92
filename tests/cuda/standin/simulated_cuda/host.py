"""The host's memory as a driver sees it: by address, without a crash where nothing is mapped; and page-locked memory."""

from __future__ import annotations

import ctypes
import mmap
import os

from simulated_cuda.errors import INVALID_VALUE, CudaError, fault

DEVICE_BASE = 0x4000_0000_0000_0000  # no processor maps it, so that any use of a device's address by the host faults
DEVICE_SPAN = 1 << 44
RUBBISH = 0xA5

_memory = os.open("/proc/self/mem", os.O_RDWR)
_pinned: dict[int, mmap.mmap] = {}


def device_of(address: int) -> int | None:
    """The number of the device in whose range an address lies; None for the host's."""
    return (address - DEVICE_BASE) // DEVICE_SPAN if address >= DEVICE_BASE else None


def _bytes(address: int, nbytes: int) -> bytes | None:
    try:
        found = os.pread(_memory, nbytes, address)
    except OSError:
        return None
    return found if len(found) == nbytes else None


def read(address: int, nbytes: int) -> bytes:
    """Bytes of this process; StandinFault where nothing is there any more."""
    found = _bytes(address, nbytes) if nbytes else b""
    if found is None:
        raise fault(f"the host's memory at {address:#x} ({nbytes} bytes) is not there: it was freed before the device read it")
    return found


def write(address: int, data: bytes) -> None:
    """Bytes into this process; StandinFault where nothing is there any more."""
    if data and (_bytes(address, len(data)) is None or os.pwrite(_memory, data, address) != len(data)):
        raise fault(f"the host's memory at {address:#x} ({len(data)} bytes) is not there: it was freed before the device wrote it")


def check(address: int, nbytes: int) -> None:
    """CudaError for a range that the host does not have, as a driver says when it is asked to copy."""
    if nbytes and _bytes(address, nbytes) is None:
        raise CudaError(INVALID_VALUE, f"nothing is at the host's {address:#x}")


def allocate_pinned(nbytes: int) -> int:
    """The address of page-locked memory: pages of its own, full of rubbish."""
    pages = mmap.mmap(-1, nbytes)
    pages.write(bytes([RUBBISH]) * nbytes)
    address = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    _pinned[address] = pages
    return address


def free_pinned(address: int) -> None:
    """Give page-locked memory back; it is rubbish from here on."""
    if address not in _pinned:
        raise CudaError(INVALID_VALUE, f"{address:#x} is no page-locked memory")
    pages = _pinned.pop(address)
    write(address, bytes([RUBBISH]) * len(pages))


def is_pinned(address: int) -> bool:
    """Whether an address lies in page-locked memory."""
    return any(start <= address < start + len(pages) for start, pages in _pinned.items())
