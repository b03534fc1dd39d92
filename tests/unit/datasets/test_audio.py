"""WAV files of all widths, mel filters against their formula, log-mel spectrograms, and folders of files."""

from __future__ import annotations

import math
import pickle
import struct
import wave

import pytest

import corelib as torch
from corelib.datasets import AudioFolder, LogMel, mel_filters, pad_batch, read_wav
from corelib.utils.data import DataLoader


def write(path, data, width=2, channels=1, rate=8000):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(data)
    return path


def tone(path, frames, hertz=1000, rate=8000):
    return write(path, b"".join(int(20000 * math.sin(2 * math.pi * hertz * t / rate)).to_bytes(2, "little", signed=True) for t in range(frames)), rate=rate)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_wav_files_of_all_widths(tmp_path, width, channels):
    half = 1 << (8 * width - 1)
    values = [0, 1, -1, half // 2, -half, half - 1]
    data = b"".join((v + half).to_bytes(1, "little") if width == 1 else v.to_bytes(width, "little", signed=True) for v in values)
    waveform, rate = read_wav(write(tmp_path / "a.wav", data, width, channels, 44100))
    expected = torch.tensor([v / half for v in values], dtype=torch.float64).reshape(-1, channels).T.float()
    assert rate == 44100 and waveform.dtype == torch.float32 and waveform.is_contiguous() and torch.equal(waveform, expected)


def test_a_wav_file_without_frames(tmp_path):
    assert read_wav(write(tmp_path / "a.wav", b"", channels=2))[0].shape == (2, 0)


@pytest.mark.parametrize("before", [b"", b"JUNK\x03\x00\x00\x00abc\x00"])
def test_a_wav_file_with_an_extended_header(tmp_path, before):
    data = b"\x00\x00\x40\x00\x00\xc0"
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 2, 48000, 288000, 6, 24, 22, 24, 3) + bytes.fromhex("0100000000001000800000aa00389b71")
    chunks = before + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    waveform, rate = read_wav(tmp_path / "a.wav")
    assert waveform.tolist() == [[0.5], [-0.5]] and rate == 48000
    floats = chunks.replace(form[24:26], b"\x03\x00")
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", 4 + len(floats)) + b"WAVE" + floats)
    with pytest.raises(ValueError, match="is no WAV file of"):
        read_wav(tmp_path / "a.wav")


def test_damaged_and_other_files_are_refused(tmp_path):
    path = write(tmp_path / "a.wav", bytes(range(200)))
    whole = path.read_bytes()
    cases = {"ends too early|is no WAV": b"", "is no WAV file": b"RIFF\x04\x00\x00\x00WAVX", "damaged: its header says 100 frames, but there are 75": whole[:-50],
             "unknown format: 3": whole[:20] + b"\x03" + whole[21:], "is no WAV": whole[:30], "is no WAV file of": b"ID3 not a wav file at all"}  # fmt: skip
    for said, content in cases.items():
        path.write_bytes(content)
        with pytest.raises(ValueError, match=said):
            read_wav(path)
    with pytest.raises(FileNotFoundError):
        read_wav(tmp_path / "none.wav")


def hertz_of(mel, scale):
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def mel_of(hertz, scale):
    if scale == "htk":
        return 2595 * math.log10(1 + hertz / 700)
    return 3 * hertz / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000) / math.log(6.4)


@pytest.mark.parametrize("scale", ["htk", "slaney"])
@pytest.mark.parametrize("norm", [None, "slaney"])
@pytest.mark.parametrize(("n_freqs", "n_mels", "rate", "f_min", "f_max"), [(201, 23, 16000, 0.0, None), (257, 40, 16000, 20.0, 7600.0), (129, 8, 8000, 300.0, 900.0)])
def test_mel_filters_are_those_of_the_formula(scale, norm, n_freqs, n_mels, rate, f_min, f_max):
    filters = mel_filters(n_freqs, n_mels, rate, f_min=f_min, f_max=f_max, norm=norm, mel_scale=scale)
    top = rate / 2 if f_max is None else f_max
    low, high = mel_of(f_min, scale), mel_of(top, scale)
    edges = [hertz_of(low + (high - low) * k / (n_mels + 1), scale) for k in range(n_mels + 2)]
    for k in range(n_mels):
        a, b, c = edges[k : k + 3]
        for i in range(n_freqs):
            f = rate / 2 * i / (n_freqs - 1)
            value = (f - a) / (b - a) if a < f <= b else (c - f) / (c - b) if b < f < c else 0.0
            assert abs(float(filters[i, k]) - value * (2 / (c - a) if norm else 1.0)) < 2e-6
    assert filters.shape == (n_freqs, n_mels) and filters.dtype == torch.float32


def test_the_scales_at_the_frequencies_for_which_they_are_made():
    assert abs(mel_of(1000, "htk") - 1000) < 0.02 and mel_of(1000, "slaney") == 15 and abs(mel_of(6400, "slaney") - 42) < 1e-9


@pytest.mark.parametrize("options", [dict(f_min=-1.0), dict(f_max=9000.0), dict(f_min=4000.0, f_max=4000.0), dict(n_mels=0), dict(n_freqs=1), dict(mel_scale="bark"), dict(norm="area")])
def test_bad_bounds_of_filters_are_refused(options):
    with pytest.raises(ValueError, match=r"mel_filters\(\)"):
        mel_filters(**{"n_freqs": 201, "n_mels": 20, "sample_rate": 16000, **options})


def test_a_filter_without_a_frequency_is_warned_of():
    with pytest.warns(UserWarning, match="filter 0 is all 0"):
        mel_filters(33, 40, 16000)


def test_a_log_mel_spectrogram_is_that_of_the_definition():
    torch.manual_seed(0)
    waveform = torch.randn(600, dtype=torch.float64)
    features = LogMel(8000, n_fft=128, hop_length=50, n_mels=10, mel_scale="slaney", norm="slaney")(waveform)
    assert features.shape == (10, 13) and features.dtype == torch.float64
    padded = torch.cat([waveform[1:65].flip(0), waveform, waveform[-65:-1].flip(0)])
    n = torch.arange(128, dtype=torch.float64)
    window = 0.5 - 0.5 * (2 * math.pi * n / 128).cos()
    angles = 2 * math.pi * n[:, None] * torch.arange(65, dtype=torch.float64) / 128
    filters = mel_filters(65, 10, 8000, mel_scale="slaney", norm="slaney").double()
    for t in (0, 1, 7, 12):
        frame = padded[50 * t : 50 * t + 128] * window
        power = (frame @ angles.cos()) ** 2 + (frame @ angles.sin()) ** 2
        assert torch.allclose(features[:, t], (power @ filters).log(), atol=1e-5)


def test_log_mel_features_of_tones_and_silence(tmp_path):
    logmel = LogMel(8000, n_fft=256, n_mels=20)
    waveform, _ = read_wav(tone(tmp_path / "a.wav", 8000))
    peak = int(logmel(waveform)[0].mean(1).argmax())
    middle = hertz_of(mel_of(4000, "htk") * (peak + 1) / 21, "htk")
    assert abs(middle - 1000) < 150
    assert torch.allclose(logmel(torch.zeros(2, 3, 1000)), torch.tensor(1e-10).log()) and logmel(torch.zeros(2, 3, 1000)).shape == (2, 3, 20, 16)
    x = torch.randn(500, requires_grad=True)
    logmel(x).sum().backward()
    assert bool(x.grad.isfinite().all())
    with pytest.raises(ValueError, match=r"more than 128 samples for n_fft=256, but has the shape \(1, 128\)"):
        logmel(torch.zeros(1, 128))
    with pytest.raises(ValueError, match="hop_length"):
        LogMel(8000, hop_length=0)


def frames_first(waveform):
    return LogMel(8000, n_fft=64, n_mels=4)(waveform)[0].T


@pytest.mark.parametrize("workers", [0, 2])
def test_a_folder_of_files_in_a_loader(tmp_path, workers):
    tone(tmp_path / "low" / "a.wav", 320, 200)
    tone(tmp_path / "high" / "deeper" / "b.WAV", 480, 3000)
    (tmp_path / "high" / "notes.txt").write_text("no audio")
    folder = AudioFolder(tmp_path, frames_first, sample_rate=8000)
    assert folder.classes == ["high", "low"] and len(folder) == 2
    ((x, label, lengths),) = DataLoader(folder, batch_size=2, collate_fn=pad_batch(with_lengths=True), num_workers=workers)
    assert x.shape == (2, 31, 4) and label.tolist() == [0, 1] and lengths.tolist() == [31, 21] and float(x[1, 21:].abs().sum()) == 0
    assert AudioFolder(tmp_path)[1][0].shape == (1, 320)
    assert torch.equal(pickle.loads(pickle.dumps(folder))[0][0], folder[0][0])


def test_folders_without_files_and_other_rates_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected CLASS/NAME.wav"):
        AudioFolder(tmp_path)
    tone(tmp_path / "a" / "a.wav", 10, rate=16000)
    with pytest.raises(ValueError, match="16000 frames a second, but sample_rate is 8000"):
        AudioFolder(tmp_path, sample_rate=8000)[0]
