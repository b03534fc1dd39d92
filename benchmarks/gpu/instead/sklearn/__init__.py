"""As much of scikit-learn as corelib's training checks use, where that is not installed: pictures of digits, drawn and not real."""
