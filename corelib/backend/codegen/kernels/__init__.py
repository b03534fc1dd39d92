"""Generated kernels by family: what an op is computed by where its body, traced, would not be quick."""
