"""Models of videos beside torchvision's: keys, shapes and how they print, starting weights, logits and gradients, weights and presets."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from .networks import OURS, SIDES, THEIRS, VIDEO, at_ease, built, described, with_one_state

SIZES = {"s3d": (1, 3, 14, 224, 224)}


def made(name: str, **options: Any) -> list[Any]:
    return built(lambda side: getattr(side.M.video, name)(**options))


@pytest.mark.parametrize("name", VIDEO)
def test_a_model_has_torchvisions_state_and_start(name: str) -> None:
    ours, theirs = made(name, num_classes=5)
    assert described(ours) == {**described(theirs), "state": [(k, tuple(v.shape), str(v.dtype)) for k, v in theirs.state_dict().items()]}
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key].numpy(), value.numpy(), rtol=1e-5, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("name", VIDEO)
def test_logits_and_gradients_are_torchvisions(name: str) -> None:
    models = made(name, num_classes=4)
    with_one_state(models, 3)
    video = np.random.default_rng(2).random(SIZES.get(name, (2, 3, 4, 40, 36)), dtype=np.float32)
    found = []
    for side, model in zip(SIDES, models, strict=True):
        model.eval()
        logits = model(side.T.from_numpy(video))
        logits.square().sum().backward()
        found.append([logits.detach().numpy(), *[p.grad.numpy() for p in list(model.parameters())[:: 9 if name != "s3d" else 40]]])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-3, atol=2e-4 * max(1.0, float(np.abs(theirs).max())))


def test_other_parts_make_other_networks() -> None:
    def make(side: Any) -> Any:
        resnet = side.M.video.resnet
        return resnet.VideoResNet(resnet.Bottleneck, [resnet.Conv3DSimple, resnet.Conv2Plus1D, resnet.Conv3DNoTemporal, resnet.Conv3DSimple], [1, 2, 1, 1], resnet.R2Plus1dStem, 3)

    ours, theirs = built(make)
    assert described(ours)["state"] == described(theirs)["state"] and repr(ours) == repr(theirs)
    with_one_state([ours, theirs], 1)
    video = np.random.default_rng(4).random((1, 3, 4, 24, 24), dtype=np.float32)
    mine, other = (model.eval()(side.T.from_numpy(video)).detach().numpy() for side, model in zip(SIDES, (ours, theirs), strict=True))
    np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", VIDEO)
def test_weights_are_torchvisions(name: str) -> None:
    ours, theirs = OURS.get_model_weights(name), THEIRS.get_model_weights(name)
    assert [m.name for m in ours.__members__.values()] == [m.name for m in theirs.__members__.values()]
    for member in theirs:
        mine = ours[member.name]
        assert mine.url == member.url
        assert {k: v for k, v in member.meta.items() if k not in ("recipe", "_docs")} == mine.meta
        preset, other = mine.transforms(), member.transforms()
        assert repr(preset) == repr(other)
        for shape in ((3, 3, 130, 150), (2, 3, 3, 90, 200)):
            video = np.random.default_rng(1).integers(0, 256, shape).astype("uint8")
            a, b = (p(side.T.from_numpy(video)).numpy() for p, side in zip((preset, other), SIDES, strict=True))
            assert a.shape == b.shape
            assert (np.abs(a - b) > 1e-4).mean() < 0.01 and np.abs(a - b).max() < 0.02  # a byte that was rounded the other way
        assert "crop_size" in preset.describe()
    assert inspect.signature(getattr(OURS.video, name)).parameters.keys() == inspect.signature(getattr(THEIRS.video, name)).parameters.keys()
    with at_ease():
        assert name in OURS.list_models(module=OURS.video)
