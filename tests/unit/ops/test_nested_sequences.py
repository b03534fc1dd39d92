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
                lambda v: x.__setitem__(v, 0), lambda v: x[(v,)]):  # fmt: skip
        with pytest.raises(ValueError, match="too many dimensions 'list'; accepted are at most (64|128)"):
            use(itself)
        with pytest.raises((TypeError, ValueError, IndexError)):  # as an index, the list is the tuple of its items
            use(later)


class Items:
    """A sequence as programs make them."""

    def __init__(self, *items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


class Itself(Items):
    def __getitem__(self, index):
        return self


def test_sequences_of_programs_count_by_their_length_at_any_depth():
    assert torch.tensor(Items(Items(1, 2), Items(3, 4))).tolist() == torch.tensor([[1, 2], Items(3, 4)]).tolist() == [[1, 2], [3, 4]]
    assert torch.tensor([Items(1.5, 2)]).tolist() == [[1.5, 2.0]] and torch.tensor(Items()).shape == (0,)
    assert torch.tensor([range(2), range(2)]).tolist() == [[0, 1], [0, 1]]
    assert torch.tensor([torch.tensor(1), torch.tensor(2)]).tolist() == torch.tensor(Items(torch.tensor(1), torch.tensor(2))).tolist() == [1, 2]


def test_sequences_of_programs_that_hold_themselves_are_errors_and_end():
    beside = [torch.tensor(1.0)]
    beside.append(beside)
    for data in (Itself(1), Itself(1, 2), [Itself(1, 2)], beside):
        with pytest.raises(ValueError, match="too many dimensions '(Itself|list)'; accepted are at most (64|128)"):
            torch.tensor(data)
    with pytest.raises(ValueError, match="too many dimensions"):
        torch.tensor(beside, device="meta")
