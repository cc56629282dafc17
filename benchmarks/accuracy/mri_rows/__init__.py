"""Rows of the accuracy benchmark of reconstruction, one module a kind of case."""
