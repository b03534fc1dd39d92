"""Special functions: Bessel's of the second kind and Airy's, orthogonal polynomials, incomplete gamma functions."""
