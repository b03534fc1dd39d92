"""Padding that cuts off: at most what is there, on every device alike."""

import corelib as torch
import pytest


@pytest.mark.parametrize("shape, pad", [((3,), (-4, 4)), ((3,), (4, -4)), ((3,), (-5, 3)), ((3,), (-4, 6)), ((4, 0, 16), (0, 0, -2, 2)), ((2, 3), (1, 1, -3, 5))])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_more_cannot_be_cut_off_than_there_is(shape, pad, device):
    with pytest.raises(RuntimeError, match=r"length must be non-negative: padding .* places of dimension"):
        torch.nn.functional.pad(torch.ones(shape, device=device), pad)


def test_all_may_be_cut_off_and_places_be_added():
    assert torch.nn.functional.pad(torch.ones(3), (-2, -1)).shape == (0,)
    assert torch.nn.functional.pad(torch.ones(3), (-3, 2), value=7).tolist() == [7.0, 7.0]
    assert torch.nn.functional.pad(torch.ones(3), (1, -3)).tolist() == [0.0]
