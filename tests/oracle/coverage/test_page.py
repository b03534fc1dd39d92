"""The page says what is so: it is fresh, its figures add up, and each name is left out for one of six reasons that hold."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from . import namespaces
from .calls import FILE, called
from .families import aside
from .page import absent, page, percent, table
from .users import BEHIND, DOCUMENTED, GONE, IMPORTED, PIPES, PRIVATE, REASONS, REMOVED, TORCHSCRIPT, TYPING, UNPLACED, documented, not_for_users

PAGE = Path(__file__).parents[3] / "docs" / "coverage.md"
ABSENT = Path(__file__).parents[3] / "corelib" / "as_torch" / "absent.txt"


def of_torch(path: str) -> Any:
    space, _, name = path.rpartition(".")
    return namespaces.member(namespaces.theirs(space), name)


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.oracle.coverage > docs/coverage.md"


def test_what_errors_say_of_absent_names_is_fresh() -> None:
    assert ABSENT.read_text(encoding="utf-8") == absent(), "write it anew: python -m tests.oracle.coverage absent > corelib/as_torch/absent.txt"


def test_every_name_is_counted_once() -> None:
    for space in table():
        names = [*space.present, *(n for kind in (space.missing, space.not_for_users) for each in kind.values() for n in each)]
        assert sorted(names) == list(namespaces.names(space.path))
        assert len(names) == len(space.present) + space.lacking + space.left_out > 0


def test_the_figures_of_the_page_add_up() -> None:
    rows = re.findall(r"^\| (\S+) \| (\d+) \| (\d+) \| (\d+) \| (\S+)(?: %)? \| (\S+)(?: %)? \|$", page(), re.MULTILINE)
    *spaces, (last, *total) = [(row[0], *map(int, row[1:4]), *row[4:]) for row in rows]
    assert last == "all"
    assert len(spaces) == len(namespaces.SPACES)
    assert list(total[:3]) == [sum(row[i] for row in spaces) for i in (1, 2, 3)]
    for _, present, missing, _, share, rest in (*spaces, (last, *total)):
        assert share == percent(present, present + missing).removesuffix(" %")
        assert rest == "none" or float(rest) >= float(share)
    whole = sum(sum(s.rest) for s in table())
    assert 0 < whole < total[0] + total[1] and total[4] == percent(sum(s.rest[0] for s in table()), whole).removesuffix(" %")
    by_heading = dict(re.findall(r"^### (.*): (\d+)$", page(), re.MULTILINE))
    reasons = {reason[0].upper() + reason[1:] for reason in REASONS}
    assert sum(int(count) for heading, count in by_heading.items() if heading in reasons) == total[2]
    assert sum(int(count) for heading, count in by_heading.items() if heading not in reasons) == total[1]


@pytest.mark.parametrize(("name", "set_aside"), [
    ("torch.vmap", True), ("torch.quantized_lstm", True), ("torch.Tensor.to_sparse", True), ("torch.fx.Graph", True), ("torch.distributed.rpc.remote", True),
    ("torch.nn.DataParallel", False), ("torch.uint16", False), ("torch.compile", False), ("torch.export.export", False), ("torch.Tensor.cuda", False),
])  # fmt: skip
def test_what_the_second_figure_sets_aside(name: str, set_aside: bool) -> None:
    space, _, last = name.rpartition(".")
    assert aside(space, last) is set_aside


def test_a_share_is_not_rounded_up_to_all() -> None:
    assert percent(9999, 10000) == "99.9 %"
    assert percent(3, 3) == "100.0 %"


def test_names_are_left_out_for_these_reasons_only() -> None:
    assert REASONS == (IMPORTED, TYPING, PRIVATE, TORCHSCRIPT, REMOVED, PIPES)
    for space in table():
        assert set(space.not_for_users) <= {*REASONS}


def test_what_is_recorded_is_there_and_for_users() -> None:
    lines = FILE.read_text(encoding="utf-8").split()
    assert lines == sorted({*lines})
    present = {f"{space.path}.{name}" for space in table() for name in space.present}
    assert present == called(), "the file names what corelib, or PyTorch for its users, does not have"


@pytest.mark.parametrize("name", [
    "torch.compile", "torch.vmap", "torch.cond", "torch.SymInt", "torch.Tag", "torch.sparse_coo_tensor", "torch.quantized_lstm", "torch.poisson", "torch.float8_e5m2",
    "torch.FloatStorage", "torch.set_num_threads", "torch.embedding", "torch.Tensor.to_dense",
])  # fmt: skip
def test_a_name_that_users_call_is_never_left_out(name: str) -> None:
    space, _, last = name.rpartition(".")
    assert not not_for_users(space, last)


@pytest.mark.parametrize(("private", "public"), BEHIND.items())
def test_a_private_function_is_undocumented_and_the_one_before_it_is_public(private: str, public: str) -> None:
    value = of_torch(f"torch.{private}")
    assert not documented(value) or isinstance(value, type), f"PyTorch documents {private}: {value.__doc__}"
    space, _, name = f"torch.{public}".rpartition(".")
    assert of_torch(f"torch.{public}") is not None
    assert not not_for_users(space, name)


@pytest.mark.parametrize("name", sorted(GONE))
def test_pytorch_says_what_it_has_removed(name: str) -> None:
    said = []
    for given in ((torch.ones(2, 2),), (torch.ones(2, 2), torch.ones(2, 2))):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                removed = of_torch(name)
                removed(*given) if callable(removed) else removed.__get__(*given)  # a property otherwise
            except (RuntimeError, TypeError) as error:
                said.append(str(error))
            said += [str(each.message) for each in warned]
    assert any("removed" in each for each in said)


def test_the_short_lists_name_what_pytorch_has() -> None:
    assert [name for name in UNPLACED if not hasattr(torch, name)] == []
    assert [name for name in DOCUMENTED if not namespaces.has(namespaces.theirs(name.rpartition(".")[0]), name.rpartition(".")[2])] == []
