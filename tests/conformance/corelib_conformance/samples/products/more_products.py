"""Products of several operands and those made of the plain ones."""

from __future__ import annotations

from ..declare import OPS, WIDE, Facts, op, spec
from .matrix_products import FACTS

KINDS = ("int64", *WIDE)
OPS["addbmm"].add(spec(5), spec(2, 3, 4), spec(2, 4, 5), beta=2, alpha=3).but(inplace=False).add(spec(3, 5), spec(2, 3, 4), spec(2, 3, 5))
OPS["kron"].add(spec(3), spec(2, 2)).add(spec(), spec(2, 3)).add(spec(2, 3, 1), spec(2, 2))
OPS["trace"].add(spec(3)).add(spec(0, 3))
OPS["inner"].add(spec(2, 3, 4), spec(5, 4)).add(spec(3), spec(4)).add(spec(2, 0), spec(3, 0))
OPS["chain_matmul"].add([spec(4), spec(4, 3), spec(3)]).add([spec(2, 3), spec(3, 2)]).add([spec(5, 2), spec(2, 6), spec(6, 1), spec(1, 3)]).add([spec(2, 3)])
OPS["cross"].add(spec(3, 2), spec(3, 2), dim=0).add(spec(2, 3), spec(1, 3)).add(spec(2, 2), spec(2, 2))
facts: Facts = {k: v for k, v in FACTS.items() if k != "dtypes"}
o = op("cross_first", "cross", dtypes=KINDS, **facts)
o.add(spec(2, 3, 4), spec(2, 3, 4)).add(spec(3, 3), spec(3, 3), 1).add(spec(2, 2), spec(2, 2))
o = op("linalg_vecdot", "linalg.vecdot", dtypes=WIDE, **facts)
o.add(spec(2, 3), spec(2, 3)).add(spec(2, 3), spec(3)).add(spec(2, 3), spec(2, 3), dim=0)
o = op("matrix_power", dtypes=WIDE, **facts)
for n in (1, 2, 5):
    o.add(spec(3, 3), n).add(spec(2, 2, 2), n)
o.add(spec(3, 3), 0).but(grad=False).add(spec(2, 2, 2), 0).but(grad=False)
o.add(spec(2, 3), 2).add(spec(3), 2)
# PyTorch fails to differentiate it.
o = op("vander", forms=("function",), grad=False, dtypes=("int64", *WIDE), **{k: v for k, v in facts.items() if k != "forms"})
o.add(spec(4)).add(spec(3), 5).add(spec(3), 2, True).add(spec(3), 0).add(spec(2, 2))
o = op("renorm", dtypes=WIDE, **facts)
o.add(spec(3, 4), 2, 0, 1.0).add(spec(3, 4), 1, 1, 0.5).add(spec(2, 3, 4), 3, 1, 2.0).add(spec(3), 2, 0, 1.0).add(spec(2, 2), -1, 0, 1.0)
