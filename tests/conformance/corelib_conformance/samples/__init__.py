"""The samples, one family of ops a file; importing a family declares its ops."""

from . import (
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

FAMILIES = (creation, indexing, linear_algebra, margins, more_products, neural, pointwise, products, reductions, sampling, shapes, spatial, special, statistics, views)
