"""Tensors of more dimensions than NumPy's arrays have: leading ones of size 1 cost nothing; elsewhere PyTorch's words for what it refuses."""

from __future__ import annotations

import pytest

import corelib

from ..told import same

TAKEN = [
    "T.ones([1] * 65).shape", "T.zeros([1] * 70)", "T.empty([1] * 65).dim()", "T.empty([1] * 65, device='meta').dim()", "T.ones(1).view([1] * 65)", "T.ones(1).expand([1] * 65).add(1)", "T.ones(1).view([1] * 65) + 1", "T.ones(1).view([1] * 65).sum()",
    "T.ones(1).view([1] * 65).clone()", "T.ones(1).repeat([1] * 65)", "T.ones(1).tile([1] * 65)", "T.full([1] * 65, 2)", "T.rand([1] * 65).dim()", "T.randn([1] * 70).dim()", "T.ones_like(T.ones(1).view([1] * 65))", "T.ones(1).view([1] * 65).numpy()",
    "T.ones(1).view([1] * 65).tolist()", "T.ones(1).view([1] * 70).sin()", "T.ones(1).view([1] * 70).squeeze()", "T.ones(1).view([1] * 70)[0].dim()", "T.ones(1).view([1] * 70).transpose(0, 1).dim()", "T.ones(1).view([1] * 70).item()", "T.ones(1).view([1] * 70).double()",
    "T.ones([1] * 64 + [3]) * T.arange(3)", "T.ones([1] * 64 + [3]).mean()", "w = v.clone().requires_grad_(); w.view([1] * 64 + [3]).mul(2).sum().backward(); w.grad", "T.zeros([1] * 64 + [3]).fill_(2)", "T.zeros([1] * 64 + [3]).copy_(v)", "v.view([1] * 64 + [3]).clone().mul_(2)",
    "T.zeros([0] * 65).shape", "T.arange(3).view([1] * 64 + [3])[..., 1]", "T.ones([1] * 64).unsqueeze(0).dim()", "T.ones([1] * 64)[None].dim()", "T.ones(1).view([1] * 65).permute(list(range(65))).dim()", "T.ones([1] * 64 + [3]).double().half().bool()",
    "l = 1.0; exec('for _ in range(65): l = [l]'); T.tensor(l)", "l = [1, 2]; exec('for _ in range(80): l = [l]'); T.tensor(l)", "l = 1.0; exec('for _ in range(64): l = [l]'); T.tensor(l)", "l = 1.0; exec('for _ in range(129): l = [l]'); T.tensor(l)",
    "T.ones(1).view([1] * 65).sum(0)", "(T.ones([1] * 64 + [3]) * T.arange(3)).sum(64)",
]  # fmt: skip


@pytest.mark.parametrize("piece", TAKEN)
def test_as_pytorch(piece: str) -> None:
    same(piece)


@pytest.mark.parametrize("shape", [[2] + [1] * 64, [1] * 64 + [3]])
def test_what_no_native_array_can_be_is_refused_with_the_number_of_dims(shape: list[int]) -> None:
    with pytest.raises(RuntimeError, match="up to 64 dims"):
        (corelib.ones(shape) + 1).sort()
