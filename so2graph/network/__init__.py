"""Answers questions about how the things in the graph hang together."""
