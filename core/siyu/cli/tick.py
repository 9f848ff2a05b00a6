"""``siyu tick``."""

from __future__ import annotations

from pathlib import Path

import click

from siyu.cli.options import as_json, folder, moment, progress, stoppable, with_environment, with_json

__all__ = ["tick"]


@click.command()
@folder
@moment
@with_environment
@with_json
def tick(folder: Path, now: str | None, environment: str | None, *, machine: bool) -> None:
    """Do the pass for members of whom something new is known since the last run or tick."""
    import siyu
    from siyu.cli import show

    with siyu.open(folder, environment=environment) as brand, stoppable(brand), progress(quiet=machine):
        done = brand.tick(now=now)
    if machine:
        as_json(show.plain(done))
    else:
        show.outcome(brand, done, intro="What passed the gate, is held or suppressed, and why")
