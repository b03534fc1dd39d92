"""The report's schema, version 1: what each field is. `validate` refuses what a reader of the schema could not read.

A change that readers cannot ignore gets another name; fields may be added.
"""

from __future__ import annotations

from typing import Any

from corelib_conformance.result import STATUSES

SCHEMA = "corelib-conformance/1"

FIELDS: dict[str, tuple[type, ...]] = {
    "schema": (str,),  # "corelib-conformance/1"
    "suite": (dict,),  # version, and plan: a hash of all planned ids
    "seed": (int,),  # of the samples' numbers
    "mode": (str,),  # test, grad or perf
    "selection": (dict, type(None)),  # level, op and case, where less than everything was asked for
    "versions": (dict,),  # corelib, python, numpy, platform, api (major, minor), backend (distribution, version)
    "device": (dict,),  # name, type, title
    "tier": (str,),  # ieee, ftz or tf32
    "declared": (dict,),  # dtype: native, emulated, storage or absent
    "capabilities": (dict,),  # what the backend declares besides
    "levels": (list,),  # level, title, planned, executed, passed, verdict (reached or partial), missing (ids), statuses
    "level_reached": (int,),  # -1 for none
    "manifest": (dict,),  # op: dtype: forward and backward (kernel, body or unsupported), reason
    "fallbacks": (list,),  # op, path, calls, bytes of what went to the host
    "tolerances": (list,),  # op, dtype, rule, value
    "performance": (list,),  # op, dtype, size, microseconds, gbytes_per_s, gflops, host_microseconds
    "results": (list,),  # id, level, check, op, dtype, direction, status, over, message, milliseconds, reproduce
    "started": (str,),  # ISO 8601
    "seconds": (int, float),
}
RESULT = ("id", "level", "check", "op", "dtype", "direction", "status", "over", "message", "milliseconds", "reproduce")


def validate(data: Any) -> None:
    """ValueError for data that is no report of this schema; the message says what is missing or wrong."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        got = data.get("schema") if isinstance(data, dict) else type(data).__name__
        raise ValueError(f"a report of schema {SCHEMA!r} is expected, got {got!r}")
    for name, kinds in FIELDS.items():
        if name not in data:
            raise ValueError(f"the report has no field {name!r}")
        if not isinstance(data[name], kinds) or isinstance(data[name], bool):
            raise ValueError(f"the report's field {name!r} is a {type(data[name]).__name__}")
    for row in data["results"]:
        lost = [name for name in RESULT if name not in row]
        if lost or row["status"] not in STATUSES:
            raise ValueError(f"the result {row.get('id', row)!r} lacks {lost} or has no known status ({row.get('status')!r})")
