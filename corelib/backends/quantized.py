"""torch.backends.quantized: corelib has no engine for quantized tensors yet."""

from __future__ import annotations

from corelib.as_torch.finder import become
from corelib.backends._settings import Settings

__all__ = ["QuantizedEngine"]

engine: str
supported_engines: list[str]

_ENGINES = ("none", "fbgemm", "qnnpack", "onednn", "x86")


@become(__name__)
class QuantizedEngine(Settings):
    """The class of this module, whose properties are its settings."""

    @property
    def engine(self) -> str:
        """ "none"; RuntimeError for setting another."""
        return "none"

    @engine.setter
    def engine(self, value: str | None) -> None:
        if value not in (*_ENGINES, "", None):
            raise RuntimeError(f"{value} is not a valid value for quantized engine; accepted are {', '.join(_ENGINES)}")
        if value not in ("none", "", None):
            raise RuntimeError(f"quantized engine {value} is not supported: corelib has no quantized tensors yet; only 'none' can be set")

    @property
    def supported_engines(self) -> list[str]:
        """["none"]; RuntimeError for setting it."""
        return ["none"]

    @supported_engines.setter
    def supported_engines(self, value: list[str]) -> None:
        raise RuntimeError("torch.backends.quantized.supported_engines: Assignment not supported")
