"""A driver for files that define models or optimizers and train nothing: imports the unchanged file and trains a few steps on random data.

The only argument is a JSON object: `module` to import from the working directory, `model`, `data`, `optimizer` and `loss` as Python text in
which the module's names, torch, nn and F are known, the number of `steps`, and `backward`'s arguments where it has any.
"""

import importlib
import json
import os
import sys

import torch
import torch.nn.functional as F
from torch import nn


def main():
    told = json.loads(sys.argv[1])
    sys.path[0] = os.getcwd()
    space = {"torch": torch, "nn": nn, "F": F}
    space.update(vars(importlib.import_module(told["module"])), torch=torch, nn=nn, F=F)
    exec(told["data"], space)
    exec(f"model = {told['model']}", space)
    exec(f"optimizer = {told['optimizer']}", space)
    for step in range(told["steps"]):
        space["optimizer"].zero_grad()
        exec(f"loss = {told['loss']}", space)
        space["loss"].backward(**told.get("backward", {}))
        space["optimizer"].step()
        print("step", step, "loss", space["loss"].item())


if __name__ == "__main__":
    main()
