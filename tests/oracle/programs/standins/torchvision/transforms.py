"""Transforms of pictures, which are arrays of height, width and channels or PIL's; random ones draw from torch's generator."""

import sys
from enum import Enum

import numpy as np
import torch

functional = sys.modules["torchvision.transforms.functional"] = sys.modules[__name__]


class InterpolationMode(Enum):
    NEAREST, BILINEAR, BICUBIC = "nearest", "bilinear", "bicubic"


def array(image):
    return image if torch.is_tensor(image) else np.asarray(image)


def size(image):
    """Height and width."""
    return tuple(image.shape[-2:]) if torch.is_tensor(image) else array(image).shape[:2]


def part(image, top, left, height, width):
    if torch.is_tensor(image):
        return image[..., top : top + height, left : left + width]
    return array(image)[top : top + height, left : left + width]


def pair(value):
    return (int(value), int(value)) if isinstance(value, (int, float)) else tuple(value) if len(value) == 2 else (value[0], value[0])


class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, image):
        for each in self.transforms:
            image = each(image)
        return image


class ToTensor:
    def __call__(self, image):
        image = array(image)
        if torch.is_tensor(image):
            return image
        image = np.ascontiguousarray(image.reshape(*image.shape[:2], -1).transpose(2, 0, 1))
        tensor = torch.from_numpy(image.copy())
        return tensor.to(torch.get_default_dtype()).div(255) if image.dtype == np.uint8 else tensor


class Normalize:
    def __init__(self, mean, std, inplace=False):
        self.mean, self.std = list(mean), list(std)

    def __call__(self, tensor):
        mean, std = (torch.tensor(each, dtype=tensor.dtype).view(-1, 1, 1) for each in (self.mean, self.std))
        return (tensor - mean) / std


class Resize:
    """By the nearest pixel."""

    def __init__(self, size, interpolation=None, **named):
        self.size = size

    def __call__(self, image):
        height, width = size(image)
        if isinstance(self.size, (int, float)):
            short = min(height, width)
            new = (int(self.size * height / short), int(self.size * width / short))
        else:
            new = pair(self.size)
        rows, columns = np.arange(new[0]) * height // new[0], np.arange(new[1]) * width // new[1]
        if torch.is_tensor(image):
            return image[..., torch.from_numpy(rows), :][..., torch.from_numpy(columns)]
        return array(image)[rows][:, columns]


class Pad:
    def __init__(self, padding):
        self.padding = padding

    def __call__(self, image):
        p = self.padding
        return np.pad(array(image), [(p, p), (p, p), *[(0, 0)] * (array(image).ndim - 2)])


class CenterCrop:
    def __init__(self, size):
        self.size = pair(size)

    def __call__(self, image):
        height, width = size(image)
        return part(image, (height - self.size[0]) // 2, (width - self.size[1]) // 2, *self.size)


class RandomCrop:
    def __init__(self, size, padding=None, **named):
        self.size, self.padding = pair(size), padding

    def __call__(self, image):
        if self.padding:
            image = Pad(self.padding)(image)
        height, width = size(image)
        top = int(torch.randint(0, height - self.size[0] + 1, (1,)))
        left = int(torch.randint(0, width - self.size[1] + 1, (1,)))
        return part(image, top, left, *self.size)


class RandomResizedCrop(Resize):
    """The whole picture, resized."""


class RandomHorizontalFlip:
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, image):
        if float(torch.rand(1)) >= self.p:
            return image
        return image.flip(-1) if torch.is_tensor(image) else array(image)[:, ::-1]


class RandomRotation:
    """By a quarter of a turn, or not."""

    def __init__(self, degrees, **named):
        self.degrees = degrees

    def __call__(self, image):
        return np.rot90(array(image)) if float(torch.rand(1)) < 0.5 else image


class Unchanged:
    """Stands for what changes colours or sharpness: the picture as it is."""

    def __init__(self, *arguments, **named):
        pass

    def __call__(self, image):
        return image


ColorJitter = GaussianBlur = RandomGrayscale = Unchanged


class Lambda:
    def __init__(self, lambd):
        self.lambd = lambd

    def __call__(self, image):
        return self.lambd(image)


class Grayscale:
    def __init__(self, num_output_channels=1):
        self.channels = num_output_channels

    def __call__(self, image):
        image = array(image)
        gray = image if image.ndim == 2 else image.mean(-1).astype(np.uint8)
        return np.stack([gray] * self.channels, -1)


class ToPILImage:
    def __call__(self, image):
        return image if not torch.is_tensor(image) else (image * 255).to(torch.uint8).numpy().transpose(1, 2, 0)


def to_tensor(image):
    return ToTensor()(image)
