"""Streams and events of the cpu, where all is done when a call returns: programs written for queues run as they do in PyTorch."""

from __future__ import annotations

import pytest

from ..told import same

PIECES = [
    "T.cpu.current_device()", "T.cpu.is_initialized()", "T.cpu.synchronize('cpu')", "T.cpu.synchronize(0)", "T.cpu.device_count()", "s = T.cpu.Stream(); s.wait_stream(s)", "s = T.cpu.Stream(); s.wait_event(T.cpu.Event())", "e = T.cpu.Event(); e.record(); e.query()",
    "e = T.cpu.Event(); e.synchronize()", "e = T.cpu.Event(); e.wait()", "s = T.cpu.Stream(); c = T.cpu.stream(s); c.__enter__(); r = T.cpu.current_stream() is s; c.__exit__(None, None, None); (r, T.cpu.current_stream() is s)",
    "T.cpu.current_stream() is T.cpu.current_stream()", "T.cpu.current_stream('cpu') is T.cpu.current_stream(0)", "isinstance(T.cpu.current_stream(), T.cpu.Stream)", "c = T.cpu.stream(None); c.__enter__(); c.__exit__(None, None, None)", "T.cpu.set_device('cpu')",
    "isinstance(T.cpu.stream(None), T.cpu.StreamContext)", "T.Stream('cpu').device", "T.Stream('cpu').stream_id", "T.Stream('cpu').device_index", "T.Stream('cpu').query()", "T.Stream('cpu').synchronize()", "T.Stream('cpu').wait_event(T.Event('cpu'))",
    "T.Stream('cpu') == T.Stream('cpu')", "hash(T.Stream('cpu')) == hash(T.Stream('cpu'))", "T.Stream('cpu', priority=0).stream_id", "T.Stream('nope')", "T.Stream(1.5)", "T.Event('cpu').device", "T.Event().device", "T.Event('cpu').query()",
    "T.Event('cpu').synchronize()", "T.Event('cpu').wait(T.Stream('cpu'))", "T.Event('cpu').elapsed_time(T.Event('cpu'))", "T.Event(True)", "s = T.Stream('cpu'); s.__enter__() is s",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_as_pytorch(piece: str) -> None:
    same(piece)
