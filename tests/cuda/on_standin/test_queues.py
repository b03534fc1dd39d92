"""The stand-in's streams, events, copies and graphs keep to CUDA's rules: late, in any order that nothing forbids, and no earlier than asked."""

from __future__ import annotations

import threading

import cupy
import numpy as np
import pytest
from cupy.cuda import Event, Stream, runtime
from simulated_cuda.errors import FOUND, StandinFault
from simulated_cuda.machine import MACHINE

N = 64


@pytest.fixture
def lazy(monkeypatch):
    """Nothing is done before somebody waits."""
    monkeypatch.setattr(MACHINE.scheduler, "eager", 0.0)


def copied_from(host, stream=Stream.null):
    """A device array that host memory is being copied to."""
    x = cupy.empty(host.size, host.dtype)
    runtime.memcpyAsync(x.data.ptr, host.ctypes.data, host.nbytes, runtime.memcpyHostToDevice, stream.ptr)
    return x


def test_work_is_done_later_and_in_the_order_of_its_stream(lazy):
    x = cupy.zeros(N, np.float32)
    seen = []
    stream = Stream(non_blocking=True)
    for i in range(5):
        stream.launch_host_func(seen.append, i)
    assert not seen and not stream.done or seen
    stream.synchronize()
    assert seen == [0, 1, 2, 3, 4] and stream.done
    assert x.get().sum() == 0


def test_streams_overtake_each_other_unless_an_event_orders_them(lazy):
    orders = set()
    for _ in range(30):
        seen = []
        one, two = Stream(non_blocking=True), Stream(non_blocking=True)
        one.launch_host_func(seen.append, 1)
        two.launch_host_func(seen.append, 2)
        runtime.deviceSynchronize()
        orders.add(tuple(seen))
    assert orders == {(1, 2), (2, 1)}
    for _ in range(30):
        seen = []
        one, two = Stream(non_blocking=True), Stream(non_blocking=True)
        one.launch_host_func(seen.append, 1)
        two.wait_event(one.record())
        two.launch_host_func(seen.append, 2)
        two.synchronize()
        assert seen == [1, 2]


@pytest.mark.parametrize("blocking", [True, False])
def test_the_default_stream_waits_for_blocking_streams_only(lazy, blocking):
    orders = set()
    for _ in range(500):
        seen = []
        other = Stream(non_blocking=not blocking)
        other.launch_host_func(seen.append, 1)
        Stream.null.launch_host_func(seen.append, 2)
        other.launch_host_func(seen.append, 3)
        runtime.deviceSynchronize()
        orders.add(tuple(seen))
    assert orders == ({(1, 2, 3)} if blocking else {(1, 2, 3), (1, 3, 2), (2, 1, 3)})


def test_only_what_comes_later_waits_for_an_event(lazy):
    seen, one, two = [], Stream(non_blocking=True), Stream(non_blocking=True)
    two.launch_host_func(seen.append, "before")
    one.launch_host_func(seen.append, "event")
    two.wait_event(one.record())
    Stream.null.wait_event(Event())  # never recorded: nothing to wait for
    MACHINE.scheduler._needed(MACHINE.stream(two.ptr).last)  # and nothing else
    assert seen == ["before"]
    two.synchronize()
    assert seen == ["before", "event"]


def test_events_have_times_and_say_when_they_are_done(lazy):
    start, end, plain = Event(), Event(), Event(disable_timing=True)
    assert start.done  # never recorded
    start.record()
    host = np.arange(N, dtype=np.float32)
    x = copied_from(host)
    end.record()
    with pytest.raises(runtime.CUDARuntimeError, match="cudaErrorNotReady"):
        cupy.cuda.get_elapsed_time(start, end)
    while not end.done:
        pass
    assert start.done and cupy.cuda.get_elapsed_time(start, end) > 0 and x.get()[-1] == N - 1
    plain.record()
    plain.synchronize()
    with pytest.raises(runtime.CUDARuntimeError, match="InvalidResourceHandle"):
        cupy.cuda.get_elapsed_time(start, plain)


def test_a_copy_from_the_host_reads_when_it_is_done_and_tells_of_memory_that_changed(lazy):
    host = np.ones(N, np.float32)
    x = copied_from(host)
    host[3] = 9
    with pytest.raises(StandinFault, match="was changed or freed before the copy of 256 bytes"):
        runtime.deviceSynchronize()
    assert len(FOUND) == 1
    FOUND.clear()
    pinned = np.frombuffer(cupy.cuda.alloc_pinned_memory(4096), np.float32)
    pinned[:] = 1
    y = copied_from(pinned)
    del pinned  # back to the pool: for whoever comes next
    with pytest.raises(StandinFault, match="was changed or freed before"):
        runtime.deviceSynchronize()
    FOUND.clear()
    large = np.ones(1 << 22, np.float32)
    z = copied_from(large)
    del large  # its pages go back to the system
    with pytest.raises(StandinFault, match=r"freed before the (device|copy)"):
        runtime.deviceSynchronize()
    FOUND.clear()
    assert x.size + y.size + z.size


def test_a_copy_to_the_host_comes_later(lazy):
    given = np.arange(N, dtype=np.float32)
    x = copied_from(given)
    host = np.empty(N, np.float32)
    runtime.memcpyAsync(host.ctypes.data, x.data.ptr, host.nbytes, runtime.memcpyDeviceToHost, 0)
    assert set(host.view(np.uint8)) == {0xA5}  # rubbish, and not yet the numbers
    Stream.null.synchronize()
    assert host.tolist() == list(range(N))


def test_two_uses_of_memory_in_streams_that_nothing_orders_are_a_race(lazy):
    one, two = Stream(non_blocking=True), Stream(non_blocking=True)
    x = cupy.zeros(N, np.float32)
    Stream.null.synchronize()
    with one:
        x += 1
    with pytest.raises(StandinFault, match="race: array in stream .* reads 256 bytes .* writes, and nothing orders the two"), two:
        x + 1
    FOUND.clear()
    two.wait_event(one.record())
    with two:
        y = x + 1
        z = x[: N // 2] * 2
    with one:
        x[N // 2 :] + 1  # both only read
    runtime.deviceSynchronize()
    assert y.get()[0] == 2 and z.get()[0] == 2


def test_what_the_host_has_waited_for_is_ordered():
    one, two = Stream(non_blocking=True), Stream(non_blocking=True)
    with one:
        x = cupy.zeros(N, np.float32)
        event = one.record()
    event.synchronize()
    with two:
        x += 1
    while not two.done:
        pass
    x += 1
    assert x.get()[0] == 2


def test_a_stream_and_an_event_belong_to_their_device():
    with cupy.cuda.Device(1):
        other, event = Stream(non_blocking=True), Event()
    with pytest.raises(RuntimeError, match=r"created on \(1\) does not match with the current device \(0\)"):
        other.use()
    with pytest.raises(runtime.CUDARuntimeError, match="InvalidResourceHandle"):
        event.record(Stream.null)
    with cupy.cuda.Device(1):
        event.record(other)
    Stream.null.wait_event(event)  # across devices, which is allowed
    Stream.null.synchronize()
    assert event.done


def test_each_thread_has_its_own_current_stream_and_device():
    seen = []

    def work():
        seen.extend([cupy.cuda.get_current_stream().ptr, runtime.getDevice()])

    with cupy.cuda.Device(1), Stream(non_blocking=True):
        assert cupy.cuda.get_current_stream().ptr
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == [0, 0] and cupy.cuda.get_current_stream().ptr == 0


class TestGraphs:
    """Work that is captured is queued again at each launch."""

    def capture(self, x):
        stream = Stream(non_blocking=True)
        Stream.null.synchronize()
        with stream:
            stream.begin_capture()
            assert stream.is_capturing()
            x += 1
            graph = stream.end_capture()
        return stream, graph

    def test_nothing_is_done_while_it_is_captured(self):
        x = cupy.zeros(N, np.float32)
        stream, graph = self.capture(x)
        assert x.get()[0] == 0
        for _ in range(3):
            graph.launch(stream)
        stream.synchronize()
        assert x.get().tolist() == [3.0] * N

    def test_waiting_for_a_capture_is_an_error_and_ends_it(self):
        stream = Stream(non_blocking=True)
        stream.begin_capture()
        with pytest.raises(runtime.CUDARuntimeError, match="not permitted when stream is capturing"):
            stream.synchronize()
        with pytest.raises(runtime.CUDARuntimeError, match="StreamCaptureInvalidated"):
            stream.end_capture()
        assert not stream.is_capturing()
        with pytest.raises(RuntimeError, match="default"):
            Stream.null.begin_capture()

    def test_cublas_cannot_be_captured_by_cupy(self):
        from cupy_backends.cuda.libs import cublas

        stream, handle = Stream(non_blocking=True), cupy.cuda.get_cublas_handle()
        stream.begin_capture()
        with pytest.raises(NotImplementedError, match="during stream capture is currently unsupported"):
            cublas.setStream(handle, stream.ptr)
        stream.end_capture()

    def test_a_stream_joins_by_an_event_and_must_be_waited_for(self):
        x, y = cupy.zeros(N, np.float32), cupy.zeros(N, np.float32)
        Stream.null.synchronize()
        one, two = Stream(non_blocking=True), Stream(non_blocking=True)

        def both(join):
            one.begin_capture()
            with one:
                cupy.add(x, 1, x)
            two.wait_event(one.record())
            with two:
                cupy.add(y, x, y)
            if join:
                one.wait_event(two.record())
            return one.end_capture()

        graph = both(True)
        for _ in range(3):
            graph.launch(one)
        one.synchronize()
        assert x.get()[0] == 3 and y.get()[0] == 6
        with pytest.raises(runtime.CUDARuntimeError, match="Unjoined"):
            both(False)

    def test_a_graph_races_as_its_work_would(self):
        x = cupy.zeros(N, np.float32)
        stream, graph = self.capture(x)
        stream.synchronize()
        graph.launch(stream)
        with pytest.raises(StandinFault, match="race"):
            x.get()
        FOUND.clear()

    def test_uncaptured_events_cannot_be_waited_for(self):
        stream, event = Stream(non_blocking=True), Stream.null.record()
        stream.begin_capture()
        with pytest.raises(runtime.CUDARuntimeError, match="StreamCaptureIsolation"):
            stream.wait_event(event)
        stream.end_capture()
