"""The weights of models of videos: `weights_table` with what they have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import weights_table
from corelib.vision.models._meta import _kinetics_categories
from corelib.vision.transforms._presets import VideoClassification


def kinetics_weights(module: str, rows: str, crop_size: tuple[int, int], resize_size: tuple[int, int], **meta: Any) -> Iterator[type[WeightsEnum]]:
    """Enums of weights for the models in a table whose crop and resize are those given; meta: what is known of each besides."""
    files = [line.split()[2] for line in rows.strip().splitlines()]
    sizes = {"crop_size": crop_size, "resize_size": resize_size}
    return weights_table(
        module, rows, prefix="KINETICS400_", merits=("Kinetics-400", "acc@1", "acc@5"), categories=_kinetics_categories(), preset=VideoClassification,
        presets=dict.fromkeys(files, sizes), metas=dict.fromkeys(files, meta),
    )  # fmt: skip
