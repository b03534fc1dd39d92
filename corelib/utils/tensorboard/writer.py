"""SummaryWriter: files of events for tensorboard."""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime
from pkgutil import resolve_name
from typing import Any, NoReturn, Self

from corelib.nn.modules.module import Module
from corelib.tensor.host import np
from corelib.utils.tensorboard import pictures, summary
from corelib.utils.tensorboard.graph import graph
from corelib.utils.tensorboard.pictures import as_array
from corelib.utils.tensorboard.protocol import event_file_writer, message, value

__all__ = ["FileWriter", "SummaryWriter"]

Step = int | None
Time = float | None


class FileWriter:
    """Writes summaries into one file of a folder."""

    def __init__(self, log_dir: str, max_queue: int = 10, flush_secs: int = 120, filename_suffix: str = "") -> None:
        self._folder = str(log_dir)
        self.event_writer = event_file_writer(self._folder, max_queue, flush_secs, filename_suffix)

    def get_logdir(self) -> str:
        """The folder."""
        return self._folder

    def add_summary(self, summary: Any, global_step: Step = None, walltime: Time = None) -> None:
        """Write a summary, of a step and a time."""
        event = message("event.Event")(summary=summary, wall_time=time.time() if walltime is None else walltime)
        if global_step is not None:
            event.step = int(global_step)
        self.event_writer.add_event(event)

    def add_graph(self, graph_profile: tuple[Any, Any], walltime: Time = None) -> None:
        """Write a graph, and where it ran."""
        drawn, run = graph_profile
        tagged = message("event.TaggedRunMetadata")(tag="step1", run_metadata=run.SerializeToString())
        for event in (message("event.Event")(graph_def=drawn.SerializeToString()), message("event.Event")(tagged_run_metadata=tagged)):
            event.wall_time = time.time() if walltime is None else walltime
            self.event_writer.add_event(event)

    def flush(self) -> None:
        """Put on the disk what waits."""
        self.event_writer.flush()

    def close(self) -> None:
        """End the file."""
        self.event_writer.close()


class SummaryWriter:
    """Writes numbers, pictures, texts and more for tensorboard to show; `tensorboard --logdir FOLDER` does.

    log_dir: a folder; runs/DATE_HOST with `comment` at its end for None. max_queue, flush_secs: how many events wait, and how long.
    A value belongs to a `global_step`, and to a `walltime` in seconds, now for None.
    """

    def __init__(
        self, log_dir: str | os.PathLike[str] | None = None, comment: str = "", purge_step: int | None = None, max_queue: int = 10, flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:  # fmt: skip
        if not log_dir:
            log_dir = os.path.join("runs", f"{datetime.now().strftime('%b%d_%H-%M-%S')}_{socket.gethostname()}{comment}")
        self.log_dir = os.fspath(log_dir)
        self.purge_step = purge_step
        self.max_queue = max_queue
        self.flush_secs = flush_secs
        self.filename_suffix = filename_suffix
        self.all_writers: dict[str, FileWriter] | None = None
        self.file_writer: FileWriter | None = None
        self.default_bins = summary.default_bins()
        self._get_file_writer()

    def _get_file_writer(self) -> FileWriter:
        if self.all_writers is None or self.file_writer is None:
            writer = FileWriter(self.log_dir, self.max_queue, self.flush_secs, self.filename_suffix)
            self.file_writer, self.all_writers = writer, {self.log_dir: writer}
            if self.purge_step is not None:
                log = message("event.SessionLog")
                for event in (
                    message("event.Event")(step=self.purge_step, file_version="brain.Event:2"),
                    message("event.Event")(step=self.purge_step, session_log=log(status=log.START)),
                ):
                    event.wall_time = time.time()
                    writer.event_writer.add_event(event)
                self.purge_step = None
        return self.file_writer

    def _write(self, made: Any, step: Step, walltime: Time) -> None:
        self._get_file_writer().add_summary(made, step, walltime)

    def get_logdir(self) -> str:
        """The folder."""
        return self.log_dir

    def add_scalar(
        self, tag: str, scalar_value: Any, global_step: Step = None, walltime: Time = None, new_style: bool = False, double_precision: bool = False
    ) -> None:
        """Add a number."""
        self._write(summary.scalar(tag, scalar_value, new_style), global_step, walltime)

    def add_scalars(self, main_tag: str, tag_scalar_dict: dict[str, Any], global_step: Step = None, walltime: Time = None) -> None:
        """Add several numbers to one chart: each goes into a folder of its own."""
        walltime = time.time() if walltime is None else walltime
        folder = self._get_file_writer().get_logdir()
        assert self.all_writers is not None
        for tag, number in tag_scalar_dict.items():
            own = f"{folder}/{main_tag.replace('/', '_')}_{tag}"
            if own not in self.all_writers:
                self.all_writers[own] = FileWriter(own, self.max_queue, self.flush_secs, self.filename_suffix)
            self.all_writers[own].add_summary(summary.scalar(main_tag, number), global_step, walltime)

    def add_histogram(
        self, tag: str, values: Any, global_step: Step = None, bins: Any = "tensorflow", walltime: Time = None, max_bins: int | None = None
    ) -> None:
        """Add a histogram of some values."""
        self._write(summary.histogram(tag, values, self.default_bins if bins == "tensorflow" else bins, max_bins), global_step, walltime)

    def add_histogram_raw(
        self, tag: str, min: float, max: float, num: int, sum: float, sum_squares: float, bucket_limits: Any, bucket_counts: Any, global_step: Step = None,
        walltime: Time = None,
    ) -> None:  # fmt: skip
        """Add a histogram that has been made: the upper limits of its buckets, and how many are in each."""
        if len(bucket_limits) != len(bucket_counts):
            raise ValueError("len(bucket_limits) != len(bucket_counts), see the document.")
        made = message("summary.HistogramProto")(
            min=min, max=max, num=num, sum=sum, sum_squares=sum_squares, bucket_limit=bucket_limits, bucket=bucket_counts
        )
        self._write(value(tag, histo=made), global_step, walltime)

    def add_image(self, tag: str, img_tensor: Any, global_step: Step = None, walltime: Time = None, dataformats: str = "CHW") -> None:
        """Add a picture: bytes, or numbers from 0 to 1. dataformats: what its dimensions are."""
        self._write(summary.image(tag, img_tensor, dataformats), global_step, walltime)

    def add_images(self, tag: str, img_tensor: Any, global_step: Step = None, walltime: Time = None, dataformats: str = "NCHW") -> None:
        """Add several pictures, in rows."""
        self._write(summary.image(tag, img_tensor, dataformats), global_step, walltime)

    def add_image_with_boxes(
        self, tag: str, img_tensor: Any, box_tensor: Any, global_step: Step = None, walltime: Time = None, rescale: int = 1, dataformats: str = "CHW",
        labels: Any = None,
    ) -> None:  # fmt: skip
        """Add a picture with boxes, each (left, top, right, bottom). NotImplementedError for labels and for another scale."""
        if labels is not None or rescale != 1:
            raise NotImplementedError("add_image_with_boxes(): labels and rescale are not drawn here; draw them into the picture, or use add_figure()")
        self._write(summary.image_boxes(tag, img_tensor, box_tensor, dataformats), global_step, walltime)

    def add_figure(self, tag: str, figure: Any, global_step: Step = None, close: bool = True, walltime: Time = None) -> None:
        """Add a matplotlib figure, or a list of such; they are closed afterwards."""
        figures = figure if isinstance(figure, list) else [figure]
        drawn = np.stack([pictures.drawn(each) for each in figures])
        if close:
            for each in figures:
                resolve_name("matplotlib.pyplot:close")(each)
        self.add_images(tag, drawn, global_step, walltime)

    def add_video(self, tag: str, vid_tensor: Any, global_step: Step = None, fps: float = 4, walltime: Time = None) -> None:
        """Add films (batch, time, channels, height, width), side by side. ImportError without Pillow."""
        self._write(summary.video(tag, vid_tensor, fps), global_step, walltime)

    def add_audio(self, tag: str, snd_tensor: Any, global_step: Step = None, sample_rate: int = 44100, walltime: Time = None) -> None:
        """Add a sound of one channel: numbers from -1 to 1."""
        self._write(summary.audio(tag, snd_tensor, sample_rate), global_step, walltime)

    def add_text(self, tag: str, text_string: str, global_step: Step = None, walltime: Time = None) -> None:
        """Add a text, in Markdown."""
        self._write(summary.text(tag, text_string), global_step, walltime)

    def add_pr_curve(
        self, tag: str, labels: Any, predictions: Any, global_step: Step = None, num_thresholds: int = 127, weights: Any = None, walltime: Time = None
    ) -> None:
        """Add precision and recall of predictions from 0 to 1 of labels 0 and 1."""
        self._write(summary.pr_curve(tag, labels, predictions, num_thresholds, weights), global_step, walltime)

    def add_custom_scalars(self, layout: dict[str, Any]) -> None:
        """Say which numbers are shown together: {category: {chart: ["Multiline" or "Margin", tags]}}."""
        self._write(summary.custom_scalars(layout), None, None)

    def add_custom_scalars_multilinechart(self, tags: list[str], category: str = "default", title: str = "untitled") -> None:
        """Show several numbers in one chart."""
        self.add_custom_scalars({category: {title: ["Multiline", tags]}})

    def add_custom_scalars_marginchart(self, tags: list[str], category: str = "default", title: str = "untitled") -> None:
        """Show a number with its lower and its upper bound: three tags."""
        if len(tags) != 3:
            raise AssertionError(f"add_custom_scalars_marginchart(): tags must be three, got {len(tags)}")
        self.add_custom_scalars({category: {title: ["Margin", tags]}})

    def add_hparams(
        self, hparam_dict: dict[str, Any], metric_dict: dict[str, Any], hparam_domain_discrete: dict[str, list[Any]] | None = None,
        run_name: str | None = None, global_step: Step = None,
    ) -> None:  # fmt: skip
        """Add hyperparameters and the metrics that they came to, as a run of its own."""
        if type(hparam_dict) is not dict or type(metric_dict) is not dict:
            raise TypeError("hparam_dict and metric_dict should be dictionary.")
        made = summary.hparams(hparam_dict, metric_dict, hparam_domain_discrete)
        with SummaryWriter(log_dir=os.path.join(self.log_dir, run_name or str(time.time()))) as own:
            for each in made:
                own._write(each, global_step, None)
            for name, number in metric_dict.items():
                own.add_scalar(name, number, global_step)

    def add_embedding(
        self, mat: Any, metadata: Any = None, label_img: Any = None, global_step: Step = None, tag: str = "default", metadata_header: Any = None
    ) -> None:
        """Add points (n, d), each with a label and a picture where given, for tensorboard's projector."""
        points = as_array(mat)
        if points.ndim != 2:
            raise AssertionError("mat should be 2D, where mat.size(0) is the number of data points")
        folder = f"{0 if global_step is None else global_step:05d}/{tag.replace('/', '%%')}"
        path = os.path.join(self.log_dir, folder)
        os.makedirs(path, exist_ok=True)
        lines = ["embeddings {", f'tensor_name: "{tag}:{0 if global_step is None else global_step:05d}"', f'tensor_path: "{folder}/tensors.tsv"']
        with open(os.path.join(path, "tensors.tsv"), "w", encoding="utf-8") as file:
            file.writelines("\t".join(str(float(x)) for x in row) + "\n" for row in points)
        if metadata is not None:
            rows = [[str(x) for x in row] if isinstance(row, (list, tuple)) and metadata_header else [str(row)] for row in metadata]
            if len(rows) != len(points):
                raise AssertionError("#labels should equal with #data points")
            with open(os.path.join(path, "metadata.tsv"), "w", encoding="utf-8") as file:
                file.writelines("\t".join(row) + "\n" for row in [*([metadata_header] if metadata_header else []), *rows])
            lines.append(f'metadata_path: "{folder}/metadata.tsv"')
        if label_img is not None:
            shown = as_array(label_img)
            if len(shown) != len(points):
                raise AssertionError("#images should equal with #data points")
            side = int(np.ceil(len(shown) ** 0.5))
            sheet = pictures.grid(np.concatenate([shown, np.zeros((side**2 - len(shown), *shown.shape[1:]), shown.dtype)]), side).transpose(1, 2, 0)
            sheet = np.concatenate([sheet] * 3, 2) if sheet.shape[2] == 1 else sheet
            with open(os.path.join(path, "sprite.png"), "wb") as picture:
                picture.write(pictures.png(pictures.as_bytes(sheet)))
            lines += [
                "sprite {", f'image_path: "{folder}/sprite.png"', f"single_image_dim: {shown.shape[3]}", f"single_image_dim: {shown.shape[2]}", "}",
            ]  # fmt: skip
        with open(os.path.join(self.log_dir, "projector_config.pbtxt"), "a", encoding="utf-8") as file:
            file.write("\n".join([*lines, "}"]) + "\n")

    def add_mesh(
        self, tag: str, vertices: Any, colors: Any = None, faces: Any = None, config_dict: Any = None, global_step: Step = None, walltime: Time = None
    ) -> None:
        """Add meshes or clouds of points: vertices and colors (0 to 255) of shape (meshes, points, 3), faces (meshes, triangles, 3) of indices.
        config_dict: settings of three.js, such as its camera."""
        self._write(summary.mesh(tag, vertices, colors, faces, config_dict), global_step, walltime)

    def add_graph(self, model: Module, input_to_model: Any = None, verbose: bool = False, use_strict_trace: bool = True) -> None:
        """Add the graph of a module: the ops that run when it is called in evaluation, with the modules in which they run, and the shapes of their results.

        input_to_model: a tensor, or a tuple of arguments. verbose: print the nodes. use_strict_trace: accepted; results may be dictionaries either way.
        What the call raises comes through, after RuntimeError's words have been printed, as in PyTorch.
        """
        self._get_file_writer().add_graph(graph(model, input_to_model, verbose))

    def add_onnx_graph(self, onnx_model_file: str) -> NoReturn:
        """NotImplementedError: open the file with a viewer of ONNX models."""
        raise NotImplementedError(f"add_onnx_graph(): {onnx_model_file!r} is not read here; a viewer of ONNX models such as Netron shows it")

    def flush(self) -> None:
        """Put on the disk what waits."""
        for writer in (self.all_writers or {}).values():
            writer.flush()

    def close(self) -> None:
        """End the files; what is added afterwards goes into new ones."""
        for writer in (self.all_writers or {}).values():
            writer.flush()
            writer.close()
        self.file_writer = self.all_writers = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
