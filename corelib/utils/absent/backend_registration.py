"""How devices are registered: in PyTorch one that it does not know takes the place of `privateuseone`; here each is a plugin under its own name."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["generate_methods_for_privateuse1_backend", "rename_privateuse1_backend"]


def _refuse(what: str) -> NoReturn:
    raise NotImplementedError(
        f"{what}(): corelib's devices need no renaming: a device type is a plugin under its own name, found by an entry point in the group `corelib.backends`. "
        "`corelib new-backend NAME` writes one, docs/write_a_backend.md says how; torch.NAME, x.NAME's functions and Module.to('NAME') come with it"
    )


def rename_privateuse1_backend(backend_name: str) -> NoReturn:
    """NotImplementedError: a device type is a plugin under its own name."""
    _refuse("rename_privateuse1_backend")


def generate_methods_for_privateuse1_backend(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: what a device type's tensors can do comes with its plugin."""
    _refuse("generate_methods_for_privateuse1_backend")
