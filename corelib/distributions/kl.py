"""torch.distributions.kl: Kullback-Leibler divergences in closed form, and the table of the pairs of families that have one."""

from corelib.distributions import _kl_mixed as _kl_mixed, _kl_same as _kl_same
from corelib.distributions._kl_registry import (
    _KL_MEMOIZE as _KL_MEMOIZE, _KL_REGISTRY as _KL_REGISTRY, kl_divergence as kl_divergence, register_kl as register_kl,
)

__all__ = ["kl_divergence", "register_kl"]
