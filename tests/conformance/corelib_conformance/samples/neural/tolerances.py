"""How close the results of ops of neural networks must be, and which forms they have."""

from __future__ import annotations

from ..declare import Facts

F = "nn.functional."
SUMS: Facts = {"ulps": {"": 4, "float16": 2, "bfloat16": 2}, "scaled": True, "strides": "dense", "forms": ("function",)}
# What PyTorch rounds to half precision between the steps is its own affair.
LOOSE: Facts = SUMS | {"ulps": {"": 8, "float16": 4, "bfloat16": 4}}
LOSS: Facts = LOOSE | {"strides": ""}
