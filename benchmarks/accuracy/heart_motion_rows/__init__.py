"""Rows of the benchmark of the heart in motion."""
