"""Products of vectors and matrices, distances, and the linear map."""
