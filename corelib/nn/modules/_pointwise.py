"""What the activations share: a function to call, and settings that are kept and printed."""

from __future__ import annotations

from typing import Any, ClassVar

from corelib.nn.modules.module import Module
from corelib.tensor.tensor import Tensor


class Activation(Module):
    _function: ClassVar[staticmethod[..., Tensor]]

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input)


class WithSettings(Activation):
    """Keeps settings, and prints those in ``_shown``, and ``inplace`` where it is set."""

    _shown: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        for name, value in settings.items():
            setattr(self, name, value)

    def extra_repr(self) -> str:
        shown = [f"{name}={getattr(self, name)}" for name in self._shown]
        return ", ".join([*shown, "inplace=True"] if getattr(self, "inplace", False) else shown)


class Inplace(WithSettings):
    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, inplace=True) if self.inplace else self._function(input)


class WithAlpha(WithSettings):
    alpha: float
    inplace: bool
    _shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, self.alpha, self.inplace)


class Shrink(WithSettings):
    lambd: float

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class AlongDim(WithSettings):
    dim: int | None
    _shown = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, self.dim, 5)
