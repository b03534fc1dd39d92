"""The samples, one family of ops a file; importing a family declares its ops."""

from . import (
    complex_numbers,
    creation,
    indexing,
    linear_algebra,
    margins,
    more_products,
    neural,
    pointwise,
    products,
    reductions,
    sampling,
    shapes,
    spatial,
    special,
    statistics,
    views,
)

FAMILIES = (complex_numbers, creation, indexing, linear_algebra, margins, more_products, neural, pointwise, products, reductions, sampling, shapes, spatial, special, statistics, views)
