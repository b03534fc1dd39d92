"""corelib.nn against torch.nn: the same layer in both, compared in text, parameters, values and gradients."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

import corelib
from ..pairs import as_array, assert_close, both, tensors
from .modules import assert_same_state, made_after_seed, started_and_printed_alike

LAYERS = [
    # (expression, shapes of its inputs)
    ("nn.Identity(3, foo=1)", [(2, 3)]),
    ("nn.Linear(7, 5)", [(4, 7)]),
    ("nn.Linear(7, 5, bias=False)", [(2, 3, 7)]),
    ("nn.Linear(20, 30)", [(20,)]),
    ("nn.Linear(3, 4, dtype=torch.float64)", [(2, 3)]),
    ("nn.Bilinear(3, 4, 5)", [(6, 3), (6, 4)]),
    ("nn.Bilinear(3, 4, 5, bias=False)", [(2, 6, 3), (2, 6, 4)]),
    ("nn.ReLU()", [(3, 4)]),
    ("nn.ReLU(inplace=True)", None),
    ("nn.SiLU()", [(3, 4)]),
    ("nn.SiLU(True)", None),
    ("nn.ELU()", [(3, 4)]),
    ("nn.ELU(0.5, inplace=True)", None),
    ("nn.LeakyReLU()", [(3, 4)]),
    ("nn.LeakyReLU(0.2, True)", None),
    ("nn.GELU()", [(3, 4)]),
    ("nn.GELU(approximate='tanh')", [(3, 4)]),
    ("nn.Softplus()", [(3, 4)]),
    ("nn.Softplus(2, 1.5)", [(3, 4)]),
    ("nn.Sigmoid()", [(3, 4)]),
    ("nn.Tanh()", [(3, 4)]),
    ("nn.Softmax(dim=1)", [(3, 4)]),
    ("nn.Softmax(dim=-1)", [(3, 4, 2)]),
    ("nn.LogSoftmax(dim=0)", [(3, 4)]),
    ("nn.Softmin(dim=1)", [(3, 4)]),
    ("nn.Softmax2d()", [(3, 4, 2)]),
    ("nn.Mish()", [(3, 4)]),
    ("nn.Mish(True)", None),
    ("nn.SELU()", [(3, 4)]),
    ("nn.SELU(True)", None),
    ("nn.CELU(0.5)", [(3, 4)]),
    ("nn.CELU(inplace=True)", None),
    ("nn.Hardswish()", [(3, 4)]),
    ("nn.Hardswish(True)", None),
    ("nn.Hardsigmoid()", [(3, 4)]),
    ("nn.Hardtanh()", [(3, 4)]),
    ("nn.Hardtanh(-0.5, 0.3, True)", None),
    ("nn.ReLU6()", [(3, 4)]),
    ("nn.ReLU6(True)", None),
    ("nn.Threshold(0.1, 20.0)", [(3, 4)]),
    ("nn.Threshold(0.1, 20.0, True)", None),
    ("nn.GLU()", [(3, 4)]),
    ("nn.GLU(dim=0)", [(2, 3)]),
    ("nn.PReLU()", [(3, 4)]),
    ("nn.PReLU(4, init=0.1)", [(3, 4)]),
    ("nn.Hardshrink()", [(3, 4)]),
    ("nn.Softshrink(0.2)", [(3, 4)]),
    ("nn.LogSigmoid()", [(3, 4)]),
    ("nn.Softsign()", [(3, 4)]),
    ("nn.Tanhshrink()", [(3, 4)]),
    ("nn.Flatten()", [(2, 3, 4)]),
    ("nn.Flatten(0, 1)", [(2, 3, 4)]),
    ("nn.Unflatten(1, (2, 3))", [(4, 6)]),
    ("nn.Dropout(0.3).eval()", [(3, 4)]),
    ("nn.Dropout(0.0)", [(3, 4)]),
    ("nn.Dropout1d(0.3).eval()", [(2, 3, 4)]),
    ("nn.Dropout2d(0.3, True).eval()", None),
    ("nn.Dropout3d(0.0)", [(2, 3, 2, 2, 2)]),
    ("nn.AlphaDropout(0.3).eval()", [(3, 4)]),
    ("nn.CosineSimilarity()", [(3, 4), (3, 4)]),
    ("nn.CosineSimilarity(dim=0, eps=1e-3)", [(3, 4), (3, 4)]),
    ("nn.Dropout(0.3, inplace=True)", None),
    ("nn.Conv1d(4, 6, 3)", [(2, 4, 9)]),
    ("nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2)", [(2, 4, 9)]),
    ("nn.Conv1d(4, 6, 4, padding='same', dilation=2)", [(2, 4, 9)]),
    ("nn.Conv1d(4, 6, 3, padding=2, padding_mode='reflect')", [(2, 4, 9)]),
    ("nn.Conv1d(4, 6, 3, bias=False)", [(4, 9)]),
    ("nn.Conv2d(1, 8, 3)", [(2, 1, 6, 7)]),
    ("nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2))", [(2, 3, 8, 7)]),
    ("nn.Conv2d(4, 6, 3, padding='same')", [(1, 4, 5, 6)]),
    ("nn.Conv2d(4, 6, 3, padding='valid', bias=False)", [(4, 5, 6)]),
    ("nn.Conv2d(4, 6, 3, padding=1, padding_mode='reflect')", [(2, 4, 5, 6)]),
    ("nn.Conv2d(4, 6, 3, padding='same', padding_mode='reflect')", [(2, 4, 5, 6)]),
    ("nn.Conv2d(4, 6, 3, padding=(1, 2), padding_mode='replicate')", [(2, 4, 5, 6)]),
    ("nn.Conv2d(4, 6, 3, padding=1, padding_mode='circular')", [(2, 4, 5, 6)]),
    ("nn.Conv2d(4, 8, 3, groups=4)", [(2, 4, 5, 6)]),
    ("nn.Conv3d(2, 4, 3, padding=1)", [(1, 2, 4, 5, 4)]),
    ("nn.Conv3d(2, 4, (1, 2, 3), stride=(1, 2, 1), padding='valid', groups=2)", [(1, 2, 4, 5, 4)]),
    ("nn.ConvTranspose1d(4, 6, 3, stride=2, output_padding=1)", [(2, 4, 5)]),
    ("nn.ConvTranspose2d(4, 6, 3)", [(2, 4, 5, 6)]),
    ("nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=2)", [(2, 4, 5, 6)]),
    ("nn.ConvTranspose2d(4, 6, (3, 2), bias=False)", [(2, 4, 5, 6)]),
    ("nn.MaxPool2d(2)", [(2, 3, 6, 8)]),
    ("nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0), ceil_mode=True)", [(2, 3, 6, 8)]),
    ("nn.MaxPool2d(2, dilation=2)", [(3, 6, 8)]),
    ("nn.MaxPool1d(3, 2, padding=1)", [(2, 3, 8)]),
    ("nn.MaxPool3d(2)", [(1, 2, 4, 4, 6)]),
    ("nn.AvgPool1d(3, stride=2)", [(2, 3, 8)]),
    ("nn.AdaptiveAvgPool1d(3)", [(2, 3, 8)]),
    ("nn.AdaptiveMaxPool1d(3)", [(2, 3, 8)]),
    ("nn.AvgPool2d(2)", [(2, 3, 6, 8)]),
    ("nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)", [(2, 3, 6, 8)]),
    ("nn.AvgPool2d(2, divisor_override=3)", [(2, 3, 6, 8)]),
    ("nn.AdaptiveAvgPool2d(3)", [(2, 3, 7, 8)]),
    ("nn.AdaptiveAvgPool2d((None, 1))", [(2, 3, 7, 8)]),
    ("nn.AdaptiveMaxPool2d((3, 2))", [(2, 3, 7, 8)]),
    ("nn.BatchNorm1d(5)", [(6, 5)]),
    ("nn.BatchNorm1d(5, momentum=None)", [(6, 5, 3)]),
    ("nn.BatchNorm1d(5).eval()", [(6, 5)]),
    ("nn.BatchNorm1d(5, affine=False, track_running_stats=False)", [(6, 5)]),
    ("nn.BatchNorm1d(5, bias=False)", [(6, 5)]),
    ("nn.BatchNorm2d(3)", [(4, 3, 5, 5)]),
    ("nn.BatchNorm2d(3, eps=1e-3, momentum=0.5, affine=False)", [(4, 3, 5, 5)]),
    ("nn.BatchNorm3d(3)", [(2, 3, 2, 3, 3)]),
    ("nn.LayerNorm(6)", [(4, 6)]),
    ("nn.LayerNorm((3, 6), eps=1e-3)", [(4, 3, 6)]),
    ("nn.LayerNorm([6], bias=False)", [(4, 6)]),
    ("nn.LayerNorm(6, elementwise_affine=False)", [(4, 6)]),
    ("nn.GroupNorm(2, 6)", [(3, 6, 4)]),
    ("nn.GroupNorm(3, 6, affine=False)", [(3, 6, 4, 4)]),
    ("nn.GroupNorm(3, 6, bias=False)", [(3, 6)]),
    ("nn.RMSNorm(6)", [(4, 6)]),
    ("nn.RMSNorm([3, 6], eps=1e-3)", [(4, 3, 6)]),
    ("nn.RMSNorm(6, elementwise_affine=False)", [(4, 6)]),
    ("nn.Upsample(scale_factor=2)", [(1, 2, 3, 4)]),
    ("nn.Upsample(size=(5, 7), mode='bilinear')", [(1, 2, 3, 4)]),
    ("nn.Upsample(scale_factor=(2.0, 1.5), mode='bilinear', align_corners=True)", [(1, 2, 3, 4)]),
    ("nn.UpsamplingNearest2d(scale_factor=2)", [(1, 2, 3, 4)]),
    ("nn.UpsamplingBilinear2d(size=5)", [(1, 2, 3, 4)]),
    ("nn.ConstantPad1d((1, 2), 3.5)", [(2, 4)]),
    ("nn.ConstantPad2d(1, -1.0)", [(2, 3, 4)]),
    ("nn.ZeroPad1d(2)", [(2, 4)]),
    ("nn.ZeroPad2d((1, 0, 2, -1))", [(2, 3, 4)]),
    ("nn.ReflectionPad1d((2, 1))", [(2, 4)]),
    ("nn.ReflectionPad2d((1, 2, 0, 1))", [(2, 3, 4)]),
    ("nn.ReplicationPad1d((2, 1))", [(2, 4)]),
    ("nn.ReplicationPad2d((1, 2, 0, 1))", [(2, 3, 4)]),
    ("nn.CircularPad1d((2, 1))", [(2, 4)]),
    ("nn.CircularPad2d((1, 2, 0, 1))", [(2, 3, 4)]),
    ("nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))", [(3, 4)]),
    ("nn.Sequential()", [(3, 4)]),
    ("nn.Sequential(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)), nn.Flatten(), nn.Linear(18, 2))",
     [(3, 1, 5, 5)]),
    ("nn.Sequential(collections.OrderedDict(a=nn.Linear(4, 4), b=nn.Tanh()))", [(3, 4)]),
]
PRINTED = [
    "nn.Module()",
    "nn.ModuleList()",
    "nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)])",
    "nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(3)])",
    "nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(3)])[1:]",
    "nn.ModuleDict({'a': nn.ReLU(), 'b': nn.Sequential(nn.Linear(1, 2))})",
    "nn.ModuleDict([['a', nn.ReLU()], ['b', nn.Tanh()]])",
    "nn.ParameterList()",
    "nn.ParameterList([torch.ones(2, 3), 'text', nn.Parameter(torch.ones(()))])",
    "nn.ParameterDict({'b': torch.ones(2, 3), 'a': 3})",
    "nn.ParameterDict()",
    "nn.Sequential(nn.ModuleList([nn.ParameterList([torch.ones(2)]), nn.ModuleDict({'x': nn.ReLU()})]))",
    "nn.Embedding(5, 3)",
    "nn.Embedding(5, 3, padding_idx=-1, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)",
    "nn.CrossEntropyLoss()",
    "nn.NLLLoss(weight=torch.ones(3))",
    "nn.MSELoss()",
    "nn.Parameter(torch.ones(2, 2))",
    "nn.Parameter(torch.ones(2), requires_grad=False)",
    "nn.Parameter()",
    "nn.Buffer(torch.ones(2))",
    "nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))[0]",
    "nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))[1:]",
    "nn.Sequential(nn.Tanh()) + nn.Sequential(nn.ReLU())",
    "nn.Sequential(nn.Tanh(), nn.ReLU()) * 2",
    "list(nn.Linear(2, 3).state_dict())",
    "nn.Linear(2, 3).load_state_dict(nn.Linear(2, 3).state_dict())",
    "nn.Linear(2, 3).load_state_dict({}, strict=False)",
    "nn.Linear(2, 3).half().to(torch.float64).weight.dtype",
    "[n for n, _ in nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).named_buffers('pre')]",
    "[n for n, _ in nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Tanh())).named_modules()]",
    "[x for x in dir(nn.Linear(2, 3)) if x in ('weight', 'bias', 'forward', 'in_features')]",
]


@pytest.mark.parametrize(("expression", "shapes"), LAYERS, ids=[expression for expression, _ in LAYERS])
def test_layer_prints_starts_runs_and_differentiates_as_in_torch(expression, shapes):
    ours, theirs = started_and_printed_alike(expression)
    if shapes is None:
        return
    dtype = np.float64 if "float64" in expression else np.float32
    x, y = both(lambda T: tensors(T, *shapes, dtype=dtype))
    out, expected = ours(*x), theirs(*y)
    assert_close(out, expected, "output")
    weights = np.random.default_rng(4).standard_normal(tuple(expected.shape)).astype(dtype)
    if expected.requires_grad:
        (out * corelib.from_numpy(weights.copy())).sum().backward()
        (expected * torch.from_numpy(weights.copy())).sum().backward()
        for a, b in zip(x, y, strict=True):
            assert_close(a.grad, b.grad, "input's gradient", rtol=1e-4, atol=1e-5)
        for (name, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
            assert_close(p.grad, q.grad, name, rtol=1e-4, atol=1e-5)
    assert_same_state(ours, theirs)


INPLACE = ["nn.ReLU(True)", "nn.SiLU(True)", "nn.ELU(0.5, True)", "nn.LeakyReLU(0.2, True)"]


@pytest.mark.parametrize("expression", INPLACE)
def test_inplace_activation_writes_into_its_input(expression):
    ours, theirs = made_after_seed(expression)
    (x,), (y,) = both(lambda T: tensors(T, (3, 4)))
    x, y = x.detach(), y.detach()
    assert ours(x) is x
    assert_close(x, theirs(y), "output")


@pytest.mark.parametrize("expression", PRINTED)
def test_expression_prints_as_in_torch(expression):
    ours, theirs = made_after_seed(expression)
    assert repr(ours) == repr(theirs)


def test_embedding_starts_runs_and_differentiates_as_in_torch():
    index = np.array([[1, 2, 4, 2], [4, 3, 2, 0]])
    for expression in (
        "nn.Embedding(6, 3)",
        "nn.Embedding(6, 3, padding_idx=2)",
        "nn.Embedding(6, 3, padding_idx=-2, scale_grad_by_freq=True)",
        "nn.Embedding(6, 3, max_norm=0.7)",
        "nn.Embedding(6, 3, max_norm=0.7, norm_type=1.0)",
    ):
        ours, theirs = made_after_seed(expression)
        assert_same_state(ours, theirs)
        out, expected = ours(corelib.from_numpy(index.copy())), theirs(torch.from_numpy(index.copy()))
        assert_close(out, expected, expression)
        out.square().sum().backward()
        expected.square().sum().backward()
        assert_close(ours.weight.grad, theirs.weight.grad, expression)
        assert_same_state(ours, theirs)


def test_embedding_from_pretrained_shares_memory_and_is_frozen_as_in_torch():
    for library in (corelib, torch):
        table = library.ones(4, 2)
        frozen = library.nn.Embedding.from_pretrained(table)
        assert not frozen.weight.requires_grad
        assert frozen.weight.data_ptr() == table.data_ptr()
        assert library.nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad


def test_conv_transpose_finds_output_padding_for_a_wanted_size():
    ours, theirs = made_after_seed("nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1)")
    (x,), (y,) = both(lambda T: tensors(T, (1, 3, 4, 4)))
    for size in ([8, 7], [1, 2, 7, 8]):
        assert_close(ours(x, output_size=size), theirs(y, output_size=size), "output")


def test_max_pool_returns_torchs_indices():
    ours, theirs = made_after_seed("nn.MaxPool2d(2, return_indices=True)")
    (x,), (y,) = both(lambda T: tensors(T, (2, 3, 6, 4)))
    for a, b in zip(ours(x), theirs(y), strict=True):
        assert_close(a, b, "pooled or index")


NORMS = {
    "layer_norm": lambda T, x, w, b, m, v: T.nn.functional.layer_norm(x.movedim(1, -1), (4,), w, b),
    "layer_norm without bias": lambda T, x, w, b, m, v: T.nn.functional.layer_norm(x.movedim(1, -1), (4,), w),
    "group_norm": lambda T, x, w, b, m, v: T.nn.functional.group_norm(x, 2, w, b),
    "instance_norm": lambda T, x, w, b, m, v: T.nn.functional.instance_norm(x, None, None, w, b),
    "batch_norm": lambda T, x, w, b, m, v: T.nn.functional.batch_norm(x, m, v, w, b),
    "batch_norm in training": lambda T, x, w, b, m, v: T.nn.functional.batch_norm(x, m, v, w, b, training=True),
    "rms_norm": lambda T, x, w, b, m, v: T.nn.functional.rms_norm(x.movedim(1, -1), (4,), w),
}
HALF_WITH_PARAMETERS = [(name, kind, of) for name in NORMS for kind in ("bfloat16", "float16", "float32", "float64") for of in ("float32", "float64", "bfloat16") if kind != of]


@pytest.mark.filterwarnings("ignore:.*Mismatch dtype between input and weight")
@pytest.mark.parametrize(("name", "dtype", "parameters"), HALF_WITH_PARAMETERS)
def test_norms_take_half_precision_with_parameters_in_float32(name, dtype, parameters):
    """As under autocast, whose convolutions give half precision to layers that have float32; other mixes are refused, except by rms_norm."""

    def run(T):
        rng = np.random.default_rng(3)
        x = T.tensor(rng.standard_normal((3, 4, 5)), dtype=getattr(T, dtype), requires_grad=True)
        w, b = (T.tensor(rng.random(4) + 0.5, dtype=getattr(T, parameters), requires_grad=True) for _ in range(2))
        mean, var = (T.tensor(rng.random(4) + 0.5, dtype=getattr(T, parameters)) for _ in range(2))
        try:
            y = NORMS[name](T, x, w, b, mean, var)
        except RuntimeError as error:
            return type(error)
        y.float().pow(2).sum().backward()
        return y, x.grad, w.grad, b.grad, mean, var

    got, want = both(run)
    if isinstance(want, type):
        assert got is want
        return
    for g, t in zip(got, want, strict=True):
        assert (g is None) == (t is None)
        if t is not None:
            assert str(g.dtype).split(".")[1] == str(t.dtype).split(".")[1] and g.shape == t.shape
            np.testing.assert_allclose(g.detach().double().numpy(), t.detach().double().numpy(), rtol=4e-2, atol=4e-2)


def test_batch_norm_tracks_over_several_batches_as_torch_does():
    for expression in ("nn.BatchNorm1d(3)", "nn.BatchNorm1d(3, momentum=None)"):
        ours, theirs = made_after_seed(expression)
        for seed in range(3):
            array = np.random.default_rng(seed).standard_normal((5, 3)).astype(np.float32)
            ours(corelib.from_numpy(array.copy()))
            theirs(torch.from_numpy(array.copy()))
        assert_same_state(ours, theirs)
        ours.eval(), theirs.eval()
        assert_close(ours(corelib.ones(2, 3)), theirs(torch.ones(2, 3)), expression)


def test_batch_norm_reads_a_version_1_state_dict():
    for library in (corelib, torch):
        layer = library.nn.BatchNorm1d(2)
        state = {name: t for name, t in layer.state_dict().items() if name != "num_batches_tracked"}
        assert repr(layer.load_state_dict(state)) == "<All keys matched successfully>"


def test_a_network_with_state_of_torch_computes_what_torch_computes():
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(64, 3)
    )
    ours = corelib.nn.Sequential(
        corelib.nn.Conv2d(1, 4, 3),
        corelib.nn.BatchNorm2d(4),
        corelib.nn.ReLU(),
        corelib.nn.Flatten(),
        corelib.nn.Linear(64, 3),
    )
    ours.load_state_dict({name: corelib.from_numpy(as_array(t).copy()) for name, t in theirs.state_dict().items()})
    (x,), (y,) = both(lambda T: tensors(T, (2, 1, 6, 6)))
    assert_close(ours(x), theirs(y), "output", rtol=1e-4, atol=1e-5)
    assert_close(copy.deepcopy(ours)(x), copy.deepcopy(theirs)(y), "copied", rtol=1e-4, atol=1e-5)


def test_every_public_name_has_torchs_signature():
    import inspect

    def taken(function):
        """What it takes; a function that is a default is told by its name."""
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, getattr(p.default, "__name__", p.default), p.kind) for p in parameters]

    for name in corelib.nn.__all__:
        ours, theirs = getattr(corelib.nn, name), getattr(torch.nn, name)
        if isinstance(theirs, type) and name not in ("Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer"):
            assert taken(ours.__init__) == taken(theirs.__init__), name
    for name in corelib.nn.init.__all__:
        mine = inspect.signature(getattr(corelib.nn.init, name)).parameters
        expected = inspect.signature(getattr(torch.nn.init, name)).parameters
        assert [(p.name, p.default) for p in mine.values()] == [(p.name, p.default) for p in expected.values()], name
