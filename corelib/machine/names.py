"""torch.types: what annotations of programs name."""

from __future__ import annotations

import os
from typing import IO, TypeAlias

from corelib.tensor.device import device
from corelib.tensor.size import Size as Size
from corelib.tensor.storage import TypedStorage, UntypedStorage
from corelib.tensor.tensor import Tensor as Tensor

__all__ = ["Device", "FileLike", "Number", "Storage"]

Number: TypeAlias = int | float | bool
Device: TypeAlias = device | str | int | None
FileLike: TypeAlias = str | os.PathLike[str] | IO[bytes]
Storage: TypeAlias = TypedStorage | UntypedStorage
IntLikeType: TypeAlias = int
FloatLikeType: TypeAlias = float
BoolLikeType: TypeAlias = bool
