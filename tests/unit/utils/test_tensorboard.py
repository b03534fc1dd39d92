"""utils.tensorboard: without the tensorboard package it says what to install; with it, what is written is read again."""

from __future__ import annotations

import struct
import zlib
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import corelib as torch
from corelib.tensor.host import np


@pytest.mark.skipif(find_spec("tensorboard") is not None, reason="tensorboard is installed")
def test_without_the_package() -> None:
    with pytest.raises(ImportError, match=r"pip install \"corelib\[tensorboard\]\""):
        import corelib.utils.tensorboard  # noqa: F401


def test_pictures() -> None:
    """Of the file alone, which needs no other package."""
    spec = spec_from_file_location("pictures", Path(torch.__file__).parent / "utils" / "tensorboard" / "pictures.py")
    pictures = module_from_spec(spec)
    spec.loader.exec_module(pictures)
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    data = pictures.png(pixels)
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", data[16:24]) == (3, 2)
    length = struct.unpack(">I", data[33:37])[0]
    lines = zlib.decompress(data[41 : 41 + length])
    assert lines == b"".join(b"\0" + row.tobytes() for row in pixels)
    assert pictures.as_hwc(np.zeros((5, 1, 2, 3)), "NCHW").shape == (2, 15, 3)
    assert pictures.as_hwc(np.zeros((2, 3)), "HW").shape == (2, 3, 3)
    assert pictures.as_bytes(np.float32([0.5, 2.0])).tolist() == [127, 255]
    assert pictures.film(np.zeros((3, 4, 3, 5, 6))).shape == (4, 10, 12, 3)
    assert pictures.wav(np.float32([0, 1]), 8000)[:4] == b"RIFF"
    with pytest.raises(NotImplementedError, match="numpy array or torch tensor"):
        pictures.as_array("text")


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")
def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from corelib.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        for step in range(3):
            writer.add_scalar("loss", torch.tensor(1.0 / (1 + step)), step)
        writer.add_image("picture", torch.rand(3, 4, 5))
        writer.add_histogram("weights", torch.randn(100))
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    assert [event.value for event in read.Scalars("loss")] == [1.0, 0.5, pytest.approx(1 / 3)]
    assert read.Images("picture")[0].width == 5 and read.Histograms("weights")[0].histogram_value.num == 100


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")
def test_meshes_are_tensors_under_names_of_their_own(tmp_path: Path) -> None:
    from tensorboard.plugins.mesh import metadata
    from tensorboard.plugins.mesh.plugin_data_pb2 import MeshPluginData

    from corelib.utils.tensorboard import SummaryWriter, summary

    vertices, faces, colors = torch.rand(1, 4, 3), torch.tensor([[[0, 1, 2]]]), torch.full((1, 4, 3), 255)
    made = summary.mesh("m", vertices, colors, faces, {"camera": {"cls": "PerspectiveCamera"}})
    assert [v.tag for v in made.value] == ["m_VERTEX", "m_FACE", "m_COLOR"]
    assert list(made.value[1].tensor.float_val) == [0, 1, 2] and list(made.value[0].tensor.float_val) == pytest.approx(vertices.flatten().tolist())
    for value, kind, shape in zip(made.value, ("VERTEX", "FACE", "COLOR"), ([1, 4, 3], [1, 1, 3], [1, 4, 3]), strict=True):
        told = metadata.parse_plugin_metadata(value.metadata.plugin_data.content)
        assert value.tag == metadata.get_instance_name("m", told.content_type) and value.metadata.plugin_data.plugin_name == metadata.PLUGIN_NAME
        assert told.content_type == MeshPluginData.ContentType.Value(kind) and told.shape == shape == [d.size for d in value.tensor.tensor_shape.dim]
        assert told.components == metadata.get_components_bitmask([MeshPluginData.VERTEX, MeshPluginData.FACE, MeshPluginData.COLOR]) and "camera" in told.json_config
    with SummaryWriter(tmp_path) as writer:
        writer.add_mesh("points", vertices)
        with pytest.raises(ValueError, match="BxNx3"):
            writer.add_mesh("flat", vertices[0])
