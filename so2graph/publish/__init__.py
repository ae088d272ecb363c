"""Turns the catalogue into a checked generation, and a generation into files."""
