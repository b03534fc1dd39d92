"""Errors of a kind of their own: what is neither a number nor a tensor, hooks that return what they may not, DLPack, indices that are no index."""

from __future__ import annotations

import pytest

from ..told import same

PIECES = [
    "T.Tensor({0: 1})", "T.tensor({0: 1})", "T.tensor({1, 2})", "T.tensor(None)", "T.tensor(object())", "T.as_tensor({0: 1})", "T.tensor(['a'])", "T.tensor([[1], 2])", "x.apply_(lambda q: 'a')", "x.map_(3, lambda a, b: a)", "complex(x)", "complex(T.tensor(2.0))", "int(x)", "bool(x)", "x.resize_as_(3)",
    "x.resize_as_(None)", "x.copy_(3)", "x.copy_('a')", "exec('del x[0]')", "v[::1.0]", "v[1.0:]", "v[::0]", "v[::-1]", "v[T.tensor(1.5):]", "v['a':]", "v[{}]", "m[0, 5]", "m[0, 0, 0]", "m[3.0]", "m[1j]", "m[[0, 1], [0, 1, 2]]", "sq.tril(0j)", "sq.triu('a')", "T.tril(sq, None)", "T.eye(2j)",
    "c = x.__dlpack__(); T.from_dlpack(c); T.from_dlpack(c)", "c = x.__dlpack__(); T.from_dlpack(c)", "x.__dlpack__(stream='a')", "x.requires_grad_().__dlpack__()", "x.requires_grad_().numpy()", "x.to(T.complex64).conj().numpy()", "T.empty(2, device='meta').numpy()", "T.empty(1, device='meta').item()",
    *[f"w = x.requires_grad_(); h = w.register_post_accumulate_grad_hook(lambda p: {given}); (w * 2).sum().backward(); w.grad" for given in ("1", "T.ones(2)", "None")], *[f"w = x.requires_grad_(); h = w.register_hook(lambda g: {given}); (w * 2).sum().backward(); w.grad" for given in (
        "g.double()", "g[:1]", "3", "T.ones(2, device='meta')", "g * 2", "g.int()",
    )],
    "w = x.requires_grad_(); w.grad = T.ones(3)", "w = x.requires_grad_(); w.grad = T.ones(2).double()", "w = x.requires_grad_(); w.grad = 3", "x.requires_grad = 3", "x.int().requires_grad_()", "x.data = 3", "T.equal(x, 3)", "T.allclose(x, 3)", "'a' in x", "None in x", "x in x", "hash(x) == id(x)", "len(T.tensor(1))",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_as_pytorch(piece: str) -> None:
    same(piece)
