"""How exactly products of float32 matrices are computed where a device has quicker, less exact ways."""

from __future__ import annotations

_CHOICES = ("highest", "high", "medium")
_chosen = "highest"

_SUPPORTED = {"generic": ("none", "ieee", "tf32", "bf16"), "cuda": ("none", "ieee", "tf32"), "mkldnn": ("none", "ieee", "tf32", "bf16")}
_set: dict[tuple[str, str], str] = {}
"""What a program has set, by library and op."""


def set_float32_matmul_precision(precision: str) -> None:
    """Say how exact products of float32 matrices are: "highest" (the default) in float32; "high" and "medium" allow a device to round
    their factors to ten bits (TF32) first, where it has that. ValueError for anything else.

    >>> import corelib as torch
    >>> torch.set_float32_matmul_precision("highest")
    """
    global _chosen
    if precision not in _CHOICES:
        raise ValueError(f"set_float32_matmul_precision(): precision must be one of {', '.join(map(repr, _CHOICES))}, got {precision!r}")
    _chosen = precision
    _set["cuda", "matmul"] = "ieee" if precision == "highest" else "tf32"
    _set["mkldnn", "matmul"] = {"highest": "ieee", "high": "tf32", "medium": "bf16"}[precision]


def get_float32_matmul_precision() -> str:
    """How exact products of float32 matrices are.

    >>> import corelib as torch
    >>> torch.get_float32_matmul_precision()
    'highest'
    """
    return _chosen


def get_fp32(backend: str, op: str) -> str:
    """What `fp32_precision` says of a library ("generic", "cuda", "mkldnn") and its op ("all", "matmul", "conv", "rnn").

    What was set of the op counts before what was set of the library, and that before what was set of all.
    """
    own = _set.get((backend, op))
    if own is not None and own != "none":
        return own
    for above in ((backend, "all"), ("generic", "all")):
        wide = _set.get(above, "none")
        if wide != "none":
            return wide if wide in _SUPPORTED[backend] else "none"
    return "tf32" if own is None and backend == "cuda" and op in ("conv", "rnn") else "none"


def set_fp32(backend: str, op: str, precision: str) -> None:
    """Set `fp32_precision`: of "all" for all ops of a library, of "generic" for all libraries that have it; "none" gives the choice back.

    It is the same choice as `set_float32_matmul_precision`, which follows. RuntimeError for what the library does not have.
    """
    global _chosen
    if precision not in _SUPPORTED["generic"]:
        raise RuntimeError(f"fp32_precision: Unknown precision: {precision}; accepted are {', '.join(_SUPPORTED[backend])}")
    if precision not in _SUPPORTED[backend]:
        raise RuntimeError(f"fp32_precision: backend {backend!r} does not support precision {precision!r}; accepted are {', '.join(_SUPPORTED[backend])}")
    _set[backend, op] = precision
    less = get_fp32("cuda", "matmul") == "tf32"
    if less != (_chosen != "highest"):
        _chosen = "high" if less else "highest"
