"""What programs read of the machine, of how PyTorch was built, and of the modules that it keeps to itself and libraries read all the same."""
