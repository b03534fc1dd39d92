"""The samples, one family of ops a file; importing a family declares its ops."""

from . import creation, indexing, neural, pointwise, products, reductions, shapes, special, statistics, views

FAMILIES = (creation, indexing, neural, pointwise, products, reductions, shapes, special, statistics, views)
