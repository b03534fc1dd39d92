"""What a tensor is: its types, text, promotion and random numbers."""
