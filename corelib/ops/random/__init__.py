"""Random numbers: generators, their two algorithms, and the tensors drawn from them."""
