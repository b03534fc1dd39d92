"""PyTorch's own tables: a tenth of their entries, another at each commit; all of them with CORELIB_OPDB=whole (`nox -s opdb`).

Which tenth is decided by the commit, or by CORELIB_ORACLE_SEED. Every difference fails that is no exception, but for entries that corelib lacks, which
unfinished.txt names; these count as differences, of which there may be `MOST` among all (../conftest.py).
"""

from __future__ import annotations

import os
import re
from dataclasses import replace

import pytest

from ..chosen import number
from ..harness import COMPARED, COUNTS, DIFFERENT
from .exceptions import Kept, exceptions, split, unfinished
from .forms import FORMS
from .report import Job, all_jobs, work

WHOLE = os.environ.get("CORELIB_OPDB") == "whole"
DEVICE = os.environ.get("CORELIB_OPDB_DEVICE", "cpu")
# On another device what is generated once is in all dtypes the same; forms beside these are the host's code.
ON_DEVICES = {"dtypes": ("float32", "int64", "bool"), "forms": ("function", "noncontiguous", "inplace", "out", "gradient")}


def chosen(job: Job) -> bool:
    if DEVICE != "cpu" and (job.table != "op" or str(job.dtype).removeprefix("torch.") not in ON_DEVICES["dtypes"]):
        return False
    return WHOLE or number(job) % 10 == 0


@pytest.mark.filterwarnings("ignore")  # of the functions that PyTorch's samples are made with
@pytest.mark.parametrize("job", [j for j in all_jobs() if chosen(j)], ids=str)
def test_a_table_of_samples(job: Job) -> None:
    forms = job.forms if DEVICE == "cpu" else ON_DEVICES["forms"]
    problems, compared = [], 0
    for outcome in work(replace(job, device=DEVICE, forms=forms)):
        left, _ = split(outcome)
        compared += outcome.compared
        COUNTS[f"samples of {job.table}_db, {outcome.form}"] += outcome.compared
        COUNTS["samples of tables that differ on purpose"] += len(outcome.failures) - len(left)
        COUNTS[DIFFERENT] += len(left)
        problems += [f"{outcome.form} #{number} {sample[:300]}\n    {difference}" for number, sample, difference in left]
    COUNTS[COMPARED] += compared
    assert not problems or job.name in unfinished(), f"{len(problems)} differences\n" + "\n".join(problems[:12])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kept", exceptions(), ids=lambda k: f"{k.entry}-{k.form}")
def test_an_exception_is_still_one(kept: Kept) -> None:
    assert all(value for name, value in vars(kept).items() if name != "processor"), "each field says something"
    jobs = [j for j in all_jobs() if j.table == kept.table and re.fullmatch(kept.entry, j.name) and re.fullmatch(kept.dtype, str(j.dtype).removeprefix("torch."))]
    forms = tuple(f for f in FORMS if re.fullmatch(kept.form, f))
    found = (outcome for job in jobs for outcome in work(replace(job, forms=forms)))
    assert any(kept in split(outcome)[1] for outcome in found) or kept.processor, "corelib and PyTorch agree here now: take it out"


def test_what_is_unfinished_is_an_entry() -> None:
    assert unfinished() <= {job.name for job in all_jobs()}
