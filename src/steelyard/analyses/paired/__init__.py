"""Models on the same rows: which is better, by how much, and where."""
