"""Executes on a processor the CUDA C that corelib hands to NVRTC, and finds and names what a GPU would let pass.

The complete text is compiled by g++ as it is, but for functions of the prelude that are written in PTX (texts.REPLACED). Every
access of a checked kernel is looked up in a shadow of the device's memory; see runtime.h. Needs g++ on x86-64 Linux.
"""

from .faults import Fault
from .launches import executed, Function, Module
from .memory import Arena
from .units import prepare

__all__ = ["Arena", "Fault", "Function", "Module", "executed", "prepare"]
