"""torch.nn.utils: clipping of gradients, parameters as one vector, parametrizations, pruning, norms of weights, fusion."""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.nn.utils import parametrizations as parametrizations
from corelib.nn.utils import parametrize as parametrize
from corelib.nn.utils import prune as prune
from corelib.nn.utils import rnn as rnn
from corelib.nn.utils import stateless as stateless
from corelib.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from corelib.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters
from corelib.nn.utils.fusion import fuse_conv_bn_eval, fuse_conv_bn_weights, fuse_linear_bn_eval, fuse_linear_bn_weights
from corelib.nn.utils.init import skip_init
from corelib.nn.utils.memory_format import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format
from corelib.nn.utils.spectral_norm import remove_spectral_norm, spectral_norm
from corelib.nn.utils.weight_norm import remove_weight_norm, weight_norm

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "convert_conv2d_weight_memory_format",
    "convert_conv3d_weight_memory_format",
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "prune",
    "remove_spectral_norm",
    "remove_weight_norm",
    "rnn",
    "skip_init",
    "spectral_norm",
    "stateless",
    "vector_to_parameters",
    "weight_norm",
]

_paths_below(__name__)
