"""What a storage shows of its elements: slices, assignments, typed storages, those without memory."""

from __future__ import annotations

import sys

import corelib as torch
import pytest


def test_slices_share_memory_and_are_set():
    s = torch.UntypedStorage([1, 2, 3, 4])
    assert type(torch.ones(2).untyped_storage()) is torch.UntypedStorage
    part = s[1:3]
    s[1:3] = 7
    s[-1] = 9
    assert s.tolist() == [1, 7, 7, 9] and part.tolist() == [7, 7] and len(s[3:1]) == 0
    with pytest.raises(RuntimeError, match="step of 2"):
        s[::2]
    with pytest.raises(TypeError, match=r"can't index a torch\.UntypedStorage with str"):
        s["a"]
    assert repr(s) == " 1\n 7\n 7\n 9\n[torch.storage.UntypedStorage(device=cpu) of size 4]"
    assert sys.getsizeof(torch.UntypedStorage(1000)) >= 1000 < sys.getsizeof(torch.ones(300).storage())


def test_a_slice_keeps_its_memory_and_devices_without_shared_memory_refuse_it():
    part = torch.full((40_000,), 2.0).untyped_storage()[:4]
    torch.full((40_000,), -1.0)  # takes the block, if it is free
    assert part.tolist() == [0, 0, 0, 64]


def test_typed_storages_are_made_of_sizes_elements_and_storages():
    assert torch.TypedStorage(3, dtype=torch.float32).size() == 3 and torch.TypedStorage().dtype is torch.float32
    made = torch.TypedStorage([1, 2], dtype=torch.int32)
    assert made.tolist() == [1, 2] and torch.TypedStorage(wrap_storage=made.untyped(), dtype=torch.int16).tolist() == [1, 0, 2, 0]
    made[:] = 5
    assert made.tolist() == [5, 5] and made.fill_(3).tolist() == [3, 3] and made.cpu().tolist() == [3, 3]
    assert made.copy_(torch.TypedStorage([8, 9], dtype=torch.int32)).tolist() == [8, 9] and not made.is_pinned()
    with pytest.raises(RuntimeError, match="slices are only supported in UntypedStorage"):
        made[0:1]


def test_storages_without_memory_have_sizes_and_no_elements():
    made = torch.TypedStorage(3, dtype=torch.float32, device="meta")
    assert made.size() == 3 and made.nbytes() == 12 and str(made.device) == "meta"
    assert repr(made) == "...\n[torch.storage.TypedStorage(dtype=torch.float32, device=meta) of size 3]"
    for use in (made.tolist, lambda: made[0]):
        with pytest.raises(NotImplementedError, match="Not available for 'meta' device type"):
            use()
    assert torch.empty(4, device="meta").untyped_storage()[:8].nbytes() == 8


def test_a_location_of_thousands_of_digits_is_no_device():
    for name in ("cpu:" + "9" * 5000, "cuda:" + "1" * 30):
        with pytest.raises(RuntimeError, match="Invalid device string"):
            torch.device(name)
