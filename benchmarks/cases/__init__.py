"""The cases: `first_*` and `wide_*`, each a function of a library T (torch or corelib) and a device's name that gives the step to be timed."""

from collections.abc import Callable
from typing import Any

from benchmarks.cases import first, wide

CASES: dict[str, Callable[[Any, str], Callable[[], Any]]] = {
    name: case for module in (first, wide) for name, case in vars(module).items() if name.startswith(("first_", "wide_"))
}
"""By name, in the order of the table."""
