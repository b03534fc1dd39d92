"""Feature pyramids: maps of a backbone, each with what the coarser ones know (Lin et al., 2017)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from corelib.nn import functional as F, init
from corelib.nn.modules.container import ModuleList
from corelib.nn.modules.conv import Conv2d
from corelib.nn.modules.module import Module
from corelib.tensor.tensor import Tensor
from corelib.vision.ops.misc import Conv2dNormActivation

__all__ = ["ExtraFPNBlock", "FeaturePyramidNetwork", "LastLevelMaxPool", "LastLevelP6P7"]


class ExtraFPNBlock(Module):
    """The base of what adds maps to a pyramid: from its results, the backbone's maps and their names, to the results and names that there are then."""

    def forward(self, results: list[Tensor], x: list[Tensor], names: list[str]) -> tuple[list[Tensor], list[str]]:
        raise NotImplementedError(f"{type(self).__name__} has no forward of its own")


class FeaturePyramidNetwork(Module):
    """From a dict of maps, finest first, to one of the same names and `out_channels` channels: each map, and those coarser than it enlarged.

    in_channels_list: the maps' channels. extra_blocks: what adds further maps. norm_layer: a norm after each convolution, which else has a bias.

    >>> import corelib as torch, corelib.vision as vision
    >>> pyramid = vision.ops.FeaturePyramidNetwork([4, 8], 5)
    >>> {name: tuple(x.shape) for name, x in pyramid({"a": torch.ones(1, 4, 8, 8), "b": torch.ones(1, 8, 4, 4)}).items()}
    {'a': (1, 5, 8, 8), 'b': (1, 5, 4, 4)}
    """

    _version = 2

    def __init__(
        self, in_channels_list: list[int], out_channels: int, extra_blocks: ExtraFPNBlock | None = None, norm_layer: Callable[..., Module] | None = None
    ) -> None:
        super().__init__()
        self.inner_blocks, self.layer_blocks = ModuleList(), ModuleList()
        for channels in in_channels_list:
            if channels == 0:
                raise ValueError("FeaturePyramidNetwork: in_channels=0 is currently not supported")
            self.inner_blocks.append(Conv2dNormActivation(channels, out_channels, kernel_size=1, padding=0, norm_layer=norm_layer, activation_layer=None))
            self.layer_blocks.append(Conv2dNormActivation(out_channels, out_channels, kernel_size=3, norm_layer=norm_layer, activation_layer=None))
        for module in self.modules():
            if isinstance(module, Conv2d):
                _initialize(module)
        if extra_blocks is not None and not isinstance(extra_blocks, ExtraFPNBlock):
            raise TypeError(f"FeaturePyramidNetwork: extra_blocks should be of type ExtraFPNBlock not {type(extra_blocks)}")
        self.extra_blocks = extra_blocks

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *more: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:  # a block was its convolution
            for block in ("inner_blocks", "layer_blocks"):
                for n in range(len(self.inner_blocks)):
                    for kind in ("weight", "bias"):
                        if (old := f"{prefix}{block}.{n}.{kind}") in state_dict:
                            state_dict[f"{prefix}{block}.{n}.0.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *more)

    def get_result_from_inner_blocks(self, x: Tensor, idx: int) -> Tensor:
        """A map with the pyramid's channels."""
        found: Tensor = self.inner_blocks[idx](x)
        return found

    def get_result_from_layer_blocks(self, x: Tensor, idx: int) -> Tensor:
        """A level's result."""
        found: Tensor = self.layer_blocks[idx](x)
        return found

    def forward(self, x: dict[str, Tensor]) -> dict[str, Tensor]:
        """The pyramid, finest first."""
        names, maps = list(x), list(x.values())
        last = self.get_result_from_inner_blocks(maps[-1], -1)
        results = [self.get_result_from_layer_blocks(last, -1)]
        for n in range(len(maps) - 2, -1, -1):
            lateral = self.get_result_from_inner_blocks(maps[n], n)
            last = lateral + F.interpolate(last, size=lateral.shape[-2:], mode="nearest")
            results.insert(0, self.get_result_from_layer_blocks(last, n))
        if self.extra_blocks is not None:
            results, names = self.extra_blocks(results, maps, names)
        return OrderedDict(zip(names, results, strict=False))


def _initialize(convolution: Conv2d) -> None:
    init.kaiming_uniform_(convolution.weight, a=1)
    if convolution.bias is not None:
        init.constant_(convolution.bias, 0)


class LastLevelMaxPool(ExtraFPNBlock):
    """Adds "pool", every second pixel of the coarsest result."""

    def forward(self, results: list[Tensor], x: list[Tensor], names: list[str]) -> tuple[list[Tensor], list[str]]:
        names.append("pool")
        results.append(F.max_pool2d(results[-1], kernel_size=1, stride=2, padding=0))
        return results, names


class LastLevelP6P7(ExtraFPNBlock):
    """RetinaNet's two further levels, "p6" and "p7", by convolutions of stride 2: of the coarsest result where its channels are
    `in_channels` and those of the backbone's map, else of that map."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.p6 = Conv2d(in_channels, out_channels, 3, 2, 1)
        self.p7 = Conv2d(out_channels, out_channels, 3, 2, 1)
        for module in (self.p6, self.p7):
            _initialize(module)
        self.use_P5 = in_channels == out_channels

    def forward(self, results: list[Tensor], x: list[Tensor], names: list[str]) -> tuple[list[Tensor], list[str]]:
        p6 = self.p6(results[-1] if self.use_P5 else x[-1])
        results.extend([p6, self.p7(F.relu(p6))])
        names.extend(["p6", "p7"])
        return results, names
