"""What PyTorch's C++ library is needed for. Each name refuses, and says what to do instead."""
