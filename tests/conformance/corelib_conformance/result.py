"""What is planned and what came of it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

STATUSES = ("pass", "unsupported", "fail", "error", "crash", "timeout", "flaky", "not_run")
GOOD = ("pass", "unsupported")
LEVELS = ("runtime", "primitives", "core ops", "the whole table", "gradients", "training")


class Case(NamedTuple):
    """One planned check. `op`, `dtype` and `direction` are empty where a check is about no op."""

    level: int
    check: str
    op: str = ""
    dtype: str = ""
    direction: str = ""
    about: str = ""

    @property
    def id(self) -> str:
        """Such as `1/layouts/add/float32`; the same in every run of a version of the suite."""
        return "/".join(str(part) for part in (self.level, *[x for x in self[1:] if x]))


class Result(NamedTuple):
    """What came of a case. `over` is the worst error over its bound, None where nothing was measured."""

    case: Case
    status: str
    message: str = ""
    over: float | None = None
    milliseconds: float = 0.0

    def row(self, device: str) -> dict[str, Any]:
        """The result as the report has it."""
        case = self.case
        return {
            "id": case.id, "level": case.level, "check": case.check, "op": case.op, "dtype": case.dtype, "direction": case.direction,
            "status": self.status, "over": None if self.over is None or not math.isfinite(self.over) else round(self.over, 4),
            "message": self.message.encode(errors="backslashreplace").decode(), "milliseconds": round(self.milliseconds, 2),
            "reproduce": f"corelib conformance --device {device} --case '{case.id}'",
        }


class Failure(AssertionError):
    """A check that found something wrong; `over` is the error over its bound where that is what is wrong."""

    def __init__(self, message: str, over: float | None = None) -> None:
        super().__init__(message)
        self.over = over


class Unsupported(Exception):
    """What is checked is declared absent, and the device refused it as it must; the message is the reason."""
