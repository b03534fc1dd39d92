"""Order: sorting, the largest of all, quantiles, places in sorted sequences."""
