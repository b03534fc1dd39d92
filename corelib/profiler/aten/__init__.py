"""What PyTorch calls what runs here: the names that profiles and counters of operations show, and the steps inside them."""
