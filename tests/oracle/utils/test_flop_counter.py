"""FlopCounterMode and ModuleTracker: as many operations as PyTorch counts, in the same modules, forward and backward."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
import torch.utils.flop_counter as theirs
import torch.utils.module_tracker

import corelib
import corelib.utils.flop_counter as mine
import corelib.utils.module_tracker

BOTH = ((mine, corelib), (theirs, torch))


def r(T: Any, *shape: int) -> Any:
    return T.ones(*shape, requires_grad=True)


def deep(T: Any) -> Any:
    nn = T.nn
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU()), nn.Flatten(), nn.Linear(64, 10))


PROGRAMS = {
    "linear": lambda T: T.nn.Linear(8, 16)(r(T, 4, 8)), "linear of data": lambda T: T.nn.Linear(8, 16)(T.ones(4, 8)), "linear 3d": lambda T: T.nn.Linear(8, 16)(r(T, 2, 4, 8)),
    "linear 1d": lambda T: T.nn.Linear(8, 16)(r(T, 8)), "linear without bias": lambda T: T.nn.Linear(8, 16, bias=False)(r(T, 2, 4, 8)), "mm": lambda T: r(T, 3, 4) @ r(T, 4, 5),
    "vector and matrix": lambda T: r(T, 4) @ r(T, 4, 3), "matrix and vector": lambda T: r(T, 3, 4) @ r(T, 4), "dot": lambda T: r(T, 4) @ r(T, 4), "mv": lambda T: T.mv(r(T, 3, 4), r(T, 4)),
    "bmm": lambda T: r(T, 2, 3, 4) @ r(T, 2, 4, 5), "batch and matrix": lambda T: r(T, 2, 3, 4) @ r(T, 4, 5), "broadcast batches": lambda T: r(T, 2, 1, 3, 4) @ r(T, 1, 5, 4, 6),
    "addmm": lambda T: T.addmm(r(T, 3, 5), r(T, 3, 4), r(T, 4, 5)), "baddbmm": lambda T: T.baddbmm(r(T, 2, 3, 5), r(T, 2, 3, 4), r(T, 2, 4, 5)),
    "einsum": lambda T: T.einsum("bij,bjk->bik", r(T, 2, 3, 4), r(T, 2, 4, 5)), "einsum of matrices": lambda T: T.einsum("ij,kj->ik", r(T, 3, 4), r(T, 5, 4)),
    "tensordot": lambda T: T.tensordot(r(T, 2, 3, 4), r(T, 4, 3, 5), dims=([1, 2], [1, 0])), "multi_dot": lambda T: T.linalg.multi_dot([r(T, 2, 3), r(T, 3, 4), r(T, 4, 5)]),
    "conv2d": lambda T: T.nn.Conv2d(3, 4, 3, padding=1)(r(T, 2, 3, 8, 8)), "conv2d of data": lambda T: T.nn.Conv2d(3, 4, 3)(T.ones(2, 3, 8, 8)),
    "conv1d": lambda T: T.nn.Conv1d(3, 4, 3, stride=2)(r(T, 2, 3, 9)), "conv1d without batch": lambda T: T.nn.Conv1d(3, 4, 3)(r(T, 3, 9)), "conv3d": lambda T: T.nn.Conv3d(2, 4, 2)(r(T, 1, 2, 5, 5, 5)),
    "grouped": lambda T: T.nn.Conv2d(4, 8, 3, groups=2, dilation=2)(r(T, 2, 4, 9, 9)), "depthwise": lambda T: T.nn.Conv2d(4, 4, 3, groups=4)(r(T, 2, 4, 9, 9)),
    "transposed": lambda T: T.nn.ConvTranspose2d(3, 4, 3, stride=2, output_padding=1)(r(T, 2, 3, 5, 5)), "transposed of data": lambda T: T.nn.ConvTranspose2d(3, 4, 3, stride=2)(T.ones(2, 3, 5, 5)),
    "same padding": lambda T: T.nn.Conv2d(3, 4, 4, padding="same")(r(T, 2, 3, 8, 8)), "reflected": lambda T: T.nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")(r(T, 2, 3, 8, 8)),
    "attention 3d": lambda T: T.nn.functional.scaled_dot_product_attention(r(T, 2, 5, 8), r(T, 2, 5, 8), r(T, 2, 5, 8), is_causal=True),
    "multi-head attention": lambda T: T.nn.MultiheadAttention(8, 2, batch_first=True)(r(T, 2, 5, 8), r(T, 2, 5, 8), r(T, 2, 5, 8))[0],
    "gru": lambda T: T.nn.GRU(8, 6, batch_first=True)(r(T, 2, 5, 8), r(T, 1, 2, 6))[0], "rnn": lambda T: T.nn.RNN(8, 6)(r(T, 5, 2, 8))[0], "outer": lambda T: T.outer(r(T, 3), r(T, 4)),
    "mlp": lambda T: T.nn.Sequential(T.nn.Linear(4, 8), T.nn.ReLU(), T.nn.Linear(8, 2))(T.ones(3, 4)).pow(2), "deep": lambda T: deep(T)(T.ones(2, 3, 4, 4)), "relu": lambda T: r(T, 3).relu(),
}  # fmt: skip
# The same operations under another op's name: PyTorch makes a product and a sum of some layers where corelib makes one product that adds.
OTHER_OPS = {"multi-head attention", "gru", "einsum of matrices"}


@pytest.mark.filterwarnings("ignore:Using padding")
@pytest.mark.parametrize("name", PROGRAMS)
def test_counts(name: str) -> None:
    found = []
    for U, T in BOTH:
        with U.FlopCounterMode(display=False) as counter:
            PROGRAMS[name](T).sum().backward()
        counts = counter.get_flop_counts()
        by_op = {module: sum(ops.values()) if name in OTHER_OPS else {str(op): n for op, n in ops.items()} for module, ops in counts.items()}
        found.append((by_op, counter.get_total_flops()))
    assert found[0] == found[1]


def test_what_pytorch_leaves_out_on_the_cpu() -> None:
    """Its kernels of these have no formula on the cpu; here they count as the products that they are."""
    q = r(corelib, 2, 3, 5, 8)
    with mine.FlopCounterMode(display=False) as counter:
        corelib.nn.functional.scaled_dot_product_attention(q, q, q).sum().backward()
    assert counter.get_total_flops() == theirs.sdpa_flop_count(q.shape, q.shape, q.shape) * 3
    with mine.FlopCounterMode(display=False) as counter:
        corelib.nn.LSTM(8, 6)(corelib.ones(5, 2, 8))[0].sum().backward()
    assert counter.get_total_flops() == 2 * 5 * 2 * 24 * (8 + 6 + 8 + 2 * 6)  # the data needs no gradient; the first state's is always made


def test_table(capsys: Any) -> None:
    """PyTorch's own needs another package for it."""
    with mine.FlopCounterMode(depth=3) as counter:
        deep(corelib)(corelib.ones(2, 3, 4, 4)).sum().backward()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Module", "FLOP", "%", "Total"] and set(lines[1]) == {"-", " "}
    assert lines[2].split() == ["Sequential", convert(counter.get_total_flops(), counter.get_total_flops()), "100.00%"]
    assert len(counter.get_table(1).splitlines()) < len(lines) == len(counter.get_table(9).splitlines())


def convert(number: int, total: int) -> str:
    return theirs.convert_num_with_suffix(number, theirs.get_suffix_str(total))


def test_formulas_of_ones_own() -> None:
    for U, T in BOTH:
        counter = U.FlopCounterMode(display=False, custom_mapping={T.ops.aten.relu: lambda x, out_shape=None, **more: 3 * out_shape[0]})
        with counter:
            T.ones(5).relu()
        assert counter.get_total_flops() == 15
        with pytest.raises(RuntimeError, match="duplicate registrations"):
            U.register_flop_formula(T.ops.aten.mm)(lambda *a, **k: 0)
        with pytest.raises(ValueError, match="OpOverloadPacket"):
            U.register_flop_formula("mm")(lambda *a, **k: 0)
        assert U.conv_flop_count([2, 3, 8, 8], [4, 3, 3, 3], [2, 4, 6, 6]) == 2 * 36 * 9 * 12 * 2
        assert U.mm_flop(T.ones(2, 3), T.ones(3, 4)) == 48
        q, k, v = (2, 6, 5, 8), (2, 3, 7, 8), (2, 3, 7, 4)
        assert U.sdpa_flop_count(q, k, v) == 2 * 12 * 5 * 7 * 12 and U.sdpa_flop(q, k, v) == U.sdpa_flop_count(q, k, v)
        assert U.sdpa_backward_flop(T.ones(2, 6, 5, 4), T.ones(q), T.ones(k), T.ones(v)) if U is theirs else U.sdpa_backward_flop((2, 6, 5, 4), q, k, v) == 2 * 12 * 5 * 7 * 32
        with pytest.raises(AssertionError):
            U.sdpa_flop_count(q, k, (2, 3, 9, 4))
        assert U.get_suffix_str(123456) == "K" and U.convert_num_with_suffix(1500, "K") == "1.500K" and U.convert_to_percent_str(1, 4) == "25.00%"
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            U.FlopCounterMode(T.nn.Linear(1, 1))
        assert "not needed anymore" in str(seen[0].message)


def test_tracker() -> None:
    def seen(T: Any) -> Any:
        found: list[Any] = []

        class Looks(T.nn.Module):  # type: ignore[name-defined,misc]
            def forward(self, x: Any) -> Any:
                found.append(("forward", sorted(tracker.parents), tracker.is_bw))
                y = x * 2
                if y.requires_grad:
                    y.register_hook(lambda g: found.append(("backward", sorted(tracker.parents), tracker.is_bw)))
                return y * 3

        with T.utils.module_tracker.ModuleTracker() as tracker:
            model = T.nn.Sequential(T.nn.Linear(2, 2), T.nn.ModuleDict({"a": Looks()})["a"])
            model(T.ones(1, 2)).sum().backward()
            found.append(sorted(tracker.parents))
        return found[:-1]

    assert seen(corelib) == seen(torch)
