"""Many cases run, side by side if asked, and what came of them counted by form, family and dtype."""

from __future__ import annotations

import multiprocessing
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from . import modules, optimizers
from .entries import cases, entries
from .forms import FORMS, Outcome, Run


@dataclass(frozen=True)
class Job:
    """One entry of a table and one dtype."""

    table: str
    name: str
    dtype: torch.dtype
    forms: tuple[str, ...] = FORMS
    strides: bool = False
    only: int | None = None
    device: str = "cpu"

    def __str__(self) -> str:
        return f"{self.table}-{self.name}-{str(self.dtype).removeprefix('torch.')}"


TABLES = {"op": cases, "module": modules.cases, "optimizer": optimizers.cases}


def all_jobs() -> Iterator[Job]:
    """Every entry of the three tables for each of its dtypes."""
    return (Job(table, name, dtype) for table, listed in TABLES.items() for name, dtype in listed())



def work(job: Job) -> list[Outcome]:
    torch.set_num_threads(1)
    if job.table != "op":
        return [(modules if job.table == "module" else optimizers).run(job.name, job.dtype, job.only)]
    run = Run(entries()[job.name], job.dtype, strides=job.strides, device=job.device)
    return [run.run(form, job.only) for form in job.forms]


def outcomes(jobs: list[Job], processes: int) -> Iterator[Outcome]:
    if processes == 1:
        for job in jobs:
            yield from work(job)
        return
    with multiprocessing.get_context("fork").Pool(processes, maxtasksperchild=400) as pool:
        for found in pool.imap_unordered(work, jobs):
            yield from found


def family(outcome: Outcome) -> str:
    return outcome.form if outcome.form in ("module", "optimizer") else entries()[outcome.entry].family


def report(found: list[Outcome], show: int) -> None:
    by: dict[str, Counter[str]] = defaultdict(Counter)
    failed: dict[tuple[str, str], list[str]] = defaultdict(list)
    for o in found:
        for key in ("all", f"form {o.form}", f"family {family(o)}", f"dtype {o.dtype}"):
            by[key]["compared"] += o.compared
            by[key]["failed"] += len(o.failures)
        failed[o.entry, o.form] += [f"{o.dtype} #{number} {sample[:300]}\n        {text}" for number, sample, text in o.failures]
    for (entry, form), lines in sorted(failed.items(), key=lambda kv: -len(kv[1])):
        if lines:
            print(f"{len(lines):>6} {entry} {form}")
            for line in lines[:show]:
                print(f"      {line}")
    for key, count in sorted(by.items()):
        right = count["compared"] - count["failed"]
        print(f"{key:<36} {right:>7} of {count['compared']:>7}  {100 * right / max(count['compared'], 1):.2f} %")
