"""Linking with external data: from records of two sides to decisions that explain themselves."""
