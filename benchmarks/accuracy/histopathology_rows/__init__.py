"""Rows of the benchmark of shapes and organs."""
