"""corelib.vision.models: sizes of every model, weights and their files, older arguments, and values of small networks."""

import pickle
import subprocess
import sys
import warnings
from functools import partial

import pytest

import corelib as torch
from corelib.vision import models
from corelib.vision.models import _utils, regnet, resnet, swin_transformer, vgg
from corelib.vision.models._api import BUILTIN_MODELS, register_model

VIDEO = ["mc3_18", "r2plus1d_18", "r3d_18", "s3d"]
SEGMENTATION = models.list_models(module=models.segmentation)


def on_meta(name, **options):
    backbone = {"weights_backbone": None} if name in SEGMENTATION else {}
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return models.get_model(name, **backbone, **options)


@pytest.mark.parametrize("name", models.list_models())
def test_models_have_as_many_parameters_as_their_weights_say(name):
    default = models.get_model_weights(name).DEFAULT
    options = {}
    if name in SEGMENTATION and "lraspp" not in name:
        options["aux_loss"] = True
    if name.startswith("vit"):
        options["image_size"] = default.meta["min_size"][0]
    if name in ("googlenet", "inception_v3"):
        options["aux_logits"] = name == "inception_v3"
    model = on_meta(name, **options)
    assert sum(p.numel() for p in model.parameters()) == default.meta["num_params"]


def test_there_are_ninety_models():
    assert len(models.list_models()) == 90
    assert models.list_models(include="vit*", exclude=["*16", "*h*"]) == ["vit_b_32", "vit_l_32"]
    assert SEGMENTATION[0] == "deeplabv3_mobilenet_v3_large" and len(SEGMENTATION) == 6


def test_every_weight_has_a_place_a_preset_and_its_classes():
    seen = set()
    for name in models.list_models():
        for weights in models.get_model_weights(name):
            assert weights.url.startswith("https://download.pytorch.org/models/") and weights.url.endswith(".pth")
            assert weights.url not in seen
            seen.add(weights.url)
            assert len(weights.meta["categories"] or range(1000)) == (21 if name in SEGMENTATION else 400 if name in VIDEO else 1000)
            assert name in VIDEO or weights.transforms.keywords["resize_size"] >= weights.transforms.keywords.get("crop_size", 0)
            assert models.get_weight(repr(weights)) is weights and pickle.loads(pickle.dumps(weights)) is weights
    assert len(seen) == 125


def test_classes_are_imagenets():
    names = models.ResNet18_Weights.DEFAULT.meta["categories"]
    assert (names[0], names[207], names[999]) == ("tench", "golden retriever", "toilet tissue")


def test_importing_models_does_not_load_pillow():
    code = (
        "import sys, corelib; assert 'corelib.vision' not in sys.modules; import corelib.vision.models, corelib.vision.models.feature_extraction; "
        "print('PIL' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def test_weights_that_were_downloaded_are_loaded(hub):
    made = models.squeezenet1_1()
    torch.save(made.state_dict(), hub / "squeezenet1_1-b8a52dc0.pth")
    for given in ("IMAGENET1K_V1", "SqueezeNet1_1_Weights.DEFAULT", models.SqueezeNet1_1_Weights.DEFAULT):
        loaded = models.squeezenet1_1(weights=given)
        assert torch.equal(loaded.features[0].weight, made.features[0].weight)
    with pytest.warns(UserWarning, match="deprecated") as told:
        assert torch.equal(models.squeezenet1_1(pretrained=True).features[0].weight, made.features[0].weight)
    assert len(told) == 2
    with pytest.raises(ValueError, match="num_classes must be 1000"):
        models.squeezenet1_1(weights="DEFAULT", num_classes=10)
    with pytest.raises(TypeError, match="SqueezeNet1_1_Weights"):
        models.squeezenet1_1(weights=models.ResNet18_Weights.DEFAULT)
    with pytest.raises(KeyError):
        models.squeezenet1_1(weights="IMAGENET1K_V9")


def test_older_keys_of_densenet_are_renamed(hub):
    made = models.densenet121()
    older = {}
    for key, value in made.state_dict().items():
        for part in ("norm", "relu", "conv"):
            for i in "12":
                if "denselayer" in key:
                    key = key.replace(f".{part}{i}.", f".{part}.{i}.")
        older[key] = value
    assert "features.denseblock1.denselayer1.norm.1.weight" in older
    torch.save(older, hub / "densenet121-a639ec97.pth")
    loaded = models.densenet121(weights="DEFAULT")
    assert all(torch.equal(a, b) for a, b in zip(loaded.state_dict().values(), made.state_dict().values()))


def test_arguments_by_position_are_taken_with_a_warning():
    with pytest.warns(UserWarning, match="by position"):
        assert models.squeezenet1_1(None, True).num_classes == 1000
    with pytest.raises(ValueError, match="no weights"):
        models.vit_h_14(pretrained=True)
    with pytest.raises(TypeError, match="no keyword-only"):
        _utils.kwonly_to_pos_or_kw(lambda x: x)


def test_a_name_is_registered_once():
    register_model("of_mine")(models.squeezenet1_0)
    try:
        assert models.get_model("OF_MINE", num_classes=2).num_classes == 2
        with pytest.raises(ValueError, match="already"):
            register_model("of_mine")(models.squeezenet1_0)
    finally:
        del BUILTIN_MODELS["of_mine"]
    with pytest.raises(ValueError, match="unknown model"):
        models.get_model("of_mine")


@pytest.mark.parametrize(("v", "divisor", "least", "wanted"), [(33, 8, None, 32), (36, 8, None, 40), (3, 8, None, 8), (20, 8, 16, 24), (11.9, 8, None, 16)])
def test_channels_are_made_divisible(v, divisor, least, wanted):
    assert _utils._make_divisible(v, divisor, least) == wanted


def test_a_residual_block_adds_what_it_was_given():
    block = resnet.BasicBlock(1, 1).eval()
    for conv in (block.conv1, block.conv2):
        torch.nn.init.dirac_(conv.weight)
    x = torch.tensor([[[[1.0, -2.0], [3.0, 0.5]]]])
    wanted = torch.relu(torch.relu(x) / (1 + 1e-5) + x)  # two norms, each a division by the root of 1 + eps
    torch.testing.assert_close(block(x), wanted)


def test_a_residual_network_begins_as_its_shortcuts():
    net = resnet.ResNet(resnet.Bottleneck, [1, 1, 1, 1], num_classes=3, zero_init_residual=True)
    assert all(float(stage[0].bn3.weight.abs().sum()) == 0 for stage in (net.layer1, net.layer2, net.layer3, net.layer4))
    assert float(net.layer1[0].bn1.weight.sum()) == 64


def test_dilation_takes_the_place_of_strides():
    x = torch.zeros(1, 3, 64, 64)
    net = models.resnet50(num_classes=2, replace_stride_with_dilation=[False, True, True], norm_layer=partial(torch.nn.GroupNorm, 8)).eval()
    parts = _utils.IntermediateLayerGetter(net, {"layer2": "a", "layer4": "b"})
    assert {name: tuple(out.shape) for name, out in parts(x).items()} == {"a": (1, 512, 8, 8), "b": (1, 2048, 8, 8)}
    with pytest.raises(ValueError, match="no children"):
        _utils.IntermediateLayerGetter(net, {"layer9": "a"})


def test_layers_of_vgg_follow_their_list():
    layers = vgg.make_layers([4, "M", 8], batch_norm=True)
    assert [type(layer).__name__ for layer in layers] == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Conv2d", "BatchNorm2d", "ReLU"]
    assert vgg.cfgs["A"] == [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"]


def test_widths_of_regnet_are_quantized():
    params = regnet.BlockParams.from_init_params(depth=13, w_0=24, w_a=36.44, w_m=2.49, group_width=8)
    assert (params.widths, params.depths, params.group_widths, params.strides) == ([24, 56, 152, 368], [1, 1, 4, 7], [8] * 4, [2] * 4)
    with pytest.raises(ValueError, match="multiple of 8"):
        regnet.BlockParams.from_init_params(depth=2, w_0=7, w_a=1.0, w_m=2.0, group_width=8)


def test_relative_positions_are_rows_of_a_table():
    index = swin_transformer.relative_position_index(2, 2)
    assert index.tolist() == [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]


def test_shifted_windows_do_not_see_across_the_border():
    mask = swin_transformer._apart(4, 4, [2, 2], [1, 1], torch.zeros(1))
    assert mask[0].abs().sum() == 0
    assert mask[1].tolist() == [[0, -100, 0, -100], [-100, 0, -100, 0], [0, -100, 0, -100], [-100, 0, -100, 0]]
    assert mask[3].count_nonzero() == 12
    assert swin_transformer._apart(4, 4, [2, 2], [0, 1], torch.zeros(1))[2].abs().sum() == 0


def test_auxiliary_outputs_come_while_training():
    net = models.googlenet(num_classes=3, init_weights=False)
    out = net.train()(torch.zeros(2, 3, 64, 64))
    assert [tuple(part.shape) for part in out] == [(2, 3)] * 3 and out._fields == ("logits", "aux_logits2", "aux_logits1")
    assert tuple(net.eval()(torch.zeros(2, 3, 64, 64)).shape) == (2, 3)
    with pytest.warns(FutureWarning, match="init_weights"):
        models.googlenet()


def test_a_network_learns():
    torch.manual_seed(0)
    net = models.shufflenetv2.ShuffleNetV2([1, 1, 1], [8, 16, 32, 64, 64], num_classes=2)
    x, wanted = torch.randn(8, 3, 32, 32), torch.tensor([0, 1] * 4)
    x[wanted == 1] += 0.5
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    losses = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), wanted)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 < losses[0]
