"""The cases, one family a file; importing this package fills the registry in the order of the table."""

from benchmarks.cases import calls as calls  # isort: skip
from benchmarks.cases import elementwise as elementwise  # isort: skip
from benchmarks.cases import products as products  # isort: skip
from benchmarks.cases import training as training  # isort: skip
from benchmarks.cases import transformer as transformer  # isort: skip
