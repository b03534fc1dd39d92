"""CUDA's runtime by CuPy's names. What a call would do to the device is queued; what it asks of the host is done."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from simulated_cuda import errors, host
from simulated_cuda.calls import told_as
from simulated_cuda.capture import Capture, Graph
from simulated_cuda.machine import LEGACY, MACHINE, PER_THREAD
from simulated_cuda.order import Use
from simulated_cuda.queues import Moment, Queue

errorInvalidValue, errorMemoryAllocation, errorInvalidResourceHandle = errors.INVALID_VALUE, errors.OUT_OF_MEMORY, errors.INVALID_HANDLE
errorPeerAccessAlreadyEnabled, cudaErrorNotReady = errors.PEER_ENABLED, errors.NOT_READY
memcpyHostToHost, memcpyHostToDevice, memcpyDeviceToHost, memcpyDeviceToDevice, memcpyDefault = range(5)
streamDefault, streamNonBlocking, streamLegacy, streamPerThread = 0, 1, LEGACY, PER_THREAD
eventDefault, eventBlockingSync, eventDisableTiming, eventInterprocess = 0, 1, 2, 4
hostAllocDefault, hostAllocPortable, hostAllocMapped, hostAllocWriteCombined = 0, 1, 2, 4
streamCaptureModeGlobal, streamCaptureModeThreadLocal, streamCaptureModeRelaxed = 0, 1, 2
streamCaptureStatusNone, streamCaptureStatusActive, streamCaptureStatusInvalidated = 0, 1, 2
memoryTypeUnregistered, memoryTypeHost, memoryTypeDevice = 0, 1, 2
deviceAttributeComputeCapabilityMajor, deviceAttributeComputeCapabilityMinor = 75, 76
cudaDevAttrMultiProcessorCount, cudaDevAttrMaxThreadsPerBlock, cudaDevAttrWarpSize, cudaDevAttrMemoryPoolsSupported = 16, 1, 10, 115
is_hip = False

MAJOR, MINOR = 8, 0
PROCESSORS = 108


class CUDARuntimeError(RuntimeError):
    """An error that CUDA reports; `status` is its number."""

    def __init__(self, status: int, why: str = "") -> None:
        self.status = status
        super().__init__(str(errors.CudaError(status, why)))

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return type(self), (self.status,)


_call = told_as(lambda error: CUDARuntimeError(error.status, error.why))


def driverGetVersion() -> int:
    return 13000


def runtimeGetVersion() -> int:
    return 13000


def getDeviceCount() -> int:
    return len(MACHINE.devices)


def getDevice() -> int:
    return MACHINE.current.index


@_call
def setDevice(device: int) -> None:
    MACHINE.set_current(device)


@_call
def getDeviceProperties(device: int) -> dict[str, object]:
    found = MACHINE.device(device)
    return {
        "name": b"stand-in for a GPU (no GPU: kernels run on the processor)", "totalGlobalMem": found.nbytes, "major": MAJOR, "minor": MINOR,
        "multiProcessorCount": PROCESSORS, "warpSize": 32, "maxThreadsPerBlock": 1024, "maxThreadsDim": (1024, 1024, 64),
        "maxGridSize": (2**31 - 1, 65535, 65535), "sharedMemPerBlock": 48 << 10, "sharedMemPerBlockOptin": 163 << 10, "regsPerBlock": 65536,
        "concurrentKernels": 1, "unifiedAddressing": 1, "l2CacheSize": 40 << 20,
    }  # fmt: skip


@_call
def deviceGetAttribute(attrib: int, device: int) -> int:
    MACHINE.device(device)
    known = {
        deviceAttributeComputeCapabilityMajor: MAJOR, deviceAttributeComputeCapabilityMinor: MINOR, cudaDevAttrMultiProcessorCount: PROCESSORS,
        cudaDevAttrMaxThreadsPerBlock: 1024, cudaDevAttrWarpSize: 32, cudaDevAttrMemoryPoolsSupported: 1,
    }  # fmt: skip
    if attrib not in known:
        raise errors.CudaError(errors.INVALID_VALUE, f"the stand-in does not know attribute {attrib}")
    return known[attrib]


@_call
def deviceSynchronize() -> None:
    device = MACHINE.current
    for stream in device.streams:
        _no_capture(stream)
    MACHINE.counts["wait:deviceSynchronize"] += 1
    MACHINE.scheduler.finish_device(device)
    MACHINE.collect()


@_call
def deviceCanAccessPeer(device: int, peerDevice: int) -> int:
    return int(MACHINE.device(device) is not MACHINE.device(peerDevice))


@_call
def deviceEnablePeerAccess(peerDevice: int) -> None:
    peers = MACHINE.current.peers
    if MACHINE.device(peerDevice).index in peers:
        raise errors.CudaError(errors.PEER_ENABLED)
    peers.add(peerDevice)


@_call
def deviceDisablePeerAccess(peerDevice: int) -> None:
    if peerDevice not in MACHINE.current.peers:
        raise errors.CudaError(errors.PEER_NOT_ENABLED)
    MACHINE.current.peers.remove(peerDevice)


@_call
def malloc(size: int) -> int:
    if any(s.capture is not None and s.capture.mode != streamCaptureModeRelaxed for d in MACHINE.devices for s in d.streams):
        raise errors.CudaError(errors.CAPTURE_UNSUPPORTED, "cudaMalloc, where the capture is not relaxed")
    return MACHINE.allocate(size)


@_call
def free(ptr: int) -> None:
    if ptr:
        MACHINE.free(ptr)


@_call
def hostAlloc(size: int, flags: int) -> int:
    return host.allocate_pinned(size)


@_call
def freeHost(ptr: int) -> None:
    """Waits for all devices first, as CUDA does."""
    for device in MACHINE.devices:
        MACHINE.scheduler.finish_device(device)
    host.free_pinned(ptr)


@_call
def memGetInfo() -> tuple[int, int]:
    MACHINE.collect()
    device = MACHINE.current
    return device.nbytes - device.used, device.nbytes


def _copy(dst: int, src: int, size: int, kind: int, label: str, later: bool) -> tuple[Callable[[], None], list[Use]]:
    """A copy as work and what it uses. `later`: the host's memory is read when the work is done, and compared with what it is now."""
    to, start = host.device_of(dst), host.device_of(src)
    across = {(True, True): memcpyHostToHost, (False, True): memcpyHostToDevice, (True, False): memcpyDeviceToHost, (False, False): memcpyDeviceToDevice}
    if kind not in (memcpyDefault, across[to is None, start is None]):
        raise errors.CudaError(errors.INVALID_DIRECTION if kind not in range(5) else errors.INVALID_VALUE, f"a copy of kind {kind} from {src:#x} to {dst:#x}")
    uses = []
    for address, write in ((dst, True), (src, False)):
        if host.device_of(address) is None:
            host.check(address, size)
            continue
        uses.append(Use(address, size, write))
        held = MACHINE.device_at(address).allocations.holding(address)
        if held is None or address + size > sum(held):
            raise errors.CudaError(errors.INVALID_VALUE, f"{size} bytes at {address:#x} are not within an allocation")
    if to is not None and start == to and abs(dst - src) < size and dst != src:
        raise errors.fault(f"{label}: {size} bytes from {src:#x} to {dst:#x} overlap, and what is copied then is undefined")
    if to is None and later:
        host.write(dst, bytes([host.RUBBISH]) * size)  # nobody may read it before the copy has been done
    seen = host.read(src, size) if start is None and later else None

    def run() -> None:
        if start is None:
            data = host.read(src, size)
            if seen is not None and data != seen:
                raise errors.fault(f"{label}: the host's memory at {src:#x} was changed or freed before the copy of {size} bytes had been done")
            if to is None:
                host.write(dst, data)
            else:
                MACHINE.devices[to].arena.write(dst, np.frombuffer(data, np.uint8))
        elif to is None:
            host.write(dst, MACHINE.devices[start].arena.read(src, size, True).tobytes())
        else:
            MACHINE.devices[to].arena.copy(dst, src, size, MACHINE.devices[start].arena)

    return run, uses


@_call
def memcpy(dst: int, src: int, size: int, kind: int) -> None:
    run, uses = _copy(dst, src, size, kind, "cudaMemcpy", False)
    MACHINE.counts["wait:memcpy"] += 1
    stream = MACHINE.current.default
    MACHINE.scheduler.queue(stream, "copy", run, uses, size)
    MACHINE.scheduler.finish(stream)


@_call
def memcpyAsync(dst: int, src: int, size: int, kind: int, stream: int) -> None:
    queue = MACHINE.stream(stream)
    run, uses = _copy(dst, src, size, kind, "cudaMemcpyAsync", queue.capture is None)
    MACHINE.scheduler.queue(queue, "copy", run, uses, size)


@_call
def memcpyPeer(dst: int, dstDevice: int, src: int, srcDevice: int, size: int) -> None:
    _peers(dst, dstDevice, src, srcDevice)
    memcpy(dst, src, size, memcpyDeviceToDevice)


@_call
def memcpyPeerAsync(dst: int, dstDevice: int, src: int, srcDevice: int, size: int, stream: int) -> None:
    _peers(dst, dstDevice, src, srcDevice)
    memcpyAsync(dst, src, size, memcpyDeviceToDevice, stream)


def _peers(dst: int, dst_device: int, src: int, src_device: int) -> None:
    if MACHINE.device_at(dst).index != dst_device or MACHINE.device_at(src).index != src_device:
        raise errors.CudaError(errors.INVALID_VALUE, f"{dst:#x} is not on device {dst_device}, or {src:#x} not on device {src_device}")


@_call
def memset(ptr: int, value: int, size: int) -> None:
    memsetAsync(ptr, value, size, 0)


@_call
def memsetAsync(ptr: int, value: int, size: int, stream: int) -> None:
    arena = MACHINE.device_at(ptr).arena
    MACHINE.scheduler.queue(MACHINE.stream(stream), "memset", lambda: arena.fill(ptr, value & 255, size), [Use(ptr, size, True)], size)


class PointerAttributes:
    """Where an address lies."""

    def __init__(self, device: int, devicePointer: int, hostPointer: int, type: int) -> None:
        self.device, self.devicePointer, self.hostPointer, self.type = device, devicePointer, hostPointer, type


@_call
def pointerGetAttributes(ptr: int) -> PointerAttributes:
    index = host.device_of(ptr)
    if index is None:
        return PointerAttributes(-2, 0, ptr, memoryTypeHost if host.is_pinned(ptr) else memoryTypeUnregistered)
    if MACHINE.device_at(ptr).allocations.holding(ptr) is None:
        raise errors.CudaError(errors.INVALID_VALUE, f"{ptr:#x} lies in no allocation")
    return PointerAttributes(index, ptr, 0, memoryTypeDevice)


def _no_capture(stream: Queue) -> None:
    """Waiting for what is only noted is an error, and ends the capture."""
    if stream.capture is not None:
        stream.capture.broken = True
        raise errors.CudaError(errors.CAPTURE_UNSUPPORTED)


@_call
def streamCreate() -> int:
    return MACHINE.new_stream(True, 0)


@_call
def streamCreateWithFlags(flags: int) -> int:
    return MACHINE.new_stream(not flags & streamNonBlocking, 0)


@_call
def streamCreateWithPriority(flags: int, priority: int) -> int:
    return MACHINE.new_stream(not flags & streamNonBlocking, max(-5, min(0, priority)))


@_call
def streamGetFlags(stream: int) -> int:
    return streamDefault if MACHINE.stream(stream).blocking else streamNonBlocking


@_call
def streamGetPriority(stream: int) -> int:
    return MACHINE.stream(stream).priority


@_call
def streamDestroy(stream: int) -> None:
    MACHINE.destroy_stream(stream)


@_call
def streamSynchronize(stream: int) -> None:
    queue = MACHINE.stream(stream)
    _no_capture(queue)
    MACHINE.counts["wait:streamSynchronize"] += 1
    MACHINE.scheduler.finish(queue)


@_call
def streamQuery(stream: int) -> int:
    queue = MACHINE.stream(stream)
    _no_capture(queue)
    MACHINE.scheduler.perhaps()
    if queue.pending or any(not w.done for w in queue.next_waits):
        return errors.NOT_READY
    MACHINE.scheduler.finish(queue)
    return errors.SUCCESS


@_call
def streamWaitEvent(stream: int, event: int, flags: int = 0) -> None:
    MACHINE.scheduler.wait(MACHINE.stream(stream), MACHINE.event(event))


@_call
def launchHostFunc(stream: int, callback: Callable[[int], None], arg: int) -> None:
    MACHINE.scheduler.queue(MACHINE.stream(stream), "host-function", lambda: callback(arg))


@_call
def streamBeginCapture(stream: int, mode: int = streamCaptureModeRelaxed) -> None:
    queue = MACHINE.stream(stream)
    if queue is queue.device.default or queue.capture is not None:
        raise errors.CudaError(errors.CAPTURE_UNSUPPORTED if queue.capture is None else errors.ILLEGAL_STATE)
    queue.capture = Capture(queue, mode, threading.get_ident())


@_call
def streamEndCapture(stream: int) -> int:
    queue = MACHINE.stream(stream)
    capture = queue.capture
    if capture is None:
        raise errors.CudaError(errors.ILLEGAL_STATE, "the stream does not capture")
    made = capture.end(queue)
    if capture.broken:
        raise errors.CudaError(errors.CAPTURE_INVALIDATED)
    handle = MACHINE.number()
    MACHINE.graphs[handle] = made
    return handle


@_call
def streamIsCapturing(stream: int) -> bool:
    queue = MACHINE.stream(stream)
    if queue is queue.device.default and any(s.capture is not None and s.blocking for s in queue.device.streams):
        raise errors.CudaError(errors.CAPTURE_IMPLICIT)
    return queue.capture is not None


@_call
def graphInstantiate(graph: int) -> int:
    handle = MACHINE.number()
    MACHINE.graphs[handle] = Graph(_graph(graph).nodes)
    return handle


@_call
def graphDestroy(graph: int) -> None:
    _graph(graph)
    del MACHINE.graphs[graph]


@_call
def graphExecDestroy(graphExec: int) -> None:
    _graph(graphExec)
    del MACHINE.graphs[graphExec]


@_call
def graphLaunch(graphExec: int, stream: int) -> None:
    queue = MACHINE.stream(stream)
    _graph(graphExec).launch(queue, MACHINE.scheduler, lambda: MACHINE.lane(queue.device))


@_call
def graphUpload(graphExec: int, stream: int) -> None:
    _graph(graphExec)
    MACHINE.stream(stream)


def _graph(handle: int) -> Graph:
    if handle not in MACHINE.graphs:
        raise errors.CudaError(errors.INVALID_VALUE, f"{handle:#x} is no graph, or no more")
    return MACHINE.graphs[handle]


@_call
def eventCreate() -> int:
    return eventCreateWithFlags(eventDefault)


@_call
def eventCreateWithFlags(flags: int) -> int:
    handle = MACHINE.number()
    MACHINE.events[handle] = Moment(MACHINE.current, handle, not flags & eventDisableTiming)
    return handle


@_call
def eventDestroy(event: int) -> None:
    MACHINE.event(event)
    del MACHINE.events[event]


@_call
def eventRecord(event: int, stream: int) -> None:
    MACHINE.scheduler.record(MACHINE.event(event), MACHINE.stream(stream))


@_call
def eventQuery(event: int) -> int:
    found = MACHINE.event(event)
    if found.capture is not None:
        raise errors.CudaError(errors.CAPTURED_EVENT)
    MACHINE.scheduler.perhaps()
    if found.work is not None and not found.work.done:
        return errors.NOT_READY
    MACHINE.scheduler.happened(found.work)
    return errors.SUCCESS


@_call
def eventSynchronize(event: int) -> None:
    found = MACHINE.event(event)
    if found.capture is not None:
        raise errors.CudaError(errors.CAPTURED_EVENT)
    MACHINE.counts["wait:eventSynchronize"] += 1
    MACHINE.scheduler.until(found.work)
    MACHINE.scheduler.happened(found.work)


@_call
def eventElapsedTime(start: int, end: int) -> float:
    first, second = MACHINE.event(start), MACHINE.event(end)
    if first.device is not second.device or not (first.timing and second.timing) or first.work is None or second.work is None:
        raise errors.CudaError(errors.INVALID_HANDLE, "two events of one device, with timing, both recorded")
    if not (first.work.done and second.work.done):
        raise errors.CudaError(errors.NOT_READY)
    return second.work.time - first.work.time


def _ensure_context() -> None:
    """Nothing is needed here: a device's context is there from the start."""
