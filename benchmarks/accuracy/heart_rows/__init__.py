"""Rows of the heart benchmark, one module a data set."""
