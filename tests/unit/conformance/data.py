"""The data of a small report, made up, with everything in it that a report can have."""

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")


def result(level, check, op, dtype, direction, status="pass", over=0.5, message=""):
    parts = [str(level), *[x for x in (check, op, dtype, direction) if x]]
    return {
        "id": "/".join(parts), "level": level, "check": check, "op": op, "dtype": dtype, "direction": direction, "status": status,
        "over": over, "message": message, "milliseconds": 1.5, "reproduce": "corelib conformance --device fake:0 --case ...",
    }


def made():
    """A fresh report: two ops, one failure, one dtype that is declared absent."""
    results = [result(0, "order", "", "", "", over=None)]
    manifest = {"add": {}, "exp": {}}
    for dtype in DTYPES:
        absent = dtype == "float64"
        results.append(result(2, "forward", "add", dtype, "forward", "unsupported" if absent else "pass"))
        manifest["add"][dtype] = {"forward": "unsupported", "reason": "fake has no float64"} if absent else {"forward": "kernel", "backward": "body"}
    for dtype in DTYPES[-4:]:
        wrong = dtype == "float16"
        results.append(result(2, "forward", "exp", dtype, "forward", "fail" if wrong else "pass", 7.5 if wrong else 0.9, "off" if wrong else ""))
        manifest["exp"][dtype] = {"forward": "body"}
    rows = [
        {"level": n, "title": f"level {n}", "planned": 3, "executed": 3, "passed": 3, "verdict": "reached", "missing": [], "statuses": {"pass": 3}}
        for n in range(6)
    ]
    return {
        "schema": "corelib-conformance/1", "suite": {"version": "0.1.0", "plan": "abc"}, "seed": 0, "mode": "test", "selection": None,
        "versions": {
            "corelib": "0.1.0", "python": "3.11.1", "numpy": "2.0", "platform": "Linux", "api": [1, 0],
            "backend": {"distribution": "corelib-fake", "version": "0.1"},
        },
        "device": {"name": "fake:0", "type": "fake", "title": "A fake device"}, "tier": "ieee",
        "declared": {d: "absent" if d == "float64" else "native" for d in DTYPES}, "capabilities": {"asynchronous": False}, "levels": rows,
        "level_reached": 1, "manifest": manifest, "fallbacks": [{"op": "svd", "path": "host", "calls": 2, "bytes": 400}],
        "tolerances": [{"op": "exp", "dtype": "float32", "rule": "units in the last place", "value": 3}],
        "performance": [
            {"op": "add", "dtype": "float32", "size": "4 M", "microseconds": 900.0, "gbytes_per_s": 50.0, "gflops": 0.0, "host_microseconds": 800.0}
        ],
        "results": results, "started": "2026-01-01T00:00:00+00:00", "seconds": 1.0,
    }
