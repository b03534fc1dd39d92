"""The cuda backend: what can be seen without a GPU, its kernels executed on a processor, and what needs a GPU."""
