"""Level 3: functions of one number over all of their range, not only where programs usually are."""

from __future__ import annotations

from functools import partial
from typing import Any

import corelib
import numpy as np

from corelib_conformance.checks import check_of_ops
from corelib_conformance.compare import error_over_bound
from corelib_conformance.reference import here
from corelib_conformance.samples.declare import Named, OPS
from corelib_conformance.target import Placed, Target
from corelib_conformance.tolerances import ULPS

SINGLE = ("float32", "float16", "bfloat16")
_EXPONENTS = {"float32": (8, 23), "float16": (5, 10), "bfloat16": (8, 7)}
"""The bits of the exponent and of the fraction."""
_SEVERAL = ("true_div", "atan2", "pow")
_CROSSING = ("lgamma", "digamma", "special_ndtr", "special_log_ndtr")
"""The first two are 0 between their poles, the others' tails fall so steeply that the rounding of x / sqrt(2) is 80 units: PyTorch's too."""
FUNCTIONS = tuple(name for name in ULPS if name not in _SEVERAL + _CROSSING)
"""Those with a bound in units in the last place that holds everywhere."""


def numbers(dtype: str) -> corelib.Tensor:
    """Numbers of every exponent and both signs: the least and the largest fraction, and some between; infinities and NaN."""
    exponent, fraction = _EXPONENTS[dtype]
    word: Any = np.uint32 if exponent + fraction == 31 else np.uint16
    between = np.random.default_rng(0).integers(0, 1 << fraction, 12)
    fractions = np.array([0, 1, (1 << fraction) - 1, 1 << (fraction - 1), *between], word)
    every = (np.arange(1 << exponent) * (1 << fraction)).astype(word)[:, None] | fractions
    bits = np.concatenate([every, every | word(1 << (exponent + fraction))]).reshape(-1)
    return corelib.from_numpy(bits.view(np.int32 if word is np.uint32 else np.int16)).view(getattr(corelib, dtype))


@check_of_ops(3)
def exponents(target: Target, name: str, dtype: str) -> float:
    """A function of one number within its bound of units in the last place, for numbers of every exponent of the dtype."""
    x = numbers(dtype)
    function = Named(OPS[name].path)
    found = []
    for device in (target.name, here()):
        place = Placed(device)
        result, error = place.attempt(partial(function.of(place), x.to(device)))
        if error is not None:
            raise error
        found.append(result)
    return error_over_bound(found[0], found[1], target.tier, f"{name} of {dtype} over all exponents")
