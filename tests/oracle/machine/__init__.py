"""What programs read of the machine, of devices that are not there, and of how PyTorch was built."""
