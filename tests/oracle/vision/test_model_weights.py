"""The enums of weights beside torchvision's, the register of models, older arguments, and files that lie in the hub's folder."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import warnings
from typing import Any

import pytest
import torch

import corelib

from ..pairs import assert_close
from .networks import NAMES, OURS, SIDES, THEIRS, VIDEO, at_ease, made, with_one_state
from .test_models import images

WORDS = ("recipe", "_docs")
"""What torchvision says of its weights besides figures."""


@pytest.mark.parametrize("name", NAMES)
def test_weights_have_the_same_names_places_and_figures(name):
    ours, theirs = OURS.get_model_weights(name), THEIRS.get_model_weights(name)
    assert ours.__name__ == theirs.__name__
    assert {n: w.name for n, w in ours.__members__.items()} == {n: w.name for n, w in theirs.__members__.items()}
    assert ours.__module__.replace("corelib.vision", "torchvision") == theirs.__module__
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.url == other.url
        figures = {k: v for k, v in other.meta.items() if k not in WORDS}
        assert str(dict(sorted(mine.meta.items()))) == str(dict(sorted(figures.items())))
        assert mine.transforms.func.__name__ == other.transforms.func.__name__
        preset = inspect.signature(other.transforms.func).parameters
        for option, value in mine.transforms.keywords.items():
            wanted = other.transforms.keywords.get(option, preset[option].default)
            assert value == getattr(wanted, "value", wanted), option
        assert set(other.transforms.keywords) <= set(mine.transforms.keywords)


@pytest.mark.parametrize("name", NAMES)
def test_builders_have_the_same_signature_and_parameters(name):
    mine, other = OURS.get_model_builder(name), THEIRS.get_model_builder(name)
    assert mine.__name__ == mine.__qualname__ == name and mine.__doc__
    assert mine.__module__.replace("corelib.vision", "torchvision") == other.__module__
    ours, theirs = inspect.signature(mine), inspect.signature(other)
    assert [(p.name, p.kind, str(p.default)) for p in ours.parameters.values()] == [(p.name, p.kind, str(p.default)) for p in theirs.parameters.values()]
    assert ours.return_annotation.__name__ == theirs.return_annotation.__name__


def test_presets_transform_alike():
    pytest.importorskip("corelib.vision.transforms.functional", exc_type=ImportError)
    x = torch.randint(0, 256, (3, 300, 280), dtype=torch.uint8)
    for name in ("ResNet18_Weights.DEFAULT", "EfficientNet_V2_L_Weights.DEFAULT", "FCN_ResNet50_Weights.DEFAULT"):
        mine, other = (side.M.get_weight(name).transforms() for side in SIDES)
        assert repr(mine) == repr(other)
        assert vars(mine).keys() >= {k for k in vars(other) if not k.startswith("_")}
        assert_close(mine(corelib.from_numpy(x.numpy())), other(x), name, rtol=1e-4, atol=2e-2)


def test_the_public_names_are_torchvisions():
    missing = {n for n in dir(THEIRS) if not n.startswith("_")} - set(dir(OURS)) - {"detection", "optical_flow", "quantization", "video"}
    assert not missing
    for name in ("alexnet", "convnext", "densenet", "efficientnet", "googlenet", "inception", "maxvit", "mnasnet", "mobilenet", "mobilenetv2", "mobilenetv3",
                 "regnet", "resnet", "shufflenetv2", "squeezenet", "swin_transformer", "vgg", "vision_transformer"):  # fmt: skip
        theirs = __import__(f"torchvision.models.{name}", fromlist=["x"])
        ours = __import__(f"corelib.vision.models.{name}", fromlist=["x"])
        assert sorted(ours.__all__) == sorted(theirs.__all__)
        own = {n for n, v in vars(theirs).items() if getattr(v, "__module__", None) == theirs.__name__ and not n.startswith("_")}
        assert not own - set(vars(ours)), name


SEARCHES: dict[str, Any] = {
    "all": {},
    "pattern": {"include": "*resnet*"},
    "patterns": {"include": ["resnet*", "vit_?_16"]},
    "without": {"exclude": "*"},
    "both": {"include": ["*net*"], "exclude": ["*res*", "efficient*"]},
    "empty": {"include": [], "exclude": ""},
}


@pytest.mark.parametrize("what", SEARCHES)
def test_models_are_listed_alike(what):
    theirs = [n for n in THEIRS.list_models(**SEARCHES[what]) if n in (*NAMES, *VIDEO)]
    assert OURS.list_models(**SEARCHES[what]) == theirs


def test_models_of_one_package_are_listed():
    for ours, theirs in ((OURS, THEIRS), (OURS.segmentation, THEIRS.segmentation)):
        assert OURS.list_models(module=ours) == THEIRS.list_models(module=theirs)


def test_weights_are_found_and_compared_and_copied():
    weights = OURS.get_weight("ResNet50_Weights.IMAGENET1K_V2")
    assert weights is OURS.ResNet50_Weights.DEFAULT is OURS.ResNet50_Weights.verify("DEFAULT") is OURS.ResNet50_Weights.verify("ResNet50_Weights.DEFAULT")
    assert repr(weights) == repr(THEIRS.ResNet50_Weights.DEFAULT) and str(weights) == str(THEIRS.ResNet50_Weights.DEFAULT)
    assert OURS.ResNet50_Weights.verify(None) is None
    assert weights != OURS.ResNet50_Weights.IMAGENET1K_V1
    for w in (weights, OURS.VGG16_Weights.IMAGENET1K_FEATURES):
        assert pickle.loads(pickle.dumps(w)) is w and copy.deepcopy(w) is w and hash(w)
    assert copy.deepcopy(weights.value) == weights.value == pickle.loads(pickle.dumps(weights.value))
    assert weights.value != OURS.ResNet50_Weights.IMAGENET1K_V1.value and weights.value != 3
    assert OURS.get_model_weights(OURS.resnet50) is OURS.get_model_weights("ResNet50") is OURS.ResNet50_Weights
    assert OURS.get_weight("FCN_ResNet50_Weights.DEFAULT") is OURS.segmentation.FCN_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1


def test_a_model_of_ones_own_is_registered():
    for side in SIDES:
        api = __import__(side.M.__name__ + "._api", fromlist=["x"])

        def own(*, weights=None, **kwargs):
            return side.M.resnet18(**kwargs)

        own.__annotations__["weights"] = side.M.ResNet18_Weights | None
        api.register_model("of_ones_own")(own)
        try:
            assert side.M.get_weight("ResNet18_Weights.DEFAULT") is side.M.ResNet18_Weights.DEFAULT
            assert side.M.get_model("Of_Ones_Own", num_classes=2).fc.out_features == 2
            assert side.M.get_model_weights("of_ones_own") is side.M.ResNet18_Weights
            with pytest.raises(ValueError):
                api.register_model("of_ones_own")(own)
            with pytest.raises(ValueError):
                side.M.get_model_weights(lambda: None)
            with pytest.raises(ValueError):
                side.M.get_model_weights(lambda weights=None: None)
        finally:
            del api.BUILTIN_MODELS["of_ones_own"]


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The folder in which both libraries look for what was downloaded before."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def published(hub: Any, name: str, weights: str = "DEFAULT", change: Any = dict, **options: Any) -> None:
    """A state of the model as a file in the folder, under the name that the weights have."""
    with at_ease():
        model = THEIRS.get_model(name, **options)
    with_one_state(made(name, **options)[:1] + [model], seed=8) if not options.get("aux_logits") else None
    torch.save(change(model.state_dict()), hub / THEIRS.get_model_weights(name)[weights].url.rpartition("/")[2])


def without_counts(state: Any) -> Any:
    return {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}


def of_older_names(state: Any) -> Any:
    return {re.sub(r"(denselayer\d+\.(?:norm|relu|conv))([12])\.", r"\1.\2.", k): v for k, v in without_counts(state).items()}


FILES: dict[str, Any] = {
    "resnet18": ("IMAGENET1K_V1", without_counts, {}),
    "densenet121": ("IMAGENET1K_V1", of_older_names, {}),
    "mobilenet_v3_small": ("DEFAULT", dict, {}),
    "googlenet": ("DEFAULT", dict, {"aux_logits": True, "init_weights": True}),
    "swin_t": ("DEFAULT", dict, {}),
    "regnet_y_400mf": ("IMAGENET1K_V2", dict, {}),
    "lraspp_mobilenet_v3_large": ("DEFAULT", dict, {"weights_backbone": None}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_downloaded_before_is_loaded(hub, name):
    weights, change, options = FILES[name]
    published(hub, name, weights, change, **options)
    models = []
    for side in SIDES:
        with at_ease():
            models.append(side.M.get_model(name, weights=weights).eval())
    mine, other = (model(x) for model, x in zip(models, images(name, 1)))
    mine, other = (mine["out"], other["out"]) if isinstance(other, dict) else (mine, other)
    assert_close(mine, other, name, rtol=1e-4, atol=1e-5 * float(other.detach().abs().max()))
    assert repr(models[0]) == repr(models[1])


CALLS = {
    "pretrained": lambda M: M.resnet18(pretrained=True),
    "not pretrained": lambda M: M.resnet18(pretrained=False),
    "by position": lambda M: M.resnet18(True),
    "weights by position": lambda M: M.resnet18(M.ResNet18_Weights.DEFAULT),
    "both by position": lambda M: M.resnet18(None, False),
    "weights is a bool": lambda M: M.resnet18(weights=True),
    "legacy": lambda M: M.resnet18(weights="legacy"),
    "name": lambda M: M.resnet18(weights="ResNet18_Weights.IMAGENET1K_V1"),
    "member": lambda M: M.resnet18(weights=M.ResNet18_Weights.IMAGENET1K_V1, progress=False),
    "none": lambda M: M.resnet18(weights=None, num_classes=2),
    "backbone": lambda M: M.segmentation.lraspp_mobilenet_v3_large(pretrained_backbone=False),
    "googlenet": lambda M: M.googlenet(num_classes=3),
    "inception": lambda M: M.inception_v3(num_classes=3, aux_logits=False),
}


@pytest.mark.parametrize("what", CALLS)
def test_older_arguments_mean_the_same_with_as_many_warnings(hub, what):
    published(hub, "resnet18")
    found = []
    for side in SIDES:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            model = CALLS[what](side.M)
        found.append(([w.category.__name__ for w in told], [tuple(p.shape) for p in model.parameters()], model))
    assert found[0][:2] == found[1][:2]
    if "resnet18" in what or what in ("pretrained", "by position", "legacy", "name", "member"):
        assert_close(found[0][2].fc.weight, found[1][2].fc.weight, rtol=0, atol=0)


def test_a_file_whose_hash_is_wrong_is_not_taken(hub, monkeypatch, tmp_path):
    published(hub, "mobilenet_v3_small")
    (file,) = hub.iterdir()
    elsewhere = tmp_path / file.name
    file.rename(elsewhere)
    weights = OURS.MobileNet_V3_Small_Weights.DEFAULT
    monkeypatch.setattr(weights.value, "url", elsewhere.as_uri())
    with pytest.raises(RuntimeError, match="hash"):
        OURS.mobilenet_v3_small(weights=weights, progress=False)
    assert OURS.mobilenet_v3_small().load_state_dict(weights.get_state_dict(progress=False)) is not None
