"""Values as tensorboard's summaries."""

from __future__ import annotations

import json
from pkgutil import resolve_name
from typing import Any

from corelib.tensor.host import np
from corelib.utils.tensorboard import pictures
from corelib.utils.tensorboard.pictures import as_array
from corelib.utils.tensorboard.protocol import message, metadata, plugin, tensor_value, value

__all__ = [
    "audio", "custom_scalars", "histogram", "hparams", "image", "image_boxes", "make_histogram", "mesh", "pr_curve", "scalar", "text", "video",
]


def scalar(name: str, tensor: Any, new_style: bool = False) -> Any:
    """A number."""
    found = as_array(tensor).squeeze()
    if found.ndim != 0:
        raise AssertionError(f"Tensor should contain one element (0 dimensions). Was given size: {found.size} and {found.ndim} dimensions.")
    if new_style:
        return tensor_value(name, {"float_val": [float(found)]}, (), metadata=metadata("scalars"))
    return value(name, simple_value=float(found))


def default_bins() -> list[float]:
    """The limits of the buckets of histograms: powers of 1.1 on both sides of zero."""
    steps, x = [], 1e-12
    while x < 1e20:
        steps.append(x)
        x *= 1.1
    return [-x for x in reversed(steps)] + [0.0] + steps


def make_histogram(values: Any, bins: Any, max_bins: int | None = None) -> Any:
    """How many of some values are in which bucket; empty buckets at both ends are left out."""
    values = values.reshape(-1).astype(np.float64)
    if values.size == 0:
        raise ValueError("The input has no element.")
    counts, limits = np.histogram(values, bins=bins)
    if max_bins is not None and len(counts) > max_bins:
        step = len(counts) // max_bins
        padding = -len(counts) % step
        counts = np.pad(counts, (0, padding)).reshape(-1, step).sum(-1)
        limits = np.append(limits[:-1][::step], limits[-1])
    full = np.nonzero(counts)[0]
    if not full.size:
        raise ValueError("The histogram is empty, please file a bug report.")
    first, last = full[0], full[-1] + 1
    kept = [0, *counts[:last]] if first == 0 else list(counts[first - 1 : last])
    edges = limits[: last + 1] if first == 0 else limits[first : last + 1]
    return message("summary.HistogramProto")(
        min=values.min(), max=values.max(), num=len(values), sum=values.sum(), sum_squares=values.dot(values), bucket_limit=list(edges), bucket=list(kept)
    )


def histogram(name: str, values: Any, bins: Any, max_bins: int | None = None) -> Any:
    """A histogram. bins: "tensorflow" for buckets that grow, or what `numpy.histogram` takes."""
    return value(name, histo=make_histogram(as_array(values), default_bins() if bins == "tensorflow" else bins, max_bins))


def _image(tag: str, pixels: Any) -> Any:
    h, w, c = pixels.shape
    made = message("summary.Summary").Image(height=h, width=w, colorspace=c, encoded_image_string=pictures.png(pixels))
    return value(tag, image=made)


def image(tag: str, tensor: Any, dataformats: str = "NCHW") -> Any:
    """A picture, or several in rows."""
    return _image(tag, pictures.as_bytes(pictures.as_hwc(as_array(tensor), dataformats)))


def image_boxes(tag: str, tensor_image: Any, tensor_boxes: Any, dataformats: str = "CHW") -> Any:
    """A picture with boxes, each (left, top, right, bottom), in red."""
    pixels = pictures.as_bytes(pictures.as_hwc(as_array(tensor_image), dataformats)).copy()
    h, w, _ = pixels.shape
    for box in as_array(tensor_boxes):
        left, right = (int(np.clip(x, 0, w - 1)) for x in (box[0], box[2]))
        top, bottom = (int(np.clip(y, 0, h - 1)) for y in (box[1], box[3]))
        pixels[[top, bottom], left : right + 1] = pixels[top : bottom + 1, [left, right]] = (255, 0, 0)
    return _image(tag, pixels)


def video(tag: str, tensor: Any, fps: float = 4) -> Any:
    """Films (batch, time, channels, height, width), side by side."""
    frames = pictures.as_bytes(pictures.film(as_array(tensor)))
    frames = np.concatenate([frames] * 3, 3) if frames.shape[3] == 1 else frames
    _, h, w, c = frames.shape
    return value(tag, image=message("summary.Summary").Image(height=h, width=w, colorspace=c, encoded_image_string=pictures.gif(frames, fps)))


def audio(tag: str, tensor: Any, sample_rate: int = 44100) -> Any:
    """A sound of one channel: numbers from -1 to 1."""
    samples = as_array(tensor).squeeze()
    if samples.ndim != 1:
        raise AssertionError("input tensor should be 1 dimensional.")
    made = message("summary.Summary").Audio(
        sample_rate=sample_rate, num_channels=1, length_frames=len(samples), encoded_audio_string=pictures.wav(samples, sample_rate), content_type="audio/wav"
    )
    return value(tag, audio=made)


def text(tag: str, text: str) -> Any:
    """A text."""
    content = plugin("text").TextPluginData(version=0).SerializeToString()
    return tensor_value(f"{tag}/text_summary", {"string_val": [text.encode("utf-8")]}, (1,), metadata=metadata("text", content))


def pr_curve(tag: str, labels: Any, predictions: Any, num_thresholds: int = 127, weights: Any = None) -> Any:
    """Precision and recall of predictions from 0 to 1, at so many thresholds."""
    n = min(num_thresholds, 127)
    labels, predictions = as_array(labels).reshape(-1), as_array(predictions).reshape(-1)
    weights = np.ones_like(labels, dtype=np.float64) if weights is None else as_array(weights)
    buckets = np.int32(np.floor(predictions * (n - 1)))
    right, wrong = (np.bincount(buckets, weights=w, minlength=n) for w in (labels.astype(np.float64) * weights, (1.0 - labels) * weights))
    tp, fp = np.cumsum(right[::-1])[::-1], np.cumsum(wrong[::-1])[::-1]
    tn, fn = fp[0] - fp, tp[0] - tp
    least = 1e-7
    rows = np.stack([tp, fp, tn, fn, tp / np.maximum(least, tp + fp), tp / np.maximum(least, tp + fn)])
    content = plugin("pr_curve").PrCurvePluginData(version=0, num_thresholds=n).SerializeToString()
    return tensor_value(tag, {"float_val": rows.reshape(-1).tolist()}, (6, n), metadata=metadata("pr_curves", content))


def mesh(tag: str, vertices: Any, colors: Any = None, faces: Any = None, config_dict: Any = None) -> Any:
    """The tensors of meshes, each under a name of its own. ValueError for one that is not of three dimensions."""
    data = plugin("mesh").MeshPluginData
    parts = {kind: as_array(given) for kind, given in (("VERTEX", vertices), ("FACE", faces), ("COLOR", colors)) if given is not None}
    components = sum(1 << data.ContentType.Value(kind) for kind in parts)
    found = []
    for kind, array in parts.items():
        if array.ndim != 3:
            raise ValueError(f"add_mesh(): Tensor shape should be of shape BxNx3, but got {list(array.shape)}.")
        content = data(
            version=0, name=tag, content_type=data.ContentType.Value(kind), components=components, shape=array.shape,
            json_config=json.dumps(config_dict or {}, sort_keys=True),
        ).SerializeToString()  # fmt: skip
        made = tensor_value(f"{tag}_{kind}", {"float_val": array.reshape(-1).tolist()}, array.shape, metadata=metadata("mesh", content))
        found.extend(made.value)
    return message("summary.Summary")(value=found)


def custom_scalars(layout: dict[str, Any]) -> Any:
    """Which numbers are shown together: categories of charts, each a kind ("Multiline" or "Margin") and its tags."""
    made = import_layout()
    categories = []
    for title, charts in layout.items():
        found = []
        for name, (kind, tags) in charts.items():
            if kind == "Margin":
                series = made.MarginChartContent.Series(value=tags[0], lower=tags[1], upper=tags[2])
                found.append(made.Chart(title=name, margin=made.MarginChartContent(series=[series])))
            else:
                found.append(made.Chart(title=name, multiline=made.MultilineChartContent(tag=tags)))
        categories.append(made.Category(title=title, chart=found))
    written = made.Layout(category=categories).SerializeToString()
    return tensor_value("custom_scalars__config__", {"string_val": [written]}, (), metadata=metadata("custom_scalars"))


def import_layout() -> Any:
    """The messages of charts."""
    return resolve_name("tensorboard.plugins.custom_scalar.layout_pb2")


def hparams(hparam_dict: dict[str, Any], metric_dict: dict[str, Any], hparam_domain_discrete: dict[str, list[Any]] | None = None) -> tuple[Any, Any, Any]:
    """Hyperparameters and the metrics that they came to: what is said of all runs, and that this run begins and ends."""
    for name, given in (("hparam_dict", hparam_dict), ("metric_dict", metric_dict)):
        if not isinstance(given, dict):
            raise TypeError(f"{name} should be a dictionary, but it is a {type(given).__name__}")
    data = plugin("hparams")
    api = api_of_hparams()
    domains = hparam_domain_discrete or {}
    session = data.SessionStartInfo()
    infos = []
    for name, x in hparam_dict.items():
        if x is None:
            continue
        kind: str
        if isinstance(x, (int, float, np.number)):
            kind, session.hparams[name].number_value = "DATA_TYPE_FLOAT64", float(x)
        elif isinstance(x, str):
            kind, session.hparams[name].string_value = "DATA_TYPE_STRING", x
        elif hasattr(x, "item"):
            kind, session.hparams[name].number_value = "DATA_TYPE_FLOAT64", float(x.item())
        else:
            raise ValueError("value should be one of int, float, str, bool, or torch.Tensor")
        info = api.HParamInfo(name=name, type=api.DataType.Value(kind))
        if name in domains:
            info.domain_discrete.CopyFrom(list_of(domains[name]))
        infos.append(info)
    metrics = [api.MetricInfo(name=api.MetricName(tag=name)) for name in metric_dict]

    def said(tag: str, **content: Any) -> Any:
        return value(tag, metadata=metadata("hparams", data.HParamsPluginData(version=0, **content).SerializeToString()))

    experiment = api.Experiment(hparam_infos=infos, metric_infos=metrics)
    ended = data.SessionEndInfo(status=api.Status.Value("STATUS_SUCCESS"))
    return (
        said("_hparams_/experiment", experiment=experiment), said("_hparams_/session_start_info", session_start_info=session),
        said("_hparams_/session_end_info", session_end_info=ended),
    )  # fmt: skip


def api_of_hparams() -> Any:
    """The messages of experiments."""
    return resolve_name("tensorboard.plugins.hparams.api_pb2")


def list_of(values: list[Any]) -> Any:
    """Plain values as a message."""
    made = resolve_name("google.protobuf.struct_pb2:ListValue")()
    made.extend(json.loads(json.dumps(values)))
    return made
