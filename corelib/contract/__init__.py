"""The contract of backends: what a plugin fills in, the allocator over it, and the meta device.

Authors import it from `corelib.backend`.
"""
