"""Devices other than the CPU: the samples of ops, run there."""
