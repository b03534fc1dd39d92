"""Every kernel text of the plan (plan.py) is executed, its results compared with the reference, and compiled by NVRTC.

    CORELIB_CUDA_PLAN=whole pytest tests/cuda/test_executor_plan.py

runs all of it, for sm_80, sm_90 and sm_100 each, in hours; without, a part drawn by CORELIB_CUDA_SEED (the day's date, if it is not
set) is run, and each of its texts is compiled for one of the three.
"""

from __future__ import annotations

import datetime
import os
import random
import zlib
from collections import Counter

import pytest

pytest.importorskip("cupy", reason="corelib-cuda-cupy is not installed")
import plan
from corelib_cuda_cupy.compiler import OPTIONS
from cupy_backends.cuda.libs import nvrtc
from executor import executed
from executor.runtime import available

pytestmark = pytest.mark.skipif(bool(available()), reason=available())
WHOLE = os.environ.get("CORELIB_CUDA_PLAN") == "whole"
SEED = int(os.environ.get("CORELIB_CUDA_SEED", datetime.date.today().toordinal()))
CASES = 300
ARCHITECTURES = ("compute_80", "compute_90", "compute_100")


@pytest.fixture(scope="module")
def told(request):
    """Print in the middle of a test, past pytest."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(line):
        with capture.global_and_fixture_disabled():
            print(line, flush=True)

    return say


def test_every_text_of_the_plan_is_executed_with_the_references_results_and_compiles(told):
    walked = plan.walked(plan.cases() if WHOLE else plan.part(SEED, CASES), SEED, told)
    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in walked.seconds.items())
    statuses = ", ".join(f"{count} {name}" for name, count in Counter(r.status for r in walked.results).items())
    told(f"\nexecuted on the executor: {len(walked.ran)} of {len(walked.generated)} texts in {len(walked.results)} cases ({statuses}; seed {SEED}; {seconds}). {executed}")
    assert not walked.wrong, "\n".join(walked.wrong[:10])
    assert not walked.faults, "\n".join(map(str, walked.faults[:10]))
    assert walked.ran == walked.generated and len(walked.generated) > (5000 if WHOLE else 200)
    done = dict.fromkeys(ARCHITECTURES, 0)
    for text in sorted(walked.generated):
        for architecture in ARCHITECTURES if WHOLE else [random.Random(SEED + zlib.crc32(text.encode())).choice(ARCHITECTURES)]:
            assert f".target sm_{architecture.removeprefix('compute_')}" in to_ptx(text, architecture)
            done[architecture] += 1
    told(f"compiled by NVRTC: {', '.join(f'{count} for {name}' for name, count in done.items())}")


def to_ptx(text, architecture):
    """A text compiled by NVRTC, which needs no GPU; RuntimeError with its words."""
    program = nvrtc.createProgram(text, "kernel.cu", (), ())
    try:
        nvrtc.compileProgram(program, (*OPTIONS, f"--gpu-architecture={architecture}"))
        ptx = nvrtc.getPTX(program)
        return ptx.decode() if isinstance(ptx, bytes) else ptx
    except nvrtc.NVRTCError as error:
        raise RuntimeError(f"{error}\n{nvrtc.getProgramLog(program)}\n{text[-3000:]}") from None
    finally:
        nvrtc.destroyProgram(program)


def test_a_part_of_the_plan_is_drawn_by_its_seed():
    whole = plan.cases()
    assert len(whole) == len({case.id for case in whole}) > 8000
    assert plan.part(1, 50) == plan.part(1, 50) != plan.part(2, 50) and set(plan.part(1, 50)) <= set(whole)
