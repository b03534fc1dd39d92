"""Many cases run, side by side if asked, and what came of them counted by form, family and dtype."""

from __future__ import annotations

import multiprocessing
from collections import Counter, defaultdict
from collections.abc import Iterator

import torch

from . import modules, optimizers
from .entries import entries
from .forms import Outcome, Run

Job = tuple[str, str, torch.dtype, list[str], bool, int | None]  # table, name, dtype, forms, strides, one sample only


def work(job: Job) -> list[Outcome]:
    table, name, dtype, forms, strides, only = job
    torch.set_num_threads(1)
    if table != "op":
        return [(modules if table == "module" else optimizers).run(name, dtype, only)]
    run = Run(entries()[name], dtype, strides=strides)
    return [run.run(form, only) for form in forms]


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
