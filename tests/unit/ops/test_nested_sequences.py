"""Nested sequences as data and as indices."""

from __future__ import annotations

import corelib as torch
import pytest


@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
def test_lists_that_hold_themselves_are_errors_and_end():
    itself = []
    itself.append(itself)
    later = [1.0]
    later.append(later)
    x = torch.ones(3, 3)
    for use in (torch.tensor, torch.as_tensor, torch.asarray, torch.Tensor, x.new_tensor, x.__getitem__, lambda v: x.__setitem__(0, v),
                lambda v: x.__setitem__(v, 0), lambda v: torch.isin(x, v), lambda v: x[(v,)]):  # fmt: skip
        with pytest.raises(ValueError, match="too many dimensions 'list'; accepted are at most 128"):
            use(itself)
        with pytest.raises((TypeError, ValueError, IndexError)):  # as an index, the list is the tuple of its items
            use(later)
