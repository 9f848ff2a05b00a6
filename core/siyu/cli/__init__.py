"""The command ``siyu``: one file per subcommand, imported when it is called."""

from __future__ import annotations

from siyu.cli.main import main

__all__ = ["main"]
