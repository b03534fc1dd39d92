"""The samples, one family of ops a file; importing a family declares its ops.

The order counts: it is that of the suite's cases, and a family may add samples to the ops of an earlier one.
"""

from .elementwise import complex_numbers
from .shape import creation, indexing
from .products import linear_algebra
from .neural import activations, convolutions, pools, norms, embeddings, padding, attention, losses, margins, native_forms
from .products import matrix_products, more_products
from .elementwise import pointwise
from .reduction import reductions
from .neural import sampling
from .shape import shapes
from .neural import spatial
from .elementwise import special, special_functions
from .reduction import statistics
from .shape import views

FAMILIES = (
    complex_numbers, creation, indexing, linear_algebra, activations, convolutions, pools, norms, embeddings, padding, attention, losses, margins, native_forms, matrix_products,
    more_products, pointwise, reductions, sampling, shapes, spatial, special, special_functions, statistics, views,
)
