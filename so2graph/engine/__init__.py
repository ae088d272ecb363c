"""Keeps generations of the dataset and answers queries on them."""
