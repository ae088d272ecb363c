"""Serves the dataset over HTTP; the only package that knows Flask."""
