"""Which parameters of each op are operands, which of them are lists of tensors, and which have a derivative, as op_operands.json has
them. A new op needs its line there; from the repository's root this writes the file anew:

    python -m tests.unit.dispatcher.test_op_operands
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from corelib.dispatcher.op import TABLE

FILE = Path(__file__).with_name("op_operands.json")


def found() -> dict[str, dict[str, Any]]:
    """What core's ops say of themselves; tests may have declared some of their own."""
    return {
        name: {
            "params": list(op.params), "operands": list(op.operands), "lists": list(op.lists),
            "differentiable": [position for position, _ in op.rule.differentiable],
        }
        for name, op in sorted(TABLE.items()) if op.function.__module__.startswith("corelib.")
    }  # fmt: skip


def text(ops: dict[str, dict[str, Any]]) -> str:
    """One op a line, so that a difference shows whole."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(facts)}" for name, facts in ops.items()) + "\n}\n"


def test_operands_lists_and_derivatives_of_every_op_are_those_of_the_file():
    known, now = json.loads(FILE.read_text(encoding="utf-8")), found()
    assert now.keys() == known.keys()
    assert {name: (now[name], known[name]) for name in now if now[name] != known[name]} == {}


def test_the_file_is_as_its_command_writes_it():
    known = FILE.read_text(encoding="utf-8")
    assert text(json.loads(known)) == known and list(json.loads(known)) == sorted(json.loads(known))


def test_lists_and_what_has_a_derivative_are_operands():
    for name, op in found().items():
        assert set(op["lists"]) | set(op["differentiable"]) <= set(op["operands"]), name


if __name__ == "__main__":
    FILE.write_text(text(found()), encoding="utf-8")
