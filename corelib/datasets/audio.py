"""Audio: WAV files as tensors, mel filters, and log-mel spectrograms, of single files and of folders."""

from __future__ import annotations

import math
import wave
from collections.abc import Callable
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from corelib.as_torch.warned import warn
from corelib.data.dataset import Dataset
from corelib.ops.construction.construct import from_numpy
from corelib.ops.spectral.spectrograms import stft
from corelib.ops.spectral.windows import hann_window
from corelib.tensor.dtype import float32
from corelib.tensor.tensor import Tensor

__all__ = ["AudioFolder", "LogMel", "mel_filters", "read_wav"]

_PCM = bytes.fromhex("0100000000001000800000aa00389b71")
"""How an extended header says that samples are PCM."""
_LINEAR, _KNEE = 200 / 3, 1000.0
"""Slaney's scale: Hz a mel below the knee, and where the knee is."""
_LOG_STEP = math.log(6.4) / 27
"""What a mel multiplies a frequency by above the knee, as a logarithm."""


def read_wav(path: str | PathLike[str]) -> tuple[Tensor, int]:
    """The waveform (channels, frames) of a WAV file as float32 from -1 to 1, and its frames a second.

    PCM of 8 (unsigned), 16, 24 or 32 bits; the smallest number is -1. ValueError for a file that is none, is shorter than its header says, or is
    coded in another way.

    >>> import pathlib, tempfile, wave
    >>> from corelib.datasets import read_wav
    >>> path = str(pathlib.Path(tempfile.mkdtemp()) / "two.wav")
    >>> with wave.open(path, "wb") as file:
    ...     file.setparams((1, 2, 8000, 2, "NONE", ""))
    ...     file.writeframes(b"\\x00\\x40\\x00\\x80")
    >>> read_wav(path)
    (tensor([[ 0.5000, -1.0000]]), 8000)
    """
    try:
        with wave.open(BytesIO(_plain_header(Path(path).read_bytes())), "rb") as file:
            channels, width, rate, frames = file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()
            data = file.readframes(frames)
    except (wave.Error, EOFError) as error:
        said = str(error) or "it ends too early"
        raise ValueError(f"read_wav(): {path} is no WAV file of 8, 16, 24 or 32-bit PCM: {said}") from error
    if width > 4:
        raise ValueError(f"read_wav(): {path} has {8 * width} bits a sample; accepted are 8, 16, 24 and 32")
    if len(data) != frames * channels * width:
        raise ValueError(f"read_wav(): {path} is damaged: its header says {frames} frames, but there are {len(data) / (channels * width):g}")
    samples = _integers(data, width).reshape(-1, channels).T / (1 << (8 * width - 1))
    return from_numpy(np.ascontiguousarray(samples, np.float32)), rate


def _plain_header(data: bytes) -> bytes:
    """A file with an extended header of PCM as one with a plain header, which is all that `wave` reads before Python 3.12.

    Microsoft, "Multiple channel audio data and WAVE files", 2007: the format tag is 0xFFFE, and 24 bytes later stands what it really is.
    """
    at = 12
    while data[at : at + 4] not in (b"fmt ", b""):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    tag = at + 8
    extended = data[tag : tag + 2] == b"\xfe\xff" and data[tag + 24 : tag + 40] == _PCM
    return data[:tag] + b"\x01\x00" + data[tag + 2 :] if extended else data


def _integers(data: bytes, width: int) -> np.ndarray[Any, Any]:
    if width == 1:
        return np.frombuffer(data, np.uint8).astype(np.int64) - 128
    if width == 3:  # as the upper bytes of 32 bits
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0] >> 8
    return np.frombuffer(data, f"<i{width}").astype(np.int64)


def mel_filters(
    n_freqs: int, n_mels: int, sample_rate: int, *, f_min: float = 0.0, f_max: float | None = None, norm: str | None = None, mel_scale: str = "htk"
) -> Tensor:
    """Triangular filters (n_freqs, n_mels) at equal distances on the mel scale, for spectra of n_freqs frequencies from 0 to half the sample rate.

    Each rises from 0 at its neighbour's middle to 1 at its own, and falls to 0 at the next one's. f_max: default half the sample rate. norm "slaney" divides each
    by half its width in Hz, so that all have the same area. ValueError for bounds out of order; a warning where a filter has no frequency.

    mel_scale "htk": 2595 log10(1 + f / 700), S. Young et al., The HTK Book, 5.6. "slaney": 3 f / 200 to 1000 Hz, then 15 + 27 log(f / 1000) / log(6.4);
    M. Slaney, Auditory Toolbox, version 2, Interval Research Corporation, 1998.

    >>> from corelib.datasets import mel_filters
    >>> mel_filters(5, 2, 8000, mel_scale="htk")
    tensor([[0.0000, 0.0000],
            [0.6759, 0.3241],
            [0.0000, 0.9055],
            [0.0000, 0.4528],
            [0.0000, 0.0000]])
    """
    f_max = sample_rate / 2 if f_max is None else f_max
    if mel_scale not in ("htk", "slaney") or norm not in (None, "slaney"):
        raise ValueError(f'mel_filters(): mel_scale should be "htk" or "slaney", and norm None or "slaney", but are {mel_scale!r} and {norm!r}')
    if n_mels < 1 or n_freqs < 2 or not 0 <= f_min < f_max <= sample_rate / 2:
        raise ValueError(
            f"mel_filters(): expected n_mels >= 1, n_freqs >= 2 and 0 <= f_min < f_max <= {sample_rate / 2:g}, half the sample rate, "
            f"but got n_mels={n_mels}, n_freqs={n_freqs}, f_min={f_min}, f_max={f_max}"
        )
    edges = _hertz(np.linspace(_mels(f_min, mel_scale), _mels(f_max, mel_scale), n_mels + 2), mel_scale)
    frequencies = np.linspace(0, sample_rate / 2, n_freqs)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    filters = np.maximum(np.minimum((frequencies - low) / (middle - low), (high - frequencies) / (high - middle)), 0)
    if not filters.any(0).all():
        warn(f"mel_filters(): {n_mels} filters are too many for {n_freqs} frequencies: filter {filters.any(0).argmin()} is all 0. Take fewer filters, or a larger n_fft.", UserWarning)
    return from_numpy((filters * (2 / (high - low)) if norm else filters).astype(np.float32))


def _mels(hertz: float, scale: str) -> float:
    if scale == "htk":
        return 2595 * math.log10(1 + hertz / 700)
    return hertz / _LINEAR if hertz < _KNEE else _KNEE / _LINEAR + math.log(hertz / _KNEE) / _LOG_STEP


def _hertz(mels: np.ndarray[Any, Any], scale: str) -> np.ndarray[Any, Any]:
    if scale == "htk":
        return np.asarray(700 * (10 ** (mels / 2595) - 1))
    return np.where(mels < _KNEE / _LINEAR, mels * _LINEAR, _KNEE * np.exp(_LOG_STEP * (mels - _KNEE / _LINEAR)))


class LogMel:
    """A feature function: waveforms (..., samples) as the logarithms of mel powers (..., n_mels, frames).

    The power spectrum of `stft` with a Hann window (periodic) of n_fft samples, a frame every hop_length (default n_fft // 4), middle of frame t
    at sample t * hop_length; through `mel_filters`; log(max(power, floor)). f_min, f_max, norm and mel_scale are those of `mel_filters`. `silence`
    is what no sound gives, for padding.

    >>> import corelib as torch
    >>> from corelib.datasets import LogMel
    >>> LogMel(16000)(torch.randn(2, 16000)).shape
    torch.Size([2, 40, 161])
    """

    def __init__(
        self, sample_rate: int, *, n_fft: int = 400, hop_length: int | None = None, n_mels: int = 40, f_min: float = 0.0, f_max: float | None = None,
        norm: str | None = None, mel_scale: str = "htk", floor: float = 1e-10,
    ) -> None:  # fmt: skip
        if n_fft < 2 or (hop_length is not None and hop_length < 1) or not floor > 0:
            raise ValueError(f"LogMel(): expected n_fft >= 2, hop_length >= 1 and floor > 0, but got {n_fft}, {hop_length} and {floor}")
        self.sample_rate, self.n_fft, self.hop_length, self.floor = sample_rate, n_fft, hop_length or max(n_fft // 4, 1), floor
        self.filters = mel_filters(n_fft // 2 + 1, n_mels, sample_rate, f_min=f_min, f_max=f_max, norm=norm, mel_scale=mel_scale)
        self.window = hann_window(n_fft, dtype=float32)
        self.silence = math.log(floor)

    def __call__(self, waveform: Tensor) -> Tensor:
        """The features of a waveform; ValueError for one of at most n_fft // 2 samples, too short for the reflection at its ends."""
        samples = waveform.shape[-1] if waveform.dim() else 0
        if samples <= self.n_fft // 2:
            raise ValueError(f"LogMel(): a waveform should have more than {self.n_fft // 2} samples for n_fft={self.n_fft}, but has the shape {tuple(waveform.shape)}")
        window, filters = self.window.to(waveform.device, waveform.dtype), self.filters.to(waveform.device, waveform.dtype)
        spectra = stft(waveform.reshape(-1, samples), self.n_fft, self.hop_length, window=window, return_complex=True)
        power = (spectra.real**2 + spectra.imag**2).transpose(1, 2) @ filters
        features = power.clamp(min=self.floor).log().transpose(1, 2)
        return features.reshape(*waveform.shape[:-1], *features.shape[1:])


class AudioFolder(Dataset[tuple[Any, int]]):
    """The WAV files of a folder with a folder for each class: (waveform, class), or (transform(waveform), class).

    transform: a function of the waveform (channels, frames), such as LogMel. sample_rate: what all files should have; a file with another is a
    ValueError, for nothing is resampled. `classes` are the folders' names, sorted, and `files` the paths. FileNotFoundError for a folder without
    such files.

    A loader of files of different lengths needs a collate function: `pad_batch` pads the first dimension, so let `transform` put time there.
    """

    def __init__(self, root: str | PathLike[str], transform: Callable[[Tensor], Any] | None = None, *, sample_rate: int | None = None) -> None:
        found = sorted(path for path in Path(root).glob("*/**/*") if path.suffix.lower() == ".wav" and path.is_file())
        if not found:
            raise FileNotFoundError(f"AudioFolder(): {root} has no folder with .wav files; expected CLASS/NAME.wav in it")
        names = [path.relative_to(root).parts[0] for path in found]
        self.classes = sorted(set(names))
        self.files, self.labels = found, [self.classes.index(name) for name in names]
        self.transform, self.sample_rate = transform, sample_rate

    def __getitem__(self, index: int) -> tuple[Any, int]:
        waveform, rate = read_wav(self.files[index])
        if self.sample_rate is not None and rate != self.sample_rate:
            raise ValueError(f"AudioFolder(): {self.files[index]} has {rate} frames a second, but sample_rate is {self.sample_rate}")
        return (waveform if self.transform is None else self.transform(waveform)), self.labels[index]

    def __len__(self) -> int:
        return len(self.files)
