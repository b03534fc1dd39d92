"""Races are found exactly where there are some: random programs of threads against a comparison of every pair of their accesses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from executor import Arena, Fault, Module
from executor.runtime import available
from test_executor import packed, put

pytestmark = pytest.mark.skipif(bool(available()), reason=available())
BLOCKS, THREADS, STEPS, PLACES = 2, 64, 4, 6
NONE, READ, WRITE, ATOMIC = range(4)
APART, BARRIER, WARP = range(3)

TEXT = f"""
extern "C" __global__ void k(int* data, const signed char* acts, const signed char* places, const signed char* syncs, int* sink, int shared) {{
  __shared__ int own[{PLACES}];
  int* at = data;
  if (shared) {{ if (threadIdx.x == 0) for (int i = 0; i < {PLACES}; ++i) own[i] = 0; __syncthreads(); at = own; }}
  int sum = 0;
  for (int s = 0; s < {STEPS}; ++s) {{
    const int n = (blockIdx.x * {THREADS} + threadIdx.x) * {STEPS} + s, act = acts[n];
    int* const p = at + places[n];
    if (act == {READ}) sum += *p;
    if (act == {WRITE}) *p = n;
    if (act == {ATOMIC}) atomicAdd(p, 1);
    if (syncs[s] == {BARRIER}) __syncthreads();
    if (syncs[s] == {WARP}) __syncwarp();
  }}
  sink[blockIdx.x * {THREADS} + threadIdx.x] = sum;
}}
"""


def program(rng):
    """What each thread does in each step, mostly nothing, and what is between steps."""
    acts = np.zeros((BLOCKS, THREADS, STEPS), "i1")
    for _ in range(rng.integers(2, 9)):
        acts[rng.integers(BLOCKS), rng.integers(THREADS), rng.integers(STEPS)] = rng.choice([READ, READ, WRITE, ATOMIC])
    return acts, rng.integers(0, PLACES, acts.shape).astype("i1"), rng.integers(0, 3, STEPS).astype("i1")


def races(acts, places, syncs, shared):
    """The kinds of race that some pair of accesses makes."""
    found = set()
    for one, two in itertools.combinations(np.argwhere(acts), 2):
        (b, t, s), (c, u, r) = one, two
        kinds = acts[tuple(one)], acts[tuple(two)]
        if (b, t) == (c, u) or places[tuple(one)] != places[tuple(two)] or set(kinds) in ({READ}, {ATOMIC}):
            continue
        if b != c:
            found |= set() if shared else {"race between blocks"}
            continue
        between = set(syncs[min(s, r) : max(s, r)].tolist())
        if BARRIER not in between and not (WARP in between and t // 32 == u // 32):
            found.add("race")
    return found


@pytest.mark.parametrize("shared", [False, True], ids=["global", "shared"])
def test_a_race_is_found_if_and_only_if_two_accesses_make_one(shared):
    arena, function = Arena(1 << 24, 0x7200_0000_0000_0000), Module(TEXT).function("k")
    rng, seen = np.random.default_rng(11 + shared), {True: 0, False: 0}
    for number in range(400):
        acts, places, syncs = program(rng)
        given = [put(arena, x) for x in (np.zeros(PLACES, "i4"), acts, places, syncs, np.zeros(BLOCKS * THREADS, "i4"))]
        want, got = races(acts, places, syncs, shared), set()
        try:
            function.launch([arena], (BLOCKS, 1, 1), (THREADS, 1, 1), [*packed(*given), int(shared).to_bytes(4, "little")], seed=number)
        except Fault as fault:
            got.add(fault.kind)
        assert bool(got) == bool(want) and got <= want, f"program {number}: found {got}, there are {want}"
        seen[bool(want)] += 1
    assert min(seen.values()) > 80, seen
