"""The same expression evaluated with corelib and with torch, and how what they make is compared."""

from __future__ import annotations

import numpy as np
import torch

import corelib


def evaluate(expression, library, **names):
    import collections

    return eval(expression, {"nn": library.nn, "torch": library, "collections": collections, **names})


def made_after_seed(expression, seed=7, **names):
    made = []
    for library in (corelib, torch):
        library.manual_seed(seed)
        made.append(evaluate(expression, library, **names))
    return made


def inputs_for(shapes, dtype=np.float32):
    rng = np.random.default_rng(3)
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    ours = [corelib.from_numpy(array.copy()).requires_grad_() for array in arrays]
    theirs = [torch.from_numpy(array.copy()).requires_grad_() for array in arrays]
    return ours, theirs


def as_array(tensor):
    return tensor.detach().cpu().numpy()


def assert_close(ours, theirs, what, rtol=2e-5, atol=2e-6):
    assert str(ours.dtype) == str(theirs.dtype), what
    assert tuple(ours.shape) == tuple(theirs.shape), what
    np.testing.assert_allclose(as_array(ours), as_array(theirs), rtol=rtol, atol=atol, err_msg=what)


def assert_same_state(ours, theirs):
    ours, theirs = ours.state_dict(), theirs.state_dict()
    assert list(ours) == list(theirs)
    assert ours._metadata == theirs._metadata
    for name in theirs:
        assert_close(ours[name], theirs[name], name, rtol=1e-5, atol=1e-6)
