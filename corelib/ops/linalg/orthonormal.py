"""Orthonormal columns of a matrix, such as orthogonal initial weights have."""

from __future__ import annotations

from corelib.dispatcher.op import TABLE
from corelib.ops.linalg.factorizations import qr_of
from corelib.tensor.tensor import Tensor


def orthonormal_columns(matrix: Tensor) -> Tensor:
    """The q of the QR decomposition whose r has a positive diagonal; without the graph.

    By the device's own decomposition, or where it has none by Gram-Schmidt with every step done twice, which is enough for
    orthogonality to rounding: Giraud et al., "The loss of orthogonality in the Gram-Schmidt orthogonalization process", 2005.
    """
    if TABLE["qr_of"].kernel_for(matrix._key, matrix._dtype) is not None:
        q, r = qr_of(matrix, "reduced")
        made: Tensor = q * r.diagonal().sign()
        return made
    # Columns as rows: what is read and written in each step is contiguous.
    vectors = matrix.t().contiguous()
    for i in range(vectors.shape[0]):
        vector = vectors[i]
        if i:
            done = vectors[:i]
            for _ in range(2):
                vector = vector - done.t() @ (done @ vector)
        vectors[i] = vector / (vector * vector).sum().sqrt()
    return vectors.t()
