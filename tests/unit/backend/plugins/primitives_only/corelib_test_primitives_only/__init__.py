"""Four device types with the same kernels, the primitives: `bare` and three variants that promise less."""
