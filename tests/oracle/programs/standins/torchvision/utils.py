"""Grids of pictures, and writing them."""

from pathlib import Path

import generated
import numpy as np
import torch


def make_grid(tensor, nrow=8, padding=2, normalize=False, **named):
    """Pictures side by side, with a border of zeros."""
    images = torch.stack(list(tensor)) if isinstance(tensor, (list, tuple)) else tensor
    images = images.detach()
    if images.dim() == 2:
        images = images[None]
    if images.dim() == 3:
        images = images[None]
    if images.shape[1] == 1:
        images = images.repeat(1, 3, 1, 1)
    if normalize:
        low, high = images.min(), images.max()
        images = (images - low) / (high - low).clamp(min=1e-5)
    count, channels, height, width = images.shape
    columns = min(nrow, count)
    rows = -(-count // columns)
    grid = torch.zeros(channels, rows * (height + padding) + padding, columns * (width + padding) + padding, dtype=images.dtype)
    for n in range(count):
        top, left = (n // columns) * (height + padding) + padding, (n % columns) * (width + padding) + padding
        grid[:, top : top + height, left : left + width] = images[n]
    return grid


def save_image(tensor, path, nrow=8, padding=2, normalize=False, **named):
    """Write a grid as a PNG."""
    image = make_grid(tensor, nrow, padding, normalize).float().mul(255).clamp(0, 255).numpy().astype(np.uint8)
    generated.png(Path(path), image.transpose(1, 2, 0))
