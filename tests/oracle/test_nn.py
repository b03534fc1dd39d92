"""corelib.nn against torch.nn: the same expression in both, compared in text, parameters, values and gradients."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
import torch

import corelib

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

INITIAL = [
    ("uniform_(x)", (5, 7)),
    ("uniform_(x, -2.0, 3.0)", (5, 7)),
    ("normal_(x, 1.0, 2.0)", (5, 7)),
    ("constant_(x, 0.3)", (5, 7)),
    ("ones_(x)", (3,)),
    ("zeros_(x)", (3,)),
    ("eye_(x)", (3, 5)),
    ("dirac_(x)", (4, 3, 5)),
    ("dirac_(x, 2)", (6, 3, 3, 3)),
    ("dirac_(x)", (2, 2, 3, 3, 3)),
    ("xavier_uniform_(x)", (5, 7)),
    ("xavier_uniform_(x, gain=2.0)", (5, 7, 3, 3)),
    ("xavier_normal_(x)", (5, 7)),
    ("kaiming_uniform_(x)", (5, 7)),
    ("kaiming_uniform_(x, a=0.1, mode='fan_out', nonlinearity='relu')", (5, 7, 2)),
    ("kaiming_normal_(x)", (5, 7)),
    ("kaiming_normal_(x, mode='fan_out', nonlinearity='tanh')", (5, 7)),
    ("trunc_normal_(x)", (50, 7)),
    ("trunc_normal_(x, std=0.02)", (50, 7)),
    ("trunc_normal_(x, 0.0, 1.0, 1.0, 2.0)", (50, 7)),
    ("orthogonal_(x)", (6, 6)),
    ("orthogonal_(x, gain=2.0)", (4, 9)),
    ("orthogonal_(x)", (9, 2, 2)),
    ("sparse_(x, 0.4)", (10, 6)),
]

LOSSES = [
    ("nn.L1Loss({r})", "float"),
    ("nn.MSELoss({r})", "float"),
    ("nn.SmoothL1Loss({r})", "float"),
    ("nn.SmoothL1Loss(beta=0.3, {r})", "float"),
    ("nn.HuberLoss(delta=0.3, {r})", "float"),
    ("nn.NLLLoss({r})", "class"),
    ("nn.NLLLoss(weight=torch.tensor([1.0, 2.0, 0.5, 3.0]), ignore_index=1, {r})", "class"),
    ("nn.CrossEntropyLoss({r})", "class"),
    ("nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5, 3.0]), ignore_index=1, {r})", "class"),
    ("nn.CrossEntropyLoss(label_smoothing=0.2, {r})", "class"),
    ("nn.CrossEntropyLoss({r})", "probability"),
    ("nn.BCELoss({r})", "probability"),
    ("nn.BCELoss(weight=torch.tensor([1.0, 2.0, 0.5, 3.0]), {r})", "probability"),
    ("nn.BCEWithLogitsLoss({r})", "probability"),
    ("nn.BCEWithLogitsLoss(torch.tensor([1.0, 2.0, 0.5, 3.0]), pos_weight=torch.tensor([3.0, 1, 1, 2]), {r})",
     "probability"),
    ("nn.KLDivLoss({r})", "probability"),
    ("nn.KLDivLoss(log_target=True, {r})", "float"),
]

ERRORS = [
    "nn.Linear(2, 3)(torch.ones(4, 5))",
    "nn.Linear(2, 3, 4, 5, 6, 7)",
    "nn.Linear(-1, 3)",
    "nn.Conv2d(3, 4, 3, groups=2)",
    "nn.Conv2d(3, 4, 3, groups=0)",
    "nn.Conv2d(4, 3, 3, groups=2)",
    "nn.Conv2d(3, 4, 3, padding='full')",
    "nn.Conv2d(3, 4, 3, padding='same', stride=2)",
    "nn.Conv2d(3, 4, 3, padding_mode='mirror')",
    "nn.ConvTranspose2d(3, 4, 3, padding_mode='reflect')",
    "nn.ConvTranspose2d(3, 4, 3, stride=2)(torch.ones(1, 3, 4, 4), output_size=[20, 20])",
    "nn.ConvTranspose2d(3, 4, 3, stride=2)(torch.ones(1, 3, 4, 4), output_size=[20])",
    "nn.Dropout(1.5)",
    "nn.Dropout(-0.1)",
    "nn.HuberLoss(delta='1')",
    "nn.BatchNorm1d(3)(torch.ones(2, 3, 4, 4))",
    "nn.BatchNorm2d(3)(torch.ones(2, 3))",
    "nn.BatchNorm1d(3)(torch.ones(1, 3))",
    "nn.GroupNorm(4, 6)",
    "nn.CircularPad1d(1)(torch.ones(3))",
    "nn.Softmax2d()(torch.ones(3))",
    "nn.Hardtanh(2.0, 1.0)",
    "nn.Embedding(3, 2, padding_idx=5)",
    "nn.Embedding(3, 2, padding_idx=-4)",
    "nn.Embedding.from_pretrained(torch.ones(3))",
    "nn.Embedding(3, 2)(torch.tensor([3]))",
    "nn.Unflatten(1, 3)",
    "nn.Unflatten(1, (2, 1.5))",
    "nn.Module(3)",
    "nn.Module(a=3)",
    "nn.Module()(3)",
    "nn.Module().foo",
    "nn.Module().register_buffer('a.b', torch.ones(1))",
    "nn.Module().register_buffer('', torch.ones(1))",
    "nn.Module().register_buffer(3, torch.ones(1))",
    "nn.Module().register_buffer('forward', torch.ones(1))",
    "nn.Module().register_buffer('a', 3)",
    "nn.Module().register_parameter('a', torch.ones(1))",
    "nn.Module().register_parameter('a.b', None)",
    "nn.Module().register_parameter('a', 'text')",
    "nn.Module().add_module('a', 3)",
    "nn.Module().add_module('a.b', nn.ReLU())",
    "nn.Module().add_module('', nn.ReLU())",
    "nn.Module().add_module(3, nn.ReLU())",
    "nn.Module().train(3)",
    "nn.Linear(2, 2).to(torch.int64)",
    "nn.Linear(2, 2).to('nowhere')",
    "nn.Linear(2, 2).to(foo=3)",
    "nn.Linear(2, 2).to(device=3.5)",
    "nn.Linear(2, 2).to(dtype=3)",
    "nn.Linear(2, 2).to(torch.float32, torch.float64)",
    "setattr(nn.Linear(2, 2), 'weight', 3)",
    "setattr(nn.Linear(2, 2), 'weight', torch.ones(2, 2))",
    "setattr(nn.Sequential(nn.ReLU()), '0', 3)",
    "setattr(nn.BatchNorm1d(2), 'running_mean', 3)",
    "delattr(nn.Linear(2, 2), 'nothing')",
    "nn.Linear(2, 2).load_state_dict(3)",
    "nn.Linear(2, 2).load_state_dict({})",
    "nn.Linear(2, 2).load_state_dict(nn.Linear(3, 2).state_dict())",
    "nn.Linear(2, 2).load_state_dict(nn.Sequential(nn.Linear(2, 2)).state_dict())",
    "nn.Linear(2, 2).load_state_dict({'weight': 3, 'bias': torch.ones(2)})",
    "nn.Sequential(nn.Linear(2, 2)).load_state_dict({'0.weight': torch.ones(2, 2), '1.x': torch.ones(1)})",
    "nn.Sequential(nn.Linear(2, 2)).get_submodule('1')",
    "nn.Sequential(nn.Linear(2, 2)).get_submodule('0.weight')",
    "nn.Sequential(nn.Linear(2, 2)).get_parameter('0.x')",
    "nn.Sequential(nn.BatchNorm1d(2)).get_parameter('0.running_mean')",
    "nn.Sequential(nn.Linear(2, 2)).get_buffer('0.weight')",
    "nn.Sequential(nn.Linear(2, 2)).set_submodule('', nn.ReLU())",
    "nn.Sequential(nn.ReLU())[1]",
    "nn.Sequential(nn.ReLU())['0']",
    "nn.Sequential(3)",
    "nn.Sequential(nn.ReLU()) + 3",
    "nn.Sequential(nn.ReLU()) * 0",
    "nn.Sequential(nn.ReLU()) * 1.5",
    "nn.Sequential(nn.ReLU()).insert(3, nn.ReLU())",
    "nn.Sequential(nn.ReLU()).insert(0, 3)",
    "nn.ModuleList([nn.ReLU()])[1]",
    "nn.ModuleList(3)",
    "nn.ModuleList([3])",
    "nn.ModuleList([nn.ReLU()])(torch.ones(1))",
    "nn.ModuleDict({'a': nn.ReLU()})['b']",
    "nn.ModuleDict({'a': 3})",
    "nn.ModuleDict([['a']])",
    "nn.ModuleDict([3])",
    "nn.ModuleDict(3)",
    "nn.ModuleDict({'keys': nn.ReLU()})",
    "nn.ParameterList(torch.ones(2))",
    "nn.ParameterList(3)",
    "nn.ParameterList([torch.ones(1)])[1]",
    "nn.ParameterList()(1)",
    "nn.ParameterDict({3: torch.ones(1)})",
    "nn.ParameterDict(3)",
    "nn.ParameterDict()(1)",
    "nn.Parameter(torch.tensor([1, 2]))",
    "nn.init.calculate_gain('softmax')",
    "nn.init.calculate_gain('leaky_relu', 'a')",
    "nn.init.eye_(torch.ones(3))",
    "nn.init.dirac_(torch.ones(3, 3))",
    "nn.init.dirac_(torch.ones(3, 3, 3), 2)",
    "nn.init.xavier_uniform_(torch.ones(3))",
    "nn.init.kaiming_uniform_(torch.ones(3, 3), mode='fan')",
    "nn.init.kaiming_normal_(torch.ones(3, 3), nonlinearity='softmax')",
    "nn.init.orthogonal_(torch.ones(3))",
    "nn.init.sparse_(torch.ones(3), 0.1)",
    "nn.MSELoss(reduction='max')(torch.ones(2), torch.ones(2))",
    "nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([0, 3]))",
    "nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([0]))",
]


def evaluate(expression, library, **names):
    import collections

    return eval(expression, {"nn": library.nn, "torch": library, "collections": collections, **names})


def made_after_seed(expression, seed=7, **names):
    made = []
    for library in (corelib, torch):
        library.manual_seed(seed)
        made.append(evaluate(expression, library, **names))
    return made


def inputs_for(shapes, dtype=np.float32):
    rng = np.random.default_rng(3)
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    ours = [corelib.from_numpy(array.copy()).requires_grad_() for array in arrays]
    theirs = [torch.from_numpy(array.copy()).requires_grad_() for array in arrays]
    return ours, theirs


def as_array(tensor):
    return tensor.detach().cpu().numpy()


def assert_close(ours, theirs, what, rtol=2e-5, atol=2e-6):
    assert str(ours.dtype) == str(theirs.dtype), what
    assert tuple(ours.shape) == tuple(theirs.shape), what
    np.testing.assert_allclose(as_array(ours), as_array(theirs), rtol=rtol, atol=atol, err_msg=what)


def assert_same_state(ours, theirs):
    ours, theirs = ours.state_dict(), theirs.state_dict()
    assert list(ours) == list(theirs)
    assert ours._metadata == theirs._metadata
    for name in theirs:
        assert_close(ours[name], theirs[name], name, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("expression", "shapes"), LAYERS, ids=[expression for expression, _ in LAYERS])
def test_layer_prints_starts_runs_and_differentiates_as_in_torch(expression, shapes):
    ours, theirs = made_after_seed(expression)
    assert repr(ours) == repr(theirs)
    assert_same_state(ours, theirs)
    if shapes is None:
        return
    dtype = np.float64 if "float64" in expression else np.float32
    x, y = inputs_for(shapes, dtype)
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
    (x,), (y,) = inputs_for([(3, 4)])
    x, y = x.detach(), y.detach()
    assert ours(x) is x
    assert_close(x, theirs(y), "output")


@pytest.mark.parametrize("expression", PRINTED)
def test_expression_prints_as_in_torch(expression):
    ours, theirs = made_after_seed(expression)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(("expression", "shape"), INITIAL, ids=[f"{e} {s}" for e, s in INITIAL])
def test_init_gives_torchs_values(expression, shape):
    tensors = []
    for library in (corelib, torch):
        library.manual_seed(11)
        x = library.empty(shape)
        made = evaluate(f"nn.init.{expression}", library, x=x)
        assert made is x
        tensors.append(x)
    loose = "orthogonal" in expression
    assert_close(*tensors, expression, rtol=1e-3 if loose else 1e-5, atol=1e-4 if loose else 1e-6)


def test_init_does_not_record_on_a_parameter():
    p = corelib.nn.Parameter(corelib.empty(3, 4))
    for fill in ("uniform_", "normal_", "zeros_", "ones_", "eye_", "xavier_uniform_", "trunc_normal_", "orthogonal_"):
        assert getattr(corelib.nn.init, fill)(p) is p
        assert p.grad_fn is None and p.requires_grad


@pytest.mark.parametrize("shape", [(3, 4), (8, 8), (40, 12), (64, 64)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape):
    corelib.manual_seed(0)
    q = as_array(corelib.nn.init.orthogonal_(corelib.empty(shape))).astype(np.float64)
    product = q @ q.T if shape[0] < shape[1] else q.T @ q
    np.testing.assert_allclose(product, np.eye(min(shape)), atol=2e-6)


@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_calculate_gain_is_torchs(name):
    assert corelib.nn.init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert corelib.nn.init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


REDUCED = [
    (expression.format(r=f"reduction={reduction!r}"), target)
    for expression, target in LOSSES
    for reduction in ("mean", "sum", "none", "batchmean")
    # batchmean is a reduction of KLDivLoss only.
    if reduction != "batchmean" or "KLDiv" in expression
]


@pytest.mark.parametrize(("expression", "target"), REDUCED, ids=[f"{e} {t}" for e, t in REDUCED])
def test_loss_and_its_gradient_are_torchs(expression, target):
    (x,), (y,) = inputs_for([(5, 4)])
    rng = np.random.default_rng(5)
    if target == "class":
        goal = rng.integers(0, 4, 5)
    elif target == "probability":
        goal = rng.dirichlet(np.ones(4), 5).astype(np.float32)
    else:
        goal = rng.standard_normal((5, 4)).astype(np.float32)
    with warnings.catch_warnings():
        # PyTorch advises batchmean instead of KLDivLoss's mean.
        warnings.simplefilter("ignore")
        results = []
        for library, given in ((corelib, x), (torch, y)):
            loss = evaluate(expression, library)
            if "BCELoss" in expression:
                given = given.sigmoid()
            elif "NLL" in expression or "KLDiv" in expression:
                given = given.log_softmax(1)
            value = loss(given, library.from_numpy(goal.copy()))
            value.sum().backward()
            results.append(value)
    assert_close(*results, "loss", rtol=1e-4, atol=1e-5)
    assert_close(x.grad, y.grad, "gradient", rtol=1e-4, atol=1e-5)


def test_legacy_reduction_arguments_warn_and_choose_as_in_torch():
    for given in ({"size_average": False}, {"reduce": False}, {"size_average": True, "reduce": True}):
        texts = []
        for library in (corelib, torch):
            with pytest.warns(UserWarning, match="will be deprecated") as caught:
                texts.append(library.nn.MSELoss(**given).reduction + str(caught[0].message))
        assert texts[0] == texts[1]


@pytest.mark.parametrize("expression", ERRORS)
def test_misuse_raises_torchs_exception(expression):
    raised = []
    for library in (corelib, torch):
        with pytest.raises(Exception) as caught, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            evaluate(expression, library)
        raised.append(caught)
    assert raised[0].type is raised[1].type or issubclass(raised[0].type, raised[1].type), raised[0].value
    if "state_dict" in expression or "Module()" in expression or "get_" in expression:
        assert str(raised[0].value).replace("corelib.nn.activation", "torch.nn.modules.activation") == str(
            raised[1].value
        )


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
    (x,), (y,) = inputs_for([(1, 3, 4, 4)])
    for size in ([8, 7], [1, 2, 7, 8]):
        assert_close(ours(x, output_size=size), theirs(y, output_size=size), "output")


def test_max_pool_returns_torchs_indices():
    ours, theirs = made_after_seed("nn.MaxPool2d(2, return_indices=True)")
    (x,), (y,) = inputs_for([(2, 3, 6, 4)])
    for a, b in zip(ours(x), theirs(y), strict=True):
        assert_close(a, b, "pooled or index")


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


class Recorder:
    """Registers every kind of hook on a small network and writes down their order."""

    def __init__(self, library, global_hooks):
        self.lines = []
        library.manual_seed(0)
        nn = library.nn
        self.net = nn.Sequential(collections_of(nn))
        module = __import__(global_hooks, fromlist=["x"])
        handles = [
            module.register_module_forward_pre_hook(self.note("global pre")),
            module.register_module_forward_hook(self.note("global post")),
            module.register_module_full_backward_pre_hook(self.note("global back pre")),
            module.register_module_full_backward_hook(self.note("global back")),
        ]
        for child in self.net.modules():
            child.register_forward_pre_hook(self.note("pre"))
            child.register_forward_pre_hook(self.note("pre first"), prepend=True)
            child.register_forward_hook(self.note("post"))
            child.register_forward_hook(self.note("post kwargs"), with_kwargs=True)
            child.register_full_backward_pre_hook(self.note("back pre"))
            child.register_full_backward_hook(self.note("back"))
            child.register_full_backward_hook(self.note("back first"), prepend=True)
        try:
            x = library.arange(6.0).reshape(3, 2).requires_grad_()
            self.net(x).sum().backward()
            self.grad = x.grad
        finally:
            for handle in handles:
                handle.remove()

    def note(self, kind):
        def hook(module, *args):
            shown = [self.show(arg) for arg in args]
            self.lines.append(f"{kind} {type(module).__name__} {shown}")

        return hook

    def show(self, value):
        if isinstance(value, tuple):
            return tuple(self.show(v) for v in value)
        return [round(float(v), 3) + 0.0 for v in as_array(value).ravel()] if hasattr(value, "shape") else value


def collections_of(nn):
    from collections import OrderedDict

    return OrderedDict(fc=nn.Linear(2, 2), act=nn.Tanh(), out=nn.Linear(2, 1))


def test_hooks_run_in_torchs_order_with_torchs_values():
    ours = Recorder(corelib, "corelib.nn.hooks")
    theirs = Recorder(torch, "torch.nn.modules.module")
    assert [line.split(" [")[0] for line in ours.lines] == [line.split(" [")[0] for line in theirs.lines]
    assert ours.lines == theirs.lines
    assert_close(ours.grad, theirs.grad, "gradient")


def test_hooks_replace_what_torchs_replace():
    grads = []
    for library in (corelib, torch):
        library.manual_seed(0)
        layer = library.nn.Linear(2, 2)
        layer.register_forward_pre_hook(lambda module, args: args[0] * 2)
        layer.register_forward_hook(lambda module, args, out: out * 3)
        layer.register_full_backward_pre_hook(lambda module, grad: (grad[0] * 5,))
        layer.register_full_backward_hook(lambda module, grad_in, grad_out: (grad_in[0] * 7,))
        x = library.ones(1, 2, requires_grad=True)
        layer(x).sum().backward()
        grads += [x.grad, layer.weight.grad]
    assert_close(grads[0], grads[2], "input")
    assert_close(grads[1], grads[3], "weight")


def test_backward_hook_without_input_gradients_fires_and_warns_as_in_torch():
    seen = []
    for library in (corelib, torch):
        layer = library.nn.Linear(2, 2)
        layer.register_full_backward_hook(lambda module, grad_in, grad_out: seen.append((grad_in, len(grad_out))))
        with pytest.warns(UserWarning, match="no inputs require gradients"):
            layer(library.ones(1, 2)).sum().backward()
    assert seen[0] == seen[1] == ((None,), 1)


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
    (x,), (y,) = inputs_for([(2, 1, 6, 6)])
    assert_close(ours(x), theirs(y), "output", rtol=1e-4, atol=1e-5)
    assert_close(copy.deepcopy(ours)(x), copy.deepcopy(theirs)(y), "copied", rtol=1e-4, atol=1e-5)


def test_every_public_name_has_torchs_signature():
    import inspect

    for name in corelib.nn.__all__:
        ours, theirs = getattr(corelib.nn, name), getattr(torch.nn, name)
        if not isinstance(theirs, type) or name in ("Parameter", "Buffer"):
            continue
        mine = [(p.name, p.default, p.kind) for p in inspect.signature(ours.__init__).parameters.values()]
        expected = [(p.name, p.default, p.kind) for p in inspect.signature(theirs.__init__).parameters.values()]
        assert mine == expected, name
    for name in corelib.nn.init.__all__:
        mine = inspect.signature(getattr(corelib.nn.init, name)).parameters
        expected = inspect.signature(getattr(torch.nn.init, name)).parameters
        assert [(p.name, p.default) for p in mine.values()] == [(p.name, p.default) for p in expected.values()], name
