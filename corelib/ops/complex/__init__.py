"""Complex numbers: their parts, and what ops with real results do to them."""
