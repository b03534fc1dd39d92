"""Ready-made parametrizations: weight norm, spectral norm and orthogonal matrices."""

from __future__ import annotations

from typing import Any

from corelib.graph.grad_mode import no_grad
from corelib.nn import functional as F
from corelib.nn.modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from corelib.nn.modules.module import Module
from corelib.nn.utils import parametrize
from corelib.ops.elementwise.arithmetic import add
from corelib.ops.construction.creation import eye, zeros_like
from corelib.ops.linalg.decompositions import geqrf
from corelib.ops.linalg.decompositions import linalg_householder_product as householder_product
from corelib.ops.shape.joining import cat
from corelib.ops.linalg.linear_systems import linalg_solve as solve
from corelib.ops.linalg.matrix_norms import matrix_exp
from corelib.ops.products.products import dot, mv
from corelib.ops.random.random import randn
from corelib.ops.elementwise.where import where
from corelib.tensor.limits import finfo
from corelib.tensor.tensor import Tensor

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

_MAPS = ("matrix_exp", "cayley", "householder")


def norm_but(v: Tensor, dim: int) -> Tensor:
    """The 2-norms over all dimensions but one, or over all if it is -1; the dimensions stay."""
    if dim == -1:
        return v.norm()
    return v.norm(2, [d for d in range(v.dim()) if d != dim], True)


def _is_orthogonal(q: Tensor) -> bool:
    n, k = q.shape[-2:]
    one = eye(k, dtype=q.dtype, device=q.device)
    return bool(((q.mT @ q - one).abs() <= 10.0 * n * finfo(q.dtype).eps + 1e-5 * one).all())


def _orthogonalized(a: Tensor) -> Tensor:
    """The Q of a QR decomposition whose R has a positive diagonal."""
    x, tau = geqrf(a)
    return householder_product(x, tau) * x.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)


class _Orthogonal(Module):
    base: Tensor

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        n, k = X.shape[-2:]
        flat = n < k
        x = X.mT if flat else X
        n, k = max(n, k), min(n, k)
        if self.orthogonal_map == "householder":
            a = x.tril(-1)
            q = householder_product(a, 2.0 / (1.0 + (a * a).sum(-2)))
            q = q * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)
        else:
            x = x.tril()
            if n != k:
                x = cat([x, x.new_zeros((n, n - k)).expand(*x.shape[:-2], -1, -1)], -1)
            a = x - x.mT
            if self.orthogonal_map == "matrix_exp":
                q = matrix_exp(a)
            else:
                one = eye(n, dtype=a.dtype, device=a.device)
                q = solve(add(one, a, alpha=-0.5), add(one, a, alpha=0.5))
            if n != k:
                q = q[..., :k]
        if hasattr(self, "base"):
            q = self.base @ q
        return q.mT if flat else q

    def right_inverse(self, Q: Tensor) -> Tensor:
        if Q.shape != self.shape:
            raise ValueError(f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}.")
        with no_grad():
            n, k = Q.shape[-2:]
            flat = n < k
            q = Q.mT if flat else Q
            n, k = max(n, k), min(n, k)
            if not hasattr(self, "base"):
                if self.orthogonal_map != "householder":
                    raise NotImplementedError(
                        "It is not possible to assign to the matrix exponential or the Cayley parametrizations when use_trivialization=False."
                    )
                a, tau = geqrf(q)
                a = a.clone()
                diagonal = a.diagonal(dim1=-2, dim2=-1)
                # A reflection of nothing leaves the sign to the diagonal.
                diagonal.copy_(where(tau == 0.0, -diagonal.sign(), diagonal.sign()))
                return a.mT if flat else a
            if n == k:
                self.base = q.clone() if _is_orthogonal(q) else _orthogonalized(q)
            else:
                more = randn(*q.shape[:-2], n, n - k, dtype=q.dtype, device=q.device)
                self.base = _orthogonalized(cat([q, more], -1))
            start = zeros_like(Q)
            start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return start


def orthogonal(module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True) -> Module:
    """Keep a matrix, or batch of them, orthogonal: its columns, or its rows where it has more columns, orthonormal.

    orthogonal_map: "matrix_exp" (the default for square ones), "cayley" or "householder". use_trivialization: around where it starts, so
    that it may be assigned to. Casado, "Trivializations for gradient-based optimization on manifolds", 2019.

    >>> import corelib as torch
    >>> q = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3)).weight
    >>> torch.allclose(q @ q.T, torch.eye(3), atol=1e-5)
    True
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.size(-2) == weight.size(-1) else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}')
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, made, unsafe=True)


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weight_v * (weight_g / norm_but(weight_v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_but(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Train a weight's norm over all dimensions but ``dim`` (``original0``) and its direction (``original1``) apart. None: one norm.

    Salimans and Kingma, "Weight normalization", 2016.

    >>> import corelib as torch
    >>> list(torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 3)).state_dict())
    ['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def from_old(state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take what the older weight_norm saved."""
        old = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(from_old)
    return module


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}")
        self.dim = dim % ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._matrix(weight)
            h, w = matrix.size()
            u, v = matrix.new_empty(h).normal_(0, 1), matrix.new_empty(w).normal_(0, 1)
            self.register_buffer("_u", F.normalize(u, dim=0, eps=eps))
            self.register_buffer("_v", F.normalize(v, dim=0, eps=eps))
            self._iterate(matrix, 15)

    def _matrix(self, weight: Tensor) -> Tensor:
        return matrix_of(weight, self.dim)

    def _iterate(self, matrix: Tensor, times: int) -> None:
        with no_grad():
            for _ in range(times):
                self._u.copy_(F.normalize(mv(matrix, self._v), dim=0, eps=self.eps))
                self._v.copy_(F.normalize(mv(matrix.mT, self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # what a later step may overwrite
        return weight / dot(u, mv(matrix, v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def matrix_of(weight: Tensor, dim: int) -> Tensor:
    """A weight as a matrix whose rows are its slices along ``dim``."""
    if dim != 0:
        weight = weight.permute(dim, *[d for d in range(weight.dim()) if d != dim])
    return weight.flatten(1)


def output_dim(module: Module) -> int:
    """The dimension of a module's weight that runs over its outputs."""
    return 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0


def spectral_norm(module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None) -> Module:
    """Divide a weight, taken for a matrix with rows along ``dim``, by its largest singular value.

    That is estimated by ``n_power_iterations`` steps of the power method whenever the weight is read in training. Miyato et al.,
    "Spectral normalization for generative adversarial networks", 2018.

    >>> import corelib as torch
    >>> list(torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(2, 3)).state_dict())
    ['bias', 'parametrizations.weight.original', 'parametrizations.weight.0._u', 'parametrizations.weight.0._v']
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    made = _SpectralNorm(weight, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return parametrize.register_parametrization(module, name, made)
