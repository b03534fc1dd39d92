"""Spectra of a signal over time: the short-time Fourier transform, of one frame of the signal after another, and its inverse."""

from __future__ import annotations


from corelib.as_torch.warned import warn
from corelib.dispatcher.namespaces import NAMESPACES, public
from corelib.ops.complex.complex_numbers import view_as_real
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.predicates import any_true
from corelib.ops.spatial.padding import pad
from corelib.ops.spectral import fourier
from corelib.tensor.tensor import Tensor

_FFT = {name: NAMESPACES["fft"][name] for name in fourier.KINDS}
_NO_WINDOW = "A window was not provided. A rectangular window will be applied, as torch.ones(win_length) would be without this warning."


def _sizes(
    name: str, n_fft: int, hop_length: int | None, win_length: int | None, window: Tensor | None, of_window: bool,
) -> tuple[int, int]:
    hop = n_fft // 4 if hop_length is None else hop_length
    win = n_fft if win_length is None else win_length
    if hop <= 0 or (of_window and hop > win):
        raise RuntimeError(f"{name}(): expected {'0 < hop_length <= win_length' if of_window else 'hop_length > 0'}, but got hop_length={hop}")
    if not 0 < win <= n_fft:
        raise RuntimeError(f"{name}(): expected 0 < win_length <= n_fft, but got win_length={win}")
    if window is None:
        warn(_NO_WINDOW, UserWarning)
    elif tuple(window.shape) != (win,):
        raise RuntimeError(f"{name}(): expected a 1D window tensor of size equal to win_length={win}, but got window with size {list(window.shape)}")
    return hop, win


def _middle(x: Tensor, window: Tensor | None, n_fft: int, win: int) -> Tensor:
    """The window in the middle of n_fft places."""
    if window is None:
        window = x.new_ones(win, dtype=x.real.dtype)
    if win == n_fft:
        return window
    made = window.new_zeros(n_fft)
    made.narrow(0, (n_fft - win) // 2, win).copy_(window)
    return made


@public("torch", "Tensor", whole=True)
def stft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Tensor | None = None,
    center: bool | int = True, pad_mode: str = "reflect", normalized: bool = False, onesided: bool | None = None,
    return_complex: bool | None = None, align_to_window: bool | None = None,
) -> Tensor:
    """The spectra of frames of `n_fft` samples that begin `hop_length` (default n_fft // 4) samples apart: (..., frequencies, frames).

    input is (samples,) or (batch, samples), real or complex. Frames are weighted by `window`, of `win_length` (default `n_fft`) samples in the
    middle of the frame. With `center` the signal is padded on both sides, as `pad_mode` says, so that frame t is around sample t * hop_length.
    `onesided`, the default for real numbers, gives the n_fft // 2 + 1 frequencies that say all; `normalized` divides by sqrt(n_fft).
    `return_complex` must be given for real input: without complex numbers the last dimension holds the two parts. RuntimeError for sizes that do
    not fit each other; a warning where no window is given.

    >>> import corelib as torch
    >>> tuple(torch.stft(torch.ones(32), 8, window=torch.hann_window(8), return_complex=True).shape)
    (5, 17)
    """
    x = input
    rank = len(x._shape)
    if align_to_window is not None and center:
        raise RuntimeError("stft(): align_to_window should only be set when center = False")
    if not (x._dtype.is_floating_point or x._dtype.is_complex):
        raise RuntimeError(f"stft(): expected a tensor of floating point or complex values, but got {x._dtype}")
    if rank not in (1, 2):
        raise RuntimeError(f"stft(): expected a 1D or 2D tensor, but got {rank} dimensions")
    complex_in = x._dtype.is_complex or (window is not None and window.is_complex())
    if return_complex is None:
        if not complex_in:
            raise RuntimeError("stft(): requires the return_complex parameter be given for real inputs: True gives complex numbers")
        return_complex = True
    elif not return_complex:
        warn("stft with return_complex=False is deprecated; torch.view_as_real of the complex result is the same.", UserWarning)
    onesided = not complex_in if onesided is None else onesided
    if onesided and complex_in:
        raise RuntimeError("stft(): Cannot have onesided output if window or input is complex")
    if center and n_fft > 0:
        x = pad(x.reshape([1] * (3 - rank) + [*x._shape]), [n_fft // 2] * 2, mode=pad_mode).reshape(*x._shape[:-1], -1)
    length = x._shape[-1]
    if n_fft <= 0 or n_fft > length:
        raise RuntimeError(f"stft(): expected 0 < n_fft <= {length}, but got n_fft={n_fft}")
    hop, win = _sizes("stft", n_fft, hop_length, win_length, window, False)
    if align_to_window:  # the first and the last window at the ends of the signal
        x = pad(x, [(n_fft - win) // 2, n_fft - win - (n_fft - win) // 2])
    frames = x.unfold(-1, n_fft, hop)  # (..., frames, n_fft)
    frames = frames * _middle(x, window, n_fft, win)
    found: Tensor = _FFT["rfft" if onesided else "fft"](frames, norm="ortho" if normalized else None)
    found = found.transpose(-1, -2)
    return found if return_complex else view_as_real(found)


def _added(frames: Tensor, hop: int) -> Tensor:
    """The sum of overlapping frames (..., frames, n_fft), hop samples apart."""
    count, size = frames._shape[-2:]
    rows = arange(count, device=frames._device)
    places = (rows.unsqueeze(1) * hop + arange(size, device=frames._device)).reshape(-1)
    whole = frames.new_zeros(*frames._shape[:-2], size + hop * (count - 1))
    return whole.index_add(-1, places, frames.reshape(*frames._shape[:-2], -1))


@public("torch", "Tensor")
def istft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Tensor | None = None,
    center: bool = True, normalized: bool = False, onesided: bool | None = None, length: int | None = None, return_complex: bool = False,
) -> Tensor:
    """The signal whose spectra `stft` with the same arguments gives, by least squares where frames overlap: (samples,) or (batch, samples).

    input is (..., frequencies, frames), complex. `length` cuts the signal, or fills it with zeros and warns. RuntimeError where the windows leave a
    sample without weight, and for sizes that do not fit each other.

    References: D. Griffin, J. Lim, "Signal estimation from modified short-time Fourier transform", 1984.

    >>> import corelib as torch
    >>> window = torch.hann_window(8)
    >>> spectra = torch.stft(torch.ones(32), 8, window=window, return_complex=True)
    >>> torch.istft(spectra, 8, window=window, length=4).round(decimals=3)
    tensor([1., 1., 1., 1.])
    """
    x = input
    if not x._dtype.is_complex:
        raise RuntimeError("istft(): requires a complex-valued input tensor matching the output from stft with return_complex=True.")
    rank = len(x._shape)
    if rank not in (2, 3):
        raise RuntimeError(f"istft(): expected a tensor with 2 or 3 dimensions, but got {rank}")
    if 0 in x._shape:
        raise RuntimeError(f"istft(): input tensor cannot be empty, but got {list(x._shape)}")
    frequencies, count = x._shape[-2:]
    onesided = frequencies != n_fft if onesided is None else onesided
    wanted = n_fft // 2 + 1 if onesided else n_fft
    if frequencies != wanted:
        raise RuntimeError(f"istft(): expected the frequency dimension (3rd to the last) of the input tensor to match n_fft: {wanted}, but got {frequencies}")
    hop, win = _sizes("istft", n_fft, hop_length, win_length, window, True)
    if window is not None and window.is_complex() and not return_complex:
        raise RuntimeError("istft(): Complex windows are incompatible with return_complex=False")
    if return_complex and onesided:
        raise RuntimeError("istft(): Cannot have onesided output if window or input is complex")
    weights = _middle(x, window, n_fft, win)
    norm = "ortho" if normalized else None
    x = x.transpose(-1, -2)
    if return_complex:
        frames: Tensor = _FFT["ifft"](x, norm=norm)
    else:
        frames = _FFT["irfft"](x.narrow(-1, 0, n_fft // 2 + 1), n_fft, norm=norm)
    signal = _added(frames * weights, hop)
    weight = _added((weights * weights).expand(count, n_fft), hop)
    whole = n_fft + hop * (count - 1)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else whole - n_fft // 2 if center else whole
    upto = max(min(end, whole), start)
    signal, weight = signal[..., start:upto], weight[start:upto]
    if upto == start:
        raise RuntimeError(f"istft(): no sample lies between {start} and {end}")
    if any_true(weight.abs() < 1e-11):
        raise RuntimeError(f"istft(): window overlap add min: the windows leave samples between {start} and {end} without weight")
    signal = signal / weight
    if end > whole:
        warn(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. "
            "Please check your center and hop_length settings.", UserWarning,
        )
        signal = pad(signal, [0, end - whole])
    return signal
