"""Every op against PyTorch on the CPU: values, dtypes, shapes, strides, gradients and exceptions."""
