"""Two backends whose modules cannot be imported."""
