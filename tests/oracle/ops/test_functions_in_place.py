"""Functions of the package that work in place, and methods that are functions elsewhere, called under both names."""

from __future__ import annotations

import pytest

from ..told import same

CHANGED = "abs_ as_strided_ ceil_ deg2rad_ erf_ erfc_ fix_ floor_ frac_ i0_ rad2deg_ relu_ trunc_".split()
GIVEN = {"as_strided_": ", (2,), (1,)"}
PIECES = [
    *[f"y = v * 0.7 - 0.9; r = T.{name}(y{GIVEN.get(name, '')}); r is y, [round(k, 4) for k in y.tolist()]" for name in CHANGED],
    "y = v * 0.7 - 0.9; r = F.relu_(y); r is y, y.tolist()", "y = T.zeros(3); T.addmv_(y, sq, v).tolist()", "y = T.tensor([4, 6]); T.lcm_(y, T.tensor([6, 4])).tolist()",
    "[t.shape for t in sq.geqrf()]", "sq.slogdet()[0].item()",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_as_pytorch(piece: str) -> None:
    same(piece)
