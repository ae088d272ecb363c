"""Measures what a user waits for; run with `make bench`."""
