"""Every model of torchvision beside corelib's: structure, start values under a seed, values, gradients, files."""

from __future__ import annotations

import pickle
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..pairs import as_array, assert_close
from .networks import NAMES, OURS, SIDES, THEIRS, VIDEO, WHOLE, as_corelib, at_ease, built, described, made, on_meta, outputs, with_one_state

ONE_OF_EACH = (
    "resnet18 squeezenet1_1 densenet121 googlenet mobilenet_v2 mobilenet_v3_small shufflenet_v2_x0_5 mnasnet0_5 regnet_y_400mf efficientnet_b0 "
    "swin_t lraspp_mobilenet_v3_large"
).split()
LARGER = "resnet50 resnext50_32x4d regnet_x_400mf efficientnet_v2_s convnext_tiny swin_v2_t deeplabv3_mobilenet_v3_large".split()
LARGE = "vit_b_32 alexnet vgg11 vgg11_bn inception_v3 maxvit_t fcn_resnet50 mobilenet_v3_large shufflenet_v2_x1_0".split()
SIDE = {"inception_v3": 96, "maxvit_t": 224, "alexnet": 96, "vgg11": 32, "vgg11_bn": 32}
"""The sides of images, where they are not 64."""


@pytest.fixture(autouse=True)
def sizes_are_computed_on_the_cpu(monkeypatch):
    """torchvision computes the sizes of a RegNet with tensors, which have no numbers on meta."""
    BlockParams = THEIRS.regnet.BlockParams
    from_init_params = BlockParams.from_init_params.__func__

    def on_cpu(cls: Any, *args: Any, **kwargs: Any) -> Any:
        with torch.device("cpu"):
            return from_init_params(cls, *args, **kwargs)

    monkeypatch.setattr(BlockParams, "from_init_params", classmethod(on_cpu))


def options_of(name: str) -> dict[str, Any]:
    if name.startswith("vit"):
        return {"image_size": 64}
    return {"aux_loss": True} if "fcn" in name or "deeplab" in name else {}


def images(name: str, n: int, dtype: str = "float32", seed: int = 1, side: int | None = None) -> list[Any]:
    side = side or SIDE.get(name, 64)
    x = np.random.default_rng(seed).standard_normal((n, 3, side, side)).astype(dtype)
    return [corelib.from_numpy(x.copy()), torch.from_numpy(x.copy())]


def test_the_names_are_the_same():
    assert OURS.list_models() == sorted([*NAMES, *VIDEO])


@pytest.mark.parametrize("name", NAMES)
def test_structure_keys_and_printing_are_the_same(name):
    ours, theirs = map(described, on_meta(name))
    for what, value in theirs.items():
        assert ours[what] == value, what


VARIANTS = {
    "resnet, dilated": lambda s: s.M.resnet50(num_classes=7, replace_stride_with_dilation=[False, True, True], zero_init_residual=True),
    "resnet, group norm": lambda s: s.M.resnet18(norm_layer=partial(s.T.nn.GroupNorm, 8), num_classes=3),
    "resnet, frozen norm": lambda s: s.M.resnet18(norm_layer=s.ops.FrozenBatchNorm2d),
    "resnet, groups": lambda s: s.M.resnet50(groups=2, width_per_group=16),
    "ResNet of blocks": lambda s: s.M.resnet.ResNet(s.M.resnet.BasicBlock, [1, 1, 1, 1], zero_init_residual=True),
    "vgg": lambda s: s.M.vgg.VGG(s.M.vgg.make_layers([8, "M", 512], batch_norm=True), num_classes=2, dropout=0.1),
    "vgg, as made": lambda s: s.M.vgg.VGG(s.M.vgg.make_layers([8, 512]), num_classes=2, init_weights=False),
    "alexnet": lambda s: s.M.alexnet(num_classes=3, dropout=0.2),
    "squeezenet": lambda s: s.M.squeezenet1_0(num_classes=4, dropout=0.1),
    "densenet": lambda s: s.M.densenet.DenseNet(8, (2, 3, 2, 1), 16, bn_size=2, drop_rate=0.3, num_classes=5, memory_efficient=True),
    "googlenet": lambda s: s.M.googlenet(aux_logits=False, transform_input=True, init_weights=False, dropout=0.1),
    "googlenet, aux": lambda s: s.M.googlenet(num_classes=5, init_weights=True, dropout_aux=0.1),
    "inception": lambda s: s.M.inception_v3(aux_logits=False, init_weights=False, transform_input=True),
    "mobilenet v2": lambda s: s.M.mobilenet_v2(width_mult=0.5, round_nearest=4, norm_layer=partial(s.T.nn.GroupNorm, 4), dropout=0.0),
    "mobilenet v2, rows": lambda s: s.M.mobilenet_v2(inverted_residual_setting=[[1, 8, 1, 1], [4, 16, 2, 2]]),
    "mobilenet v3": lambda s: s.M.mobilenet_v3_large(width_mult=0.5, reduced_tail=True, dilated=True, num_classes=9),
    "mobilenet v3 small": lambda s: s.M.mobilenet_v3_small(width_mult=1.25, reduced_tail=True, dropout=0.5),
    "shufflenet": lambda s: s.M.shufflenetv2.ShuffleNetV2([1, 2, 1], [8, 16, 32, 64, 128], num_classes=3),
    "mnasnet": lambda s: s.M.mnasnet.MNASNet(0.35, num_classes=11, dropout=0.4),
    "regnet": lambda s: s.M.regnet_y_400mf(num_classes=3, stem_width=16, norm_layer=partial(s.T.nn.BatchNorm2d, momentum=0.3), activation=s.T.nn.SiLU),
    "regnet, params": lambda s: s.M.regnet.RegNet(
        s.M.regnet.BlockParams.from_init_params(depth=9, w_0=24, w_a=30.5, w_m=2.2, group_width=16, bottleneck_multiplier=0.5, se_ratio=0.1)
    ),
    "efficientnet": lambda s: s.M.efficientnet_b1(num_classes=3, dropout=0.6, stochastic_depth_prob=0.5),
    "efficientnet, rows": lambda s: s.M.efficientnet.EfficientNet(
        [s.M.efficientnet.FusedMBConvConfig(2, 3, 2, 8, 16, 2), s.M.efficientnet.MBConvConfig(4, 5, 1, 16, 24, 3, 0.9, 1.5)], 0.1, last_channel=64
    ),
    "convnext": lambda s: s.M.convnext.ConvNeXt(
        [s.M.convnext.CNBlockConfig(8, 16, 2), s.M.convnext.CNBlockConfig(16, None, 3)], 0.2, layer_scale=0.5, num_classes=4
    ),
    "convnext, defaults": lambda s: s.M.convnext_tiny(stochastic_depth_prob=0.0, num_classes=2),
    "vit": lambda s: s.M.vision_transformer.VisionTransformer(32, 8, 2, 2, 16, 24, 0.1, 0.2, num_classes=3, representation_size=5),
    "vit, convolutions": lambda s: s.M.vision_transformer.VisionTransformer(
        32, 8, 1, 2, 16, 24, conv_stem_configs=[s.M.vision_transformer.ConvStemConfig(4, 3, 2), s.M.vision_transformer.ConvStemConfig(8, 3, 4)]
    ),
    "swin": lambda s: s.M.swin_transformer.SwinTransformer([4, 2], 8, [2, 1], [2, 4], [3, 5], mlp_ratio=2, dropout=0.1, attention_dropout=0.2),
    "swin v2": lambda s: s.M.swin_transformer.SwinTransformer(
        [2, 2], 8, [1, 2], [1, 2], [4, 4], block=s.M.swin_transformer.SwinTransformerBlockV2, downsample_layer=s.M.swin_transformer.PatchMergingV2
    ),
    "maxvit": lambda s: s.M.maxvit.MaxVit((64, 64), 8, 2, [8, 16], [1, 2], 4, 0.3, mlp_dropout=0.1, attention_dropout=0.1, num_classes=3),
    "fcn": lambda s: s.M.segmentation.fcn_resnet50(weights_backbone=None, aux_loss=True, num_classes=4),
    "deeplab": lambda s: s.M.segmentation.deeplabv3_mobilenet_v3_large(weights_backbone=None, aux_loss=True),
    "getter": lambda s: s.M._utils.IntermediateLayerGetter(s.M.resnet18(), {"layer1": "a", "layer3": "b"}),
}  # fmt: skip


def assert_one_start(models: list[Any]) -> None:
    ours, theirs = models
    for (key, mine), (other, value) in zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True):
        assert key == other
        assert_close(mine, value, key, rtol=2e-6, atol=2e-7)


HEAVY = ("vgg", "vgg, as made", "alexnet", "fcn")
"""What only the whole run makes."""


@pytest.mark.parametrize("what", [v for v in VARIANTS if WHOLE or v not in HEAVY])
def test_arguments_change_the_same_things(what):
    models = built(VARIANTS[what], seed=len(what))
    ours, theirs = map(described, models)
    assert ours == theirs
    assert_one_start(models)


HUGE = ("regnet_y_128gf", "vit_h_14")
"""Their numbers fill the memory of a small machine; their structure is compared."""


@pytest.mark.parametrize("name", [n for n in NAMES if n not in HUGE] if WHOLE else ONE_OF_EACH)
def test_start_values_under_a_seed_are_the_same(name):
    assert_one_start(made(name, seed=7))


MODERATE = [n for n in NAMES if THEIRS.get_model_weights(n).DEFAULT.meta["num_params"] < 1e8]


@pytest.mark.parametrize("name", [*(dict.fromkeys([*LARGE, *MODERATE]) if WHOLE else [*ONE_OF_EACH, *LARGER])])
def test_logits_of_one_state_are_the_same(name):
    models = made(name, **options_of(name))
    with_one_state(models, seed=2)
    mine, other = (outputs(model.eval()(x)) for model, x in zip(models, images(name, 2)))
    assert list(mine) == list(other)
    for key, value in other.items():
        assert_close(mine[key], value, key, rtol=1e-4, atol=1e-5 * float(value.detach().abs().max()))


@pytest.mark.parametrize("name", [*ONE_OF_EACH, *(LARGER + LARGE if WHOLE else [])])
def test_training_in_double_precision_is_the_same(name):
    models = made(name, **options_of(name))
    with_one_state(models, seed=3)
    losses = []
    for side, model, x in zip(SIDES, models, images(name, 2, "float64", side=299 if name == "inception_v3" else None)):
        model.double().train()
        side.T.manual_seed(11)
        found = outputs(model(x.requires_grad_()))
        loss = sum((value**2).mean() for value in found.values())
        loss.backward()
        losses.append((found, x.grad))
    (mine, my_x), (other, x) = losses
    assert list(mine) == list(other)
    for key, value in other.items():
        assert_close(mine[key], value, key, rtol=1e-9, atol=1e-10)
    ours, theirs = models
    largest = max(float(p.grad.abs().max()) for p in theirs.parameters() if p.grad is not None)
    assert_close(my_x, x, "gradient of the images", rtol=1e-7, atol=1e-7 * float(x.abs().max()))
    for (key, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert (p.grad is None) == (q.grad is None), key
        if q.grad is not None:
            assert_close(p.grad, q.grad, key, rtol=1e-7, atol=1e-7 * float(q.grad.abs().max()) + 1e-13 * largest)
    for (key, b), (_, c) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert_close(b, c, key, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("what", ["densenet", "vit", "vit, convolutions", "swin", "swin v2", "maxvit", "convnext", "efficientnet, rows", "ResNet of blocks"])
def test_small_networks_train_alike_with_dropout(what):
    models = built(VARIANTS[what])
    models[0].load_state_dict(as_corelib(models[1].state_dict()))
    side = 32 if what.startswith("vit") else 64
    results = []
    for library, model, x in zip(SIDES, models, images(what, 3, "float64", side=side)):
        model.double().train()
        library.T.manual_seed(4)
        out = model(x)
        out.pow(2).mean().backward()
        results.append([out, *(p.grad for p in model.parameters())])
    for mine, other in zip(*results, strict=True):
        assert_close(mine, other, what, rtol=1e-8, atol=1e-11)


def test_other_sizes_of_images_are_padded_and_shifted_alike():
    for make in (VARIANTS["swin"], VARIANTS["swin v2"]):
        models = built(make)
        models[0].load_state_dict(as_corelib(models[1].state_dict()))
        for height, width in ((32, 32), (24, 40), (8, 36), (20, 12), (44, 28)):
            x = np.random.default_rng(height).standard_normal((2, 3, height, width)).astype("float32")
            mine, other = models[0].eval()(corelib.from_numpy(x)), models[1].eval()(torch.from_numpy(x))
            assert_close(mine, other, f"{height} {width}", rtol=1e-4, atol=1e-5)


def test_images_are_transformed_on_the_way_in():
    models = built(lambda side: side.M.googlenet(transform_input=True, aux_logits=False, init_weights=False))
    with_one_state(models, seed=5)
    mine, other = (model.eval()(x) for model, x in zip(models, images("googlenet", 2)))
    assert_close(mine, other, rtol=1e-4, atol=1e-5)


def test_embeddings_are_interpolated_alike():
    states = [VARIANTS["vit"](side).state_dict() for side in SIDES]
    states[0] = as_corelib(states[1])
    found = [side.M.vision_transformer.interpolate_embeddings(48, 8, state, reset_heads=True) for side, state in zip(SIDES, states)]
    assert list(found[0]) == list(found[1])
    assert_close(found[0]["encoder.pos_embedding"], found[1]["encoder.pos_embedding"], rtol=1e-4, atol=1e-5)


def test_layers_in_between_are_given_out_alike():
    models = built(VARIANTS["getter"])
    with_one_state(models, seed=6)
    mine, other = (model.eval()(x) for model, x in zip(models, images("resnet18", 1)))
    assert list(mine) == list(other) == ["a", "b"]
    for key in other:
        assert_close(mine[key], other[key], key, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "mnasnet0_5", "swin_t"])
def test_files_go_from_pytorch_to_corelib_and_from_corelib_to_itself(name, tmp_path):
    ours, theirs = made(name)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    ours.load_state_dict(corelib.load(tmp_path / "theirs.pt"))
    for mine, other in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
        np.testing.assert_array_equal(as_array(mine), as_array(other))
    corelib.save(ours, tmp_path / "whole.pt")
    again = corelib.load(tmp_path / "whole.pt", weights_only=False)
    assert repr(again) == repr(ours)
    assert_close(again.eval()(images(name, 1)[0]), ours.eval()(images(name, 1)[0]), rtol=0, atol=0)
    corelib.save(ours.state_dict(), tmp_path / "ours.pt")
    theirs.load_state_dict(torch.load(tmp_path / "ours.pt"))


BAD = {
    "resnet dilation": lambda s: s.M.resnet18(replace_stride_with_dilation=[True]),
    "resnet basic dilated": lambda s: s.M.resnet18(replace_stride_with_dilation=[True, True, True]),
    "resnet basic groups": lambda s: s.M.resnet18(groups=2),
    "resnext groups": lambda s: s.M.resnext50_32x4d(groups=4),
    "resnet unknown": lambda s: s.M.resnet18(colour=1),
    "squeezenet version": lambda s: s.M.squeezenet.SqueezeNet("2_0"),
    "googlenet blocks": lambda s: s.M.googlenet(blocks=[], init_weights=True),
    "inception blocks": lambda s: s.M.inception_v3(inception_blocks=[], init_weights=True),
    "mobilenet v2 rows": lambda s: s.M.mobilenet_v2(inverted_residual_setting=[[1, 2]]),
    "mobilenet v2 stride": lambda s: s.M.mobilenetv2.InvertedResidual(4, 4, 3, 1),
    "mobilenet v3 rows": lambda s: s.M.mobilenetv3.MobileNetV3([], 4),
    "mobilenet v3 types": lambda s: s.M.mobilenetv3.MobileNetV3([1], 4),
    "mobilenet v3 arch": lambda s: s.M.mobilenetv3._mobilenet_v3_conf("x"),
    "shufflenet repeats": lambda s: s.M.shufflenetv2.ShuffleNetV2([1], [1, 2, 3, 4, 5]),
    "shufflenet widths": lambda s: s.M.shufflenetv2.ShuffleNetV2([1, 1, 1], [1]),
    "shufflenet stride": lambda s: s.M.shufflenetv2.InvertedResidual(4, 4, 4),
    "shufflenet sizes": lambda s: s.M.shufflenetv2.InvertedResidual(4, 8, 1),
    "mnasnet alpha": lambda s: s.M.mnasnet.MNASNet(0),
    "mnasnet version": lambda s: s.M.mnasnet0_5().load_state_dict({}),
    "regnet": lambda s: s.M.regnet.BlockParams.from_init_params(4, 7, 1.0, 2.0, 8),
    "efficientnet rows": lambda s: s.M.efficientnet.EfficientNet([], 0.1),
    "efficientnet types": lambda s: s.M.efficientnet.EfficientNet([3], 0.1),
    "efficientnet arch": lambda s: s.M.efficientnet._efficientnet_conf("x"),
    "efficientnet twice": lambda s: s.M.efficientnet_b5(norm_layer=s.T.nn.BatchNorm2d),
    "swin twice": lambda s: s.M.swin_t(patch_size=[2, 2]),
    "vit twice": lambda s: s.M.vit_b_32(hidden_dim=8),
    "maxvit twice": lambda s: s.M.maxvit_t(head_dim=8),
    "densenet twice": lambda s: s.M.densenet121(growth_rate=8),
    "regnet twice": lambda s: s.M.regnet_x_400mf(group_width=8),
    "vgg twice": lambda s: s.M.vgg11(features=None),
    "convnext stages": lambda s: s.M.convnext.ConvNeXt([]),
    "convnext types": lambda s: s.M.convnext.ConvNeXt([3]),
    "vit size": lambda s: s.M.vit_b_32(image_size=33),
    "vit image": lambda s: s.M.vision_transformer.VisionTransformer(32, 8, 1, 2, 16, 24)(s.T.zeros(1, 3, 16, 16)),
    "vit embeddings": lambda s: s.M.vision_transformer.interpolate_embeddings(48, 8, {"encoder.pos_embedding": s.T.zeros(1, 7, 4)}),
    "swin window": lambda s: s.M.swin_transformer.ShiftedWindowAttention(8, [2], [0], 2),
    "maxvit size": lambda s: s.M.maxvit_t(input_size=(100, 100)),
    "maxvit heads": lambda s: s.M.maxvit.RelativePositionalMultiHeadAttention(10, 3, 4),
    "lraspp aux": lambda s: s.M.segmentation.lraspp_mobilenet_v3_large(aux_loss=True, weights_backbone=None),
    "getter": lambda s: s.M._utils.IntermediateLayerGetter(s.M.squeezenet1_1(), {"x": "y"}),
    "weights": lambda s: s.M.resnet18(weights=s.M.ResNet34_Weights.DEFAULT),
    "weights name": lambda s: s.M.resnet18(weights="NOT_THERE"),
    "weights classes": lambda s: s.M.resnet18(weights="DEFAULT", num_classes=3),
    "weights voc": lambda s: s.M.segmentation.fcn_resnet50(weights="DEFAULT", aux_loss=False),
    "model": lambda s: s.M.get_model("nothing"),
    "weight name": lambda s: s.M.get_weight("ResNet18_Weights"),
    "weight enum": lambda s: s.M.get_weight("ResNet1_Weights.DEFAULT"),
    "weight member": lambda s: s.M.get_weight("ResNet18_Weights.NOTHING"),
    "pretrained": lambda s: s.M.vit_h_14(pretrained=True),
    "two positions": lambda s: s.M.resnet18(None, True, 3),
    "mlp": lambda s: s.ops.MLP(3, [2, 1], activation_layer=None),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_arguments_raise_the_same_errors(what):
    errors = []
    for side in SIDES:
        with at_ease(), pytest.raises(Exception) as caught:
            BAD[what](side)
        errors.append(type(caught.value).__name__)
    assert errors[0] == errors[1]


def test_models_can_be_copied_and_pickled():
    model = OURS.resnet18()
    again = pickle.loads(pickle.dumps(model))
    assert repr(again) == repr(model)
    assert pickle.loads(pickle.dumps(OURS.resnet18)) is OURS.resnet18
