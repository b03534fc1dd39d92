"""Measuring: Timer, Measurement, Compare and Fuzzer, as torch.utils.benchmark."""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.utils.benchmark.compare import Colorize as Colorize, Compare as Compare
from corelib.utils.benchmark.fuzzer import (
    FuzzedParameter as FuzzedParameter, FuzzedTensor as FuzzedTensor, Fuzzer as Fuzzer, ParameterAlias as ParameterAlias,
)
from corelib.utils.benchmark.measurement import (
    Measurement as Measurement, TaskSpec as TaskSpec, ordered_unique as ordered_unique, select_unit as select_unit, trim_sigfig as trim_sigfig,
    unit_to_english as unit_to_english,
)
from corelib.utils.benchmark.timer import (
    CallgrindStats as CallgrindStats, CopyIfCallgrind as CopyIfCallgrind, FunctionCount as FunctionCount, FunctionCounts as FunctionCounts,
    Language as Language, Timer as Timer, set_torch_threads as set_torch_threads, timer as timer,
)

_paths_below(__name__)
