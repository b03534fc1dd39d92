"""Runs the programs with one library and prints what they give."""

import importlib
import json
import sys
import warnings

from . import mode_programs as mode_programs
from .programs import PROGRAMS

warnings.simplefilter("ignore")
T = importlib.import_module(sys.argv[1])
importlib.import_module(f"{sys.argv[1]}.overrides")
print(json.dumps({name: function(T) for name, function in PROGRAMS.items()}))
