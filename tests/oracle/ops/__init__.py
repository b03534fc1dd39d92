"""Functions and methods of tensors: values, derivatives, signatures and refusals."""
