"""What a tensor is: storage, dtype, device, layout, size, strides, dispatch key. It computes nothing."""
