"""Programs as graphs, which corelib does not make yet: what programs say to PyTorch's compilers, answered by running them as they are.

`jit` is torch.jit, `compiler` torch.compiler with `compile` and torch._dynamo, `onnx` torch.onnx; what would need a graph refuses.
"""
