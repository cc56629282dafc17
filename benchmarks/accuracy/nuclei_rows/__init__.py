"""Rows of the benchmark of nuclei."""
