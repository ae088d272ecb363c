"""so2graph: networks of organisations as linked data, with the certainty of every statement."""

__version__ = "0.1.0"
