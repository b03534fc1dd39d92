"""matplotlib's names, which draw nothing."""

import sys


class Nothing:
    """Takes every call, attribute and index, and gives itself; unpacked, it is two."""

    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments, **named):
        return self

    def __getitem__(self, index):
        return self

    def __setitem__(self, index, value):
        pass

    def __iter__(self):
        return iter((self, self))


nothing = Nothing()
rcParams = {}
__path__ = []


def use(*arguments, **named):
    """Any backend draws nothing."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return nothing


for each in ("pyplot", "cm", "gridspec", "ticker", "patches", "animation", "collections", "colors", "offsetbox", "image", "pylab"):
    sys.modules[f"matplotlib.{each}"] = nothing
for each in ("mpl_toolkits", "mpl_toolkits.mplot3d", "mpl_toolkits.axes_grid1"):
    sys.modules[each] = nothing
