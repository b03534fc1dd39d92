"""Runs a program by PyTorch and torchvision: `python by_torchvision.py program.py ARGUMENTS`.

torchvision's compiled part does not load beside PyTorch's CPU build: its operators are declared first, and pictures are read by OpenCV.
"""

import runpy
import sys
from pathlib import Path

import cv2
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
import operators  # noqa: E402, F401
import torchvision.io  # noqa: E402


def read_image(path):
    return torch.from_numpy(cv2.imread(path, cv2.IMREAD_COLOR)[..., ::-1].copy()).permute(2, 0, 1)


torchvision.io.read_image = read_image
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
