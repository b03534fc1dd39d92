"""Modules that have another place since 0.1: their old paths go on working for one release, with a warning, for plugins and pickles."""

from __future__ import annotations

from functools import cache

# Old module: the modules that have its names now, all below `corelib`.
_TABLE = """
autograd.anomaly: graph.anomaly
autograd.compiled: graph.compiled
autograd.hooks: graph.hooks graph.handles
autograd.inference: dispatcher.inference
autograd.inplace: graph.inplace graph.edges
autograd.leaf: graph.leaf
autograd.node: graph.node graph.recording graph.edges graph.anomaly
backend.allocator: contract.allocator
backend.base: contract.backend contract.kernels
backend.codegen.attention: backend.codegen.kernels.attention
backend.codegen.fused: backend.codegen.kernels.fused
backend.codegen.indexing: backend.codegen.kernels.indexing
backend.codegen.losses: backend.codegen.kernels.losses
backend.codegen.matmul: backend.codegen.kernels.matmul
backend.codegen.ordering: backend.codegen.kernels.ordering
backend.codegen.random: backend.codegen.kernels.random
backend.codegen.reductions: backend.codegen.kernels.reductions
backend.codegen.steps: backend.codegen.kernels.steps
backend.codegen.windows: backend.codegen.kernels.windows
backend.meta: contract.meta
dispatcher.accelerator: devices dispatcher.streams
dispatcher.call: dispatcher.calls.call dispatcher.calls.outs tensor.dtype
dispatcher.checks: dispatcher.plugins.checks
dispatcher.discovery: dispatcher.plugins.discovery
dispatcher.elementwise: dispatcher.calls.elementwise
dispatcher.entries: dispatcher.calls.entries dispatcher.namespaces
dispatcher.fallback: dispatcher.calls.fallback
dispatcher.hookspecs: dispatcher.plugins.hookspecs
dispatcher.inplace: dispatcher.calls.inplace
dispatcher.keys: tensor.keys
dispatcher.loaded: dispatcher.plugins.loaded
dispatcher.outs: dispatcher.calls.outs
dispatcher.packs: dispatcher.plugins.packs
dispatcher.paths: dispatcher.calls.paths
dispatcher.primitive: dispatcher.calls.primitive
dispatcher.registration: dispatcher.plugins.registration
nn.activation: nn.modules.activation
nn.containers: nn.modules.container
nn.conv: nn.modules.conv
nn.conversion: nn.modules._conversion
nn.distance: nn.modules.distance
nn.dropout: nn.modules.dropout
nn.flatten: nn.modules.flatten
nn.fold: nn.modules.fold nn.modules.pooling
nn.lazy: nn.modules.batchnorm nn.modules.conv nn.modules.instancenorm nn.modules.lazy nn.modules.linear
nn.linear: nn.modules.linear
nn.loss: nn.modules.loss
nn.margin_losses: nn.modules.distance nn.modules.loss
nn.module: nn.modules.module
nn.multihead: nn.modules.activation
nn.normalization: nn.modules.batchnorm nn.modules.instancenorm nn.modules.normalization
nn.padding: nn.modules.padding
nn.parameter_containers: nn.modules.container
nn.pixelshuffle: nn.modules.channelshuffle nn.modules.normalization nn.modules.pixelshuffle
nn.pooling: nn.modules.pooling
nn.rectifier: nn.modules.activation
nn.recurrent: nn.modules.rnn
nn.recurrent_cells: nn.modules.rnn
nn.sequence_losses: nn.modules.adaptive nn.modules.loss
nn.sizes: nn._arguments
nn.softmax: nn.modules.activation
nn.sparse: nn.modules.sparse
nn.state_dict: nn.modules._state_dict
nn.transformer: nn.modules.transformer
nn.uninitialized: nn.parameter
nn.unpooling: nn.modules.pooling
nn.upsampling: nn.modules.upsampling
ops.activation: ops.neural.activation
ops.arithmetic: ops.elementwise.arithmetic
ops.attention: ops.neural.attention
ops.bessel: ops.elementwise.bessel
ops.closeness: ops.reduction.closeness
ops.combinations: ops.shape.combinations
ops.complex_numbers: ops.complex.complex_numbers
ops.convolution: ops.spatial.convolution
ops.copying: ops.conversion.copying
ops.creation: ops.construction.creation
ops.ctc: ops.losses.ctc
ops.decompositions: ops.linalg.decompositions
ops.diagonals: ops.shape.diagonals
ops.differences: ops.reduction.differences
ops.distances: ops.products.distances
ops.drawing: ops.random.drawing
ops.dropout: ops.neural.dropout
ops.einsum: ops.products.einsum
ops.embedding: ops.neural.embedding
ops.embedding_bags: ops.neural.embedding_bags
ops.error_functions: ops.elementwise.error_functions
ops.exponential: ops.elementwise.exponential
ops.factorizations: ops.linalg.factorizations
ops.floating_point: ops.elementwise.floating_point
ops.folding: ops.spatial.folding
ops.fourier: ops.spectral.fourier
ops.gamma: ops.elementwise.gamma
ops.gathering: ops.indexing.gathering
ops.grids: ops.spatial.grids
ops.integers: ops.elementwise.integers
ops.interpolation: ops.spatial.interpolation
ops.joining: ops.shape.joining
ops.linear: ops.products.linear
ops.linear_losses: nn.linear_losses
ops.linear_systems: ops.linalg.linear_systems
ops.margins: ops.losses.margins
ops.matrix_norms: ops.linalg.matrix_norms
ops.more_products: ops.products.more_products
ops.multihead: ops.neural.multihead
ops.normalization: ops.neural.normalization
ops.optim_steps: ops.neural.optim_steps
ops.order_statistics: ops.ordering.order_statistics
ops.padding: ops.spatial.padding
ops.permutation: ops.shape.permutation
ops.pinning: ops.conversion.pinning
ops.pixels: ops.spatial.pixels
ops.placing: ops.indexing.placing
ops.pooling: ops.spatial.pooling
ops.predicates: ops.elementwise.predicates
ops.rectified: ops.neural.rectified
ops.recurrent: ops.neural.recurrent
ops.reductions: ops.reduction.reductions
ops.rounding: ops.elementwise.rounding
ops.rows: ops.indexing.rows
ops.scans: ops.reduction.scans
ops.scatter_reduction: ops.indexing.scatter_reduction
ops.scattering: ops.indexing.scattering
ops.searching: ops.ordering.searching
ops.selection: ops.indexing.selection
ops.shapes: ops.shape.shapes
ops.slicing: ops.shape.slicing
ops.sorting: ops.ordering.sorting
ops.spectrograms: ops.spectral.spectrograms
ops.statistics: ops.reduction.statistics
ops.torch_forms: ops.neural.torch_forms
ops.trigonometric: ops.elementwise.trigonometric
ops.unary: ops.elementwise.unary
ops.unpooling: ops.spatial.unpooling
ops.view_copies: ops.shape.view_copies
ops.views: ops.shape.views
ops.where: ops.elementwise.where
ops.windows: ops.spectral.windows
tensor.construct: ops.construction.construct ops.conversion.interchange
tensor.generator: ops.random.generator
tensor.indexing: ops.indexing.subscript
tensor.interchange: ops.conversion.interchange
tensor.legacy: ops.construction.legacy
tensor.mt19937: ops.random.mt19937
tensor.philox: ops.random.philox
tensor.precision: dispatcher.precision
tensor.printing: ops.conversion.printing
tensor.sampling: ops.random.sampling
"""


@cache
def moved() -> dict[str, str]:
    """The table as a dictionary, made when it is first asked for."""
    return dict(line.split(": ", 1) for line in _TABLE.strip().splitlines())
