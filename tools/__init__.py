"""Commands for whoever works on corelib: stubs, manual pages, the kernel contract, the picture of the house, and counts. None is installed."""
