"""The command line: read the options, call one function, print the paths or one message.

What a command needs is imported when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

from hokkaido_gis.cli.program import cli, main, run

__all__ = ["cli", "main", "run"]
