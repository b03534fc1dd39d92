"""CUDA's errors by number, and the faults that a GPU would not tell: they are named here, and kept for whoever asks at the end."""

from __future__ import annotations

SUCCESS, INVALID_VALUE, OUT_OF_MEMORY, INVALID_DEVICE, INVALID_DIRECTION = 0, 1, 2, 101, 21
INVALID_HANDLE, NOT_READY, ILLEGAL_ADDRESS, INVALID_CONFIGURATION = 400, 600, 700, 9
PEER_ENABLED, PEER_NOT_ENABLED = 704, 705
CAPTURE_UNSUPPORTED, CAPTURE_INVALIDATED, CAPTURE_UNMATCHED, CAPTURE_ISOLATION, CAPTURE_IMPLICIT = 900, 901, 903, 905, 906
CAPTURE_UNJOINED, CAPTURED_EVENT, ILLEGAL_STATE = 904, 907, 401

NAMES = {
    INVALID_VALUE: ("cudaErrorInvalidValue", "invalid argument"),
    OUT_OF_MEMORY: ("cudaErrorMemoryAllocation", "out of memory"),
    INVALID_CONFIGURATION: ("cudaErrorInvalidConfiguration", "invalid configuration argument"),
    INVALID_DIRECTION: ("cudaErrorInvalidMemcpyDirection", "invalid copy direction for memcpy"),
    INVALID_DEVICE: ("cudaErrorInvalidDevice", "invalid device ordinal"),
    INVALID_HANDLE: ("cudaErrorInvalidResourceHandle", "invalid resource handle"),
    ILLEGAL_STATE: ("cudaErrorIllegalState", "the operation cannot be performed in the present state"),
    NOT_READY: ("cudaErrorNotReady", "device not ready"),
    ILLEGAL_ADDRESS: ("cudaErrorIllegalAddress", "an illegal memory access was encountered"),
    PEER_ENABLED: ("cudaErrorPeerAccessAlreadyEnabled", "peer access is already enabled"),
    PEER_NOT_ENABLED: ("cudaErrorPeerAccessNotEnabled", "peer access has not been enabled"),
    CAPTURE_UNSUPPORTED: ("cudaErrorStreamCaptureUnsupported", "operation not permitted when stream is capturing"),
    CAPTURE_INVALIDATED: ("cudaErrorStreamCaptureInvalidated", "operation failed due to a previous error during capture"),
    CAPTURE_UNMATCHED: ("cudaErrorStreamCaptureUnmatched", "capture was not ended in the same stream as it began"),
    CAPTURE_UNJOINED: ("cudaErrorStreamCaptureUnjoined", "capturing stream has unjoined work"),
    CAPTURE_ISOLATION: ("cudaErrorStreamCaptureIsolation", "dependency created on uncaptured work in another stream"),
    CAPTURE_IMPLICIT: ("cudaErrorStreamCaptureImplicit", "operation would make the legacy stream depend on a capturing blocking stream"),
    CAPTURED_EVENT: ("cudaErrorCapturedEvent", "operation not permitted on an event last recorded in a capturing stream"),
}


class CudaError(RuntimeError):
    """An error that CUDA itself reports, by its number; the modules of CuPy give it their own class."""

    def __init__(self, status: int, why: str = "") -> None:
        self.status = status
        self.why = why
        name, words = NAMES[status]
        super().__init__(f"{name}: {words}" + (f" ({why})" if why else ""))


class StandinFault(RuntimeError):
    """What a program did wrong and a GPU would let pass: an order that nothing guarantees, memory that changes too early."""


FOUND: list[RuntimeError] = []
"""All faults of this process, the executor's too, also those whose exception somebody caught."""


def fault(words: str) -> StandinFault:
    """A fault to raise, which is kept too."""
    found = StandinFault(words)
    FOUND.append(found)
    return found
