"""Runs the commands as `python -m so2graph`."""

from so2graph.cli import main

if __name__ == "__main__":
    main(prog_name="so2graph")
